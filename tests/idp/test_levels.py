"""The levels of assurance: one file, and the page, the published document, the docs and the code say the same."""

from pathlib import Path

from flask.testing import FlaskClient

from idp import levels
from idp.model.flow import LEVELS
from idp.model.person import Level
from idp.realname.means import ALL

ROOT = Path(__file__).resolve().parents[2]
OTHER = {"live", "network-id", "counter"}


def test_the_file_describes_the_levels_that_there_are() -> None:
    assert [one.number for one in levels.levels()] == list(LEVELS) == [int(level) for level in Level]


def test_every_means_of_proof_stands_at_a_level_and_no_other_does() -> None:
    assert {method for one in levels.levels() for method in one.methods} == set(ALL) | OTHER


def test_the_docs_show_the_same_table() -> None:
    page = (ROOT / "docs/identity/levels.md").read_text("utf-8")
    for one in levels.levels():
        cells = (one.number, f"`{one.acr}`", one.evidence, ", ".join(one.methods) or "-", one.guangdong)
        row = " | ".join(map(str, (*cells, one.eidas or "-", one.nist_ial or "-")))
        assert f"| {row} |" in page


def test_the_levels_are_published_for_people_and_programs(client: FlaskClient) -> None:
    told = client.get("/levels.json").get_json()
    assert [one["acr"] for one in told["levels"]] == client.get("/.well-known/openid-configuration").get_json()[
        "acr_values_supported"
    ]
    assert told["levels"][2]["mapping"] == {"guangdong": "四级", "eidas": "substantial", "nist_sp_800_63a_4": "IAL2"}
    assert told["mapping_is_official"] is False
    page = client.get("/levels", headers={"Accept-Language": "en"}).text
    assert "IAL3" in page
    assert levels.levels()[3].evidence in page
