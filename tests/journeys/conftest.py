"""What several journeys begin with: a demo in this process, and a citizen who acts for a company in it."""

from collections.abc import Iterator

import pytest

from tests.world import World, world
from yinxin.tour.browser import Browser
from yinxin.tour.story import Story


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[World]:
    """A demo in this process, on each of the two databases."""
    postgres = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    with world(tmp_path_factory.mktemp("world"), valkey_url, postgres=postgres) as running:
        yield running


@pytest.fixture(scope="module")
def merchant(made: World) -> Story:
    """A citizen who acts for a company that holds a business license."""
    story = Story(made.sites, Browser(), Browser(), made.officers)
    for step in (
        story.get_person,
        story.sign_in_at_a,
        story.open_wallet,
        story.claim_company,
        story.sign_in_as_company,
        story.company_is_issued,
    ):
        step()
    return story
