"""Each number that is reserved is counted, and how it ended."""

import pytest

from licenses.model import GlyphMissing
from tests.licenses.conftest import Department


def counted(department: Department) -> dict[str, int]:
    """The steps of issuing that were counted."""
    department.house.tally.flush()
    return {name.removeprefix("step issue "): number for name, number in department.house.tally.waiting().items()}


def test_a_license_is_intended_and_issued(department: Department) -> None:
    department.issue()
    assert counted(department) == {"intended none program": 1, "issued none program": 1}


def test_a_number_that_ends_without_a_license_is_voided(department: Department) -> None:
    with pytest.raises(GlyphMissing):
        department.issue(domicile="栖云市𰀀路")
    assert counted(department) == {"intended none program": 1, "voided none program": 1}
