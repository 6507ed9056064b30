"""A running installation, and the sites that docs/connect.md tells a department to write."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest
from joserfc.jwk import ECKey

from tests.house.source import ROOT
from tests.judges.installation import SECRET, Installation, Person, Site, free_ports, snippet, wait

HERE = Path(__file__).parent.parent
NODE = ROOT / ".cache/judges/node"
MODULES = Path("/usr/lib/apache2/modules")
KEY = ECKey.generate_key("P-256", parameters={"kid": "fapi-1", "alg": "ES256", "use": "sig"})
COMMON = """
[[client]]
id = "{id}"
name = "汐城市民政局"
name_en = "Xicheng civil affairs"
agency = "11870100DEM000065U"
place = "hub"
redirect_uris = ["{base}{callback}"]
post_logout_uris = ["{base}/"]
grant_types = ["authorization_code", "refresh_token"]
scopes = ["openid", "profile"]
"""


@pytest.fixture(scope="module")
def sites() -> dict[str, Site]:
    """Where the sites stand."""
    names = ("node", "fapi", "apache", "flask")
    return {name: Site(name, port) for name, port in zip(names, free_ports(4), strict=True)}


@pytest.fixture(scope="module")
def yinxin(sites: dict[str, Site], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that knows them. Its ID tokens are signed with RS256, as the standard has it for who names nothing."""

    def described(name: str, callback: str, logout: str) -> str:
        plain = COMMON.format(id=name, base=sites[name].base, callback=callback)
        return plain + (f'backchannel_logout_uri = "{sites[name].base}{logout}"\n' if logout else "")

    public = json.dumps(KEY.as_dict(private=False)).replace('": "', '" = "')
    secret = f'auth = "client_secret_basic"\nsecret = "{SECRET}"\n'
    text = described("node", "/callback", "/backchannel-logout") + secret
    text += described("flask", "/callback", "/backchannel-logout") + secret
    text += described("apache", "/protected/callback", "/protected/callback?logout=backchannel") + secret
    text += described("fapi", "/callback", "") + f'policy = "fapi2"\nauth = "private_key_jwt"\nkeys = [{public}]\n'
    allowed = [f"localhost:{site.port}" for site in sites.values()]
    made = Installation(tmp_path_factory.mktemp("yinxin"), text, allowed)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def node(yinxin: Installation, sites: dict[str, Site], tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The page's site and that of the FAPI profile, run by Node with the locked packages."""
    program, npm = shutil.which("node"), shutil.which("npm")
    assert program, "Node from 20 on is missing: run `deploy/setup.sh judges`"
    assert npm, "npm is missing: run `deploy/setup.sh judges`"
    _locked(npm)
    folder = tmp_path_factory.mktemp("node")
    (NODE / "site.mjs").write_text(snippet("js"), encoding="utf-8")
    shutil.copy(HERE / "node/fapi.mjs", NODE)
    with ExitStack() as stack:
        for name, script in (("node", "site.mjs"), ("fapi", "fapi.mjs")):
            given = {
                "PATH": os.environ["PATH"],
                "ISSUER": yinxin.issuer,
                "CLIENT_ID": name,
                "CLIENT_SECRET": SECRET,
                "PRIVATE_KEY": json.dumps(KEY.as_dict(private=True)),
                "BASE": sites[name].base,
                "PORT": str(sites[name].port),
            }
            log = stack.enter_context((folder / name).open("wb"))
            run = subprocess.Popen([program, script], cwd=NODE, env=given, stdout=log, stderr=log)
            stack.callback(run.wait, 10)
            stack.callback(run.terminate)
            wait(lambda name=name: b"ready" in (folder / name).read_bytes(), folder / name)  # type: ignore[misc]
        yield


@pytest.fixture(scope="module")
def flask(yinxin: Installation, sites: dict[str, Site], tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The page's Authlib site, run by Flask's own command."""
    folder, site = tmp_path_factory.mktemp("flask"), sites["flask"]
    (folder / "site_of_the_page.py").write_text(snippet("python"), encoding="utf-8")
    given = {
        "PATH": os.environ["PATH"],
        "ISSUER": yinxin.issuer,
        "CLIENT_ID": "flask",
        "CLIENT_SECRET": SECRET,
        "COOKIE_SECRET": "of-this-test",
        "AUTHLIB_INSECURE_TRANSPORT": "1",  # a try on one machine, without TLS
    }
    command = [sys.executable, "-m", "flask", "--app", "site_of_the_page", "run", "--port", str(site.port)]
    with (folder / "log").open("wb") as log:
        run = subprocess.Popen(command, cwd=folder, env=given, stdout=log, stderr=log)
        try:
            wait(lambda: httpx2.get(f"{site.base}/").status_code == 302, folder / "log")
            yield
        finally:
            run.terminate()
            run.wait(10)


@pytest.fixture(scope="module")
def apache(yinxin: Installation, sites: dict[str, Site]) -> Iterator[Path]:
    """Apache with the page's configuration; gives its log."""
    program = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    assert program, "Apache is missing: run `deploy/setup.sh judges`"
    assert (MODULES / "mod_auth_openidc.so").exists(), "mod_auth_openidc is missing: run `deploy/setup.sh judges`"
    site = sites["apache"]
    with TemporaryDirectory(
        prefix="yinxin-apache-"
    ) as made:  # not below pytest's own folder: as root Apache changes its user
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "www/protected").mkdir(parents=True)
        (folder / "www/index.html").write_text("front")
        (folder / "www/protected/index.shtml").write_text("<!--#printenv -->")
        (folder / "apache.conf").write_text(_configuration(folder, yinxin, site), encoding="utf-8")
        run = subprocess.Popen([program, "-f", str(folder / "apache.conf"), "-X"])
        try:
            wait(lambda: httpx2.get(f"{site.base}/").status_code == 200, folder / "log")
            yield folder / "log"
        finally:
            run.terminate()
            run.wait(10)


def _configuration(folder: Path, yinxin: Installation, site: Site) -> str:
    """A whole Apache of the least, around what the page tells one to write."""
    modules = "mpm_event authz_core authz_user authn_core dir include env mime auth_openidc"
    values = {"ISSUER": yinxin.issuer, "CLIENT_ID": "apache", "CLIENT_SECRET": SECRET, "BASE": site.base}
    lines = [
        *(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in modules.split()),
        *(f'Define {name} "{value}"' for name, value in (values | {"COOKIE_SECRET": "of-this-test"}).items()),
        f"ServerName localhost:{site.port}",
        f"Listen 127.0.0.1:{site.port}",
        f"PidFile {folder}/pid",
        f"ErrorLog {folder}/log",
        f"DefaultRuntimeDir {folder}",
        *(("User www-data", "Group www-data") if os.getuid() == 0 else ()),
        f"DocumentRoot {folder}/www",
        "TypesConfig /dev/null",
        "AddType text/html .html .shtml",
        "DirectoryIndex index.shtml index.html",
        f"<Directory {folder}/www>",
        "Options +Includes",
        "AddOutputFilter INCLUDES .shtml",
        "</Directory>",
        snippet("apache"),
    ]
    return "\n".join(lines)


@pytest.fixture
def person(yinxin: Installation, request: pytest.FixtureRequest) -> Person:
    """Somebody with an account and a signed-in browser."""
    return Person().registers(yinxin.issuer, _account(request))


@pytest.fixture
def known(request: pytest.FixtureRequest) -> str:
    """The name of that account."""
    return _account(request)


def _account(request: pytest.FixtureRequest) -> str:
    return f"jia.{request.node.name[-24:]}".replace("_", ".").lower()


def _locked(npm: str) -> None:
    """The packages of the lock, each checked by its digest."""
    NODE.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "node/package-lock.json").read_text()
    if (NODE / "ready").exists() and (NODE / "ready").read_text() == lock:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "node" / name, NODE)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"npm could not bring openid-client:\n{done.stderr[-3000:]}"
    (NODE / "ready").write_text(lock)
