"""An operator has a file drafted from what a provider publishes, fills in the blanks, and is told what is still wrong."""

import re
import tomllib
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import clock
from hub.house import House
from idp import cli_upstream
from idp.model.flow import acr
from idp.model.upstream import Proof, UpstreamWrong, described
from idp.upstream import configured
from idp.upstream.draft import draft
from tests.idp.upstream import ISSUER, Province, lanhai

OTHER = {
    "issuer": "https://sso.haiwan.example/realms/citizens",
    "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "tls_client_auth"],
    "acr_values_supported": ["https://id.example/high", "silver"],
    "scopes_supported": ["openid", "profile", "email", "national_id"],
    "claims_supported": ["sub", "name", "national_id", "acr"],
}
FILLED = {"中文名称": "海湾省", "English name": "Haiwan", "地区": "海湾省", "region": "Haiwan", "our id there": "hub"}


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli_upstream.upstream, [str(word) for word in words])
    return result.exit_code, result.output


def filled(text: str, **more: str) -> str:
    for what, value in (FILLED | more).items():
        text = text.replace(f"<{what}>", value)
    return text


def test_a_file_for_another_make_holds_all_that_can_be_known(house: House, tmp_path: Path) -> None:
    text = draft(OTHER)
    (tmp_path / "s").write_text("s3cret")
    file = tmp_path / "haiwan.toml"
    file.write_text(filled(text, **{"file beside this one": "s"}), encoding="utf-8")
    (one,) = configured.load(house, file, by="test", now=clock.now())
    assert (one.id, one.issuer, one.proof, one.yinxin) == ("haiwan", OTHER["issuer"], Proof.basic, False)
    assert one.acr == {"https://id.example/high": 2, "silver": 2}
    assert one.number_claim == "national_id"
    assert one.scopes == ("openid", "profile", "national_id")
    assert "tls_client_auth" in text


@pytest.mark.parametrize("left", ["中文名称", "our id there", "file beside this one"])
def test_a_blank_that_is_left_is_named(house: House, tmp_path: Path, left: str) -> None:
    file = tmp_path / "haiwan.toml"
    (tmp_path / "s").write_text("s3cret")
    values = {"file beside this one": "s", left: f"<{left}>"}
    file.write_text(filled(draft(OTHER), **values), encoding="utf-8")
    with pytest.raises(UpstreamWrong, match=f"Fill in <{left}>"):
        configured.load(house, file, by="test", now=clock.now())


def test_the_way_of_an_operator(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draft, fill in, add: he reads what to register there, and what the provider answers."""
    monkeypatch.setattr(cli_upstream, "opened", lambda: nullcontext(house))
    province = Province(house, lanhai(id="first"))
    configured.end(house, "first", by="test", now=clock.now())
    province.document["acr_values_supported"] = [acr(level) for level in (1, 2, 3)]
    province.document["token_endpoint_auth_methods_supported"] = ["private_key_jwt", "client_secret_basic"]
    status, text = run("draft", f"{ISSUER}/")
    assert status == 0, text
    assert "yinxin = false" not in text
    file = tmp_path / "province.toml"
    file.write_text(text, encoding="utf-8")
    status, said = run("add", file)
    assert status == 1
    assert "Fill in <中文名称>" in said
    file.write_text(re.sub(r'id = "[a-z]*"', 'id = "first"', filled(text), count=1), encoding="utf-8")
    status, said = run("add", file)
    assert status == 0, said
    for part in (
        "/upstream/first/callback",
        "/upstream/jwks",
        "backchannel-logout",
        "frontchannel-logout",
        "1 keys",
        "ES256",
    ):
        assert part in said, part
    assert run("draft", "http://localhost:8099")[0] == 1  # nobody is there
    assert "among the allowed hosts" in run("draft", "https://id.elsewhere.example")[1]


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([name for name in OTHER if name != "issuer"] + ["other"]),
        st.one_of(st.none(), st.integers(), st.text(), st.lists(st.one_of(st.text(), st.integers()), max_size=5)),
    )
)
def test_whatever_a_provider_publishes_the_file_can_be_read(document: dict[str, object]) -> None:
    (table,) = tomllib.loads(draft(document | {"issuer": "https://id.example"}))["upstream"]
    with pytest.raises(UpstreamWrong):  # blanks are left
        described({name: value for name, value in table.items() if name != "secret_file"})
