"""A revocation is seen at every door of verification within 60 s, also by processes that had just answered *valid*."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from certs.model import Reason as Cause
from hub import clock
from hub.house import House, open_house
from seals import lifecycle
from tests.verification.desk import Desk, open_desk
from tests.verification.test_cli import site
from verification.answer import verify
from verification.collect import collect
from verification.model import Reason
from verification.trust import Trust
from yinxin.verify import verify as verify_offline

MINUTE = timedelta(seconds=60)


@pytest.fixture
def desk(house_on: House, now: datetime) -> Desk:
    return open_desk(house_on, now)


def test_a_revoked_seal(desk: Desk, tmp_path: Path) -> None:
    house, folder = desk.house, tmp_path / "trust"
    file = desk.file(desk.issue("one"))
    other = open_house(house.settings)  # another process: it has its own memory

    def answers(at: datetime) -> set[Reason]:
        collect(site(desk), house.settings.verify_url, folder, at)
        offline = verify_offline(file, Trust.load(folder, at), at).reason
        return {verify(each, file=file, now=at).reason for each in (house, other)} | {offline}

    try:
        with clock.shifted(3600):
            now = clock.now()
            assert answers(now) == {Reason.valid}
            cause, since = Cause.key_compromise, now - timedelta(hours=2)
            lifecycle.cancel(house, desk.seal.id, cause=cause, reason="x", by="test", now=now, invalid_from=since)
        with clock.shifted(3600 + MINUTE.total_seconds()):
            assert answers(now + MINUTE) == {Reason.seal_revoked}
    finally:
        other.close()
