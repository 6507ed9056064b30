"""Other people's clients sign people in by a running Yinxin: Authlib, npm's openid-client, Debian's Apache mod_auth_openidc.

What they run is what docs/connect.md tells a department to type.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.judges.clients.conftest import NODE
from tests.judges.installation import Installation, Person, Site, free_ports, wait
from yinxin.lint import judge
from yinxin.lint.provider import CLIENT, Standing
from yinxin.lint.provider import SECRET as LINT_SECRET

pytestmark = pytest.mark.slow


def _access_token(person: Person) -> str:
    """The token as the application behind Apache sees it."""
    found = re.search(r"OIDC_access_token=(\S+)", person.page.text)
    assert found, person.page.text[:500]
    return found[1]


# -- Authlib


def signs_out_elsewhere(yinxin: Installation, site: Site, person: Person) -> None:
    """The person signs out at the provider; the site is told of it and asks for a sign-in."""
    person.open(f"{yinxin.issuer}/oidc/logout")
    person.submit(action="/oidc/logout/confirmed")

    def told() -> bool:
        person.open(f"{site.base}/")
        return person.path == "/login"

    wait(told, yinxin.folder / "log")


def test_authlib_signs_in_and_out_and_is_told(
    yinxin: Installation, sites: dict[str, Site], flask: None, person: Person, known: str
) -> None:
    site = sites["flask"]
    person.open(f"{site.base}/")
    person.goes_on(known)
    assert person.is_at_site(site), person.page.text[:500]
    assert "Signed in: " in person.page.text
    person.open(f"{site.base}/sign-out")
    assert person.path == "/login", person.where
    person.goes_on(known)
    assert "Signed in: " in person.page.text
    signs_out_elsewhere(yinxin, site, person)


# -- openid-client


def test_openid_client_signs_in_renews_and_signs_out(
    yinxin: Installation, sites: dict[str, Site], node: None, person: Person, known: str
) -> None:
    site = sites["node"]
    person.open(f"{site.base}/")
    person.goes_on(known)
    assert person.is_at_site(site), person.where
    assert "Signed in: " in person.page.text
    assert "at urn:yinxin:loa:1" in person.page.text
    signed_in = person.page.text
    person.open(f"{site.base}/renew")
    assert person.page.text == signed_in
    person.open(f"{site.base}/sign-in")  # single sign-on: no page stands between
    assert person.is_at_site(site)
    assert person.page.text == signed_in
    person.open(f"{site.base}/sign-out")  # and back at the front page, which asks for a sign-in
    assert person.path == "/login", person.where


def test_openid_client_is_told_when_somebody_signs_out_elsewhere(
    yinxin: Installation, sites: dict[str, Site], node: None, person: Person, known: str
) -> None:
    site = sites["node"]
    person.open(f"{site.base}/")
    person.goes_on(known)
    assert "Signed in: " in person.page.text
    signs_out_elsewhere(yinxin, site, person)


def test_the_node_site_of_the_page_believes_no_grave_lie(node: None, tmp_path: Path) -> None:
    """It found that openid-client checks no signatures of ID tokens unless it is asked to."""
    with Standing(0, "RS256") as liar:
        site = Site("node", free_ports(1)[0])
        given = {"PATH": os.environ["PATH"], "ISSUER": liar.issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": LINT_SECRET}
        given |= {"BASE": site.base, "PORT": str(site.port)}
        with (tmp_path / "log").open("wb") as log:
            run = subprocess.Popen(["node", "site.mjs"], cwd=NODE, env=given, stdout=log, stderr=log)
            try:
                wait(lambda: b"ready" in (tmp_path / "log").read_bytes(), tmp_path / "log")
                report = judge.judge(judge.Site(f"{site.base}/", "Signed in"), liar)
            finally:
                run.terminate()
                run.wait(10)
    assert not report.grave, [one.fault.name for one in report.verdicts if one.fell]
    assert report.lacks == ()


def test_openid_client_under_the_fapi_profile(
    yinxin: Installation, sites: dict[str, Site], node: None, person: Person, known: str
) -> None:
    site = sites["fapi"]
    person.open(f"{site.base}/sign-in")
    person.goes_on(known)
    assert person.is_at_site(site, "/callback"), person.page.text[:500]
    first = person.page.json()
    assert first.get("type") == "dpop", first
    assert first["refresh"]
    renewed = person.open(f"{site.base}/renew").json()
    assert renewed == {"type": "dpop", "sub": first["sub"]}
    unbound = person.open(f"{site.base}/unbound").json()
    assert unbound["status"] == 401
    assert "DPoP" in unbound["says"]


# -- Apache


def test_apache_signs_in_and_out(
    yinxin: Installation, sites: dict[str, Site], apache: Path, person: Person, known: str
) -> None:
    site = sites["apache"]
    person.open(f"{site.base}/protected/")
    person.goes_on(known)
    assert person.is_at_site(site, "/protected/"), person.page.text[:300] + apache.read_text()[-1500:]
    assert "OIDC_CLAIM_acr=urn:yinxin:loa:1" in person.page.text
    token = _access_token(person)
    person.open(f"{site.base}/protected/callback?refresh={site.base}/protected/&access_token={token}")
    assert person.is_at_site(site, "/protected/"), person.where
    assert _access_token(person) != token
    person.open(f"{site.base}/protected/callback?logout={site.base}/")
    assert person.page.text == "front", person.where
    person.open(f"{site.base}/protected/")
    assert person.path == "/login", person.where


def test_apache_is_told_when_somebody_signs_out_elsewhere(
    yinxin: Installation, sites: dict[str, Site], apache: Path, person: Person, known: str
) -> None:
    site = sites["apache"]
    person.open(f"{site.base}/protected/")
    person.goes_on(known)
    assert person.is_at_site(site, "/protected/"), apache.read_text()[-1500:]
    person.open(f"{yinxin.issuer}/oidc/logout")
    person.submit(action="/oidc/logout/confirmed")

    def told() -> bool:
        person.open(f"{site.base}/protected/")
        return person.path == "/login"

    wait(told, yinxin.folder / "log")
