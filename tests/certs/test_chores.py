from datetime import datetime, timedelta

import pytest

from certs import chores, status, store
from certs.model import ISSUING, NoAuthority, Reason, profile
from certs.revoke import revoke
from hub.house import House
from tests.certs.conftest import in_office


def test_lists_are_published_and_signers_renewed_before_they_are_needed(house: House, now: datetime) -> None:
    late = now + timedelta(days=profile("ocsp-signer").days - 10)
    chores.keep_fresh(house, late)
    assert in_office(house, "ocsp-signer").key == "ocsp-2"
    with house.database.read() as db:
        published = [store.current_list(db, name) for name in ("root", ISSUING, "trust-list")]
    assert all(one is not None and one.since == late.replace(microsecond=0) for one in published)


def test_a_second_round_changes_nothing(house: House, now: datetime) -> None:
    chores.keep_fresh(house, now)
    before = status.crl(house, ISSUING, now)
    chores.keep_fresh(house, now + timedelta(minutes=10))
    assert status.crl(house, ISSUING, now + timedelta(minutes=10)) == before


@pytest.mark.parametrize("post", chores.ANSWERING)
def test_without_one_of_its_signers_the_trust_service_is_not_ready(house: House, now: datetime, post: str) -> None:
    chores.posted(house, now)
    revoke(house, in_office(house, post).serial, Reason.key_compromise, "test", now)
    with pytest.raises(NoAuthority):
        chores.posted(house, now)
