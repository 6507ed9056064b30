"""Apache in front of Yinxin asks programs for TLS certificates, as docs/identity/bound-tokens.md says (RFC 8705, RFC 9440)."""

import base64
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.house.source import ROOT
from tests.idp import test_mtls as made
from tests.judges.installation import Installation, free_ports, wait

pytestmark = [pytest.mark.system, pytest.mark.slow]
MODULES = Path("/usr/lib/apache2/modules")
ASK = {"grant_type": "client_credentials", "scope": "licenses:read"}
COMMON = """
policy = "fapi2"
name = "示例局"
name_en = "Example"
agency = "11880100DEM000049A"
place = "hub"
grant_types = ["client_credentials"]
scopes = ["licenses:read"]
"""


def _pem(folder: Path, name: str, der: bytes) -> Path:
    """A certificate with the key of these tests."""
    path = folder / f"{name}.pem"
    key = made.KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM) + key)
    return path


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A Yinxin behind Apache, and the folder with certificates."""
    program = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
    if program is None or not (MODULES / "mod_ssl.so").exists():
        pytest.skip("needs Debian's apache2 with mod_ssl")
    folder = tmp_path_factory.mktemp("mtls")
    (port,) = free_ports(1)
    jwk = made.jwk_with(made.OWN, by="x5c")
    keys = ", ".join(f'"{name}" = {value!r}'.replace("'", '"') for name, value in jwk.items())
    described = f"""
[[client]]
id = "named"
auth = "tls_client_auth"
tls_client_auth_subject_dn = "{made.SUBJECT}"
{COMMON}
[[client]]
id = "own"
auth = "self_signed_tls_client_auth"
keys = [{{{keys}}}]
{COMMON}"""
    (folder / "cas.pem").write_bytes(x509.load_der_x509_certificate(made.CA).public_bytes(serialization.Encoding.PEM))
    for name in ("ISSUED", "OWN", "FORGED"):
        _pem(folder, name, getattr(made, name))
    site = made.certificate(subject="CN=localhost", issuer="CN=localhost", sans=[x509.DNSName("localhost")])
    address = f"https://localhost:{port}"
    settings = {"MTLS_URL": address, "MTLS_CA": str(folder / "cas.pem"), "BEHIND_PROXY": "true"}
    environment: dict[str, str] = {f"YINXIN_{name}": value for name, value in settings.items()}
    yinxin = Installation(folder, described, [], **environment)
    page = (ROOT / "docs/identity/bound-tokens.md").read_text("utf-8")
    (snippet,) = re.findall(r"^```apache\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    modules = "\n".join(
        f"LoadModule {name}_module {MODULES}/mod_{name}.so"
        for name in ("mpm_event", "authz_core", "headers", "ssl", "socache_shmcb", "proxy", "proxy_http")
        if (MODULES / f"mod_{name}.so").exists()
    )
    (folder / "apache.conf").write_text(
        f"""
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
{modules}
SSLEngine on
SSLCertificateFile {_pem(folder, "site", site)}
{snippet}
ProxyPass / http://127.0.0.1:{yinxin.environment["YINXIN_PORT"]}/
""",
        encoding="utf-8",
    )
    run = subprocess.Popen([program, "-f", str(folder / "apache.conf"), "-X"])
    try:
        wait(lambda: called((address, folder), "", "/readyz").status_code == 200, folder / "error.log")
        yield address, folder
    finally:
        run.terminate()
        run.wait(20)
        yinxin.stop()


def called(
    behind: tuple[str, Path],
    certificate: str,
    path: str = "/oidc/token",
    *,
    client: str = "",
    headers: dict[str, str] | None = None,
) -> httpx2.Response:
    """A call by TLS, with this certificate or none."""
    address, folder = behind
    context = ssl.create_default_context(cafile=folder / "site.pem")
    if certificate:
        context.load_cert_chain(folder / f"{certificate}.pem")
    with httpx2.Client(verify=context, trust_env=False, headers=headers) as program:
        return program.post(address + path, data=ASK | {"client_id": client}) if client else program.get(address + path)


def test_a_certificate_proves_a_service_through_a_real_proxy(behind: tuple[str, Path]) -> None:
    assert called(behind, "ISSUED", client="named").status_code == 200
    assert called(behind, "OWN", client="own").status_code == 200
    others = [("FORGED", "named"), ("OWN", "named"), ("", "named"), ("ISSUED", "own"), ("", "own")]
    assert [called(behind, shown, client=client).status_code for shown, client in others] == [401] * len(others)


def test_the_proxy_removes_a_header_that_comes_from_outside(behind: tuple[str, Path]) -> None:
    forged = {"Client-Cert": f":{base64.b64encode(made.ISSUED).decode()}:"}
    assert called(behind, "", client="named", headers=forged).status_code == 401
    assert called(behind, "OWN", client="named", headers=forged).status_code == 401


def test_a_token_is_good_with_its_certificate_only(behind: tuple[str, Path]) -> None:
    token = called(behind, "ISSUED", client="named").json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    shown = [called(behind, one, "/api/test-resource", headers=bearer).status_code for one in ("ISSUED", "OWN", "")]
    assert shown == [200, 401, 401]
