"""What may not stand in any file: real people's numbers, addresses of registries, traces of one machine."""

import re
from collections.abc import Iterator
from pathlib import Path

from stdnum import numdb
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from tests.house import source

CITIZEN = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")
UNIFIED = re.compile(r"(?<![0-9A-Za-z])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Za-z])")
# Residence permits of Hong Kong, Macao and Taiwan residents with a birth date in 1900: nobody's.
FICTIONAL = {"810000190001010018", "820000190001010028", "830000190001010038"}
BINARY = {".pdf", ".png", ".wasm", ".otf", ".ttf", ".mjpeg"}
REGIONS = numdb.get("cn/loc")
# Written in two parts, so that this file does not hold what it looks for.
FOREIGN = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "python" + r"hosted\.org",
            "registry" + r"\.npmjs",
            "repo1?" + r"\.maven",
            "maven" + r"\.org",
            "crates" + r"\.io",
            "proxy" + r"\.golang",
            "deb" + r"\.debian",
            r"(?<![\w.])/" + r"(?:work|root|farm|home)/[a-z.]",
            r"/opt" + "/wheels",
            r"(?<![\w.])/tmp" + r"/[a-z]",
        ]
    )
)


def texts() -> Iterator[tuple[Path, str]]:
    """Every file as text; bytes that are none are kept as they are."""
    for path in source.files():
        yield path, path.read_bytes().decode("utf-8", "replace")


def assigned(region: str) -> bool:
    """Say whether a region code is one of a real place."""
    found = REGIONS.info(region)
    return bool(found and found[0][1])


def is_real(number: str) -> bool:
    """Say whether a citizen's number could be a real person's: check digit right, region assigned."""
    try:
        return ric.validate(number.upper()) not in FICTIONAL and assigned(number[:6])
    except ValidationError:
        return False


def is_real_code(code: str) -> bool:
    """Say whether a unified code could be a real organisation's."""
    try:
        return assigned(uscc.validate(code)[2:8])
    except ValidationError:
        return False


def test_no_number_of_a_person_who_could_exist() -> None:
    found = {(source.relative(path), number) for path, text in texts() for number in CITIZEN.findall(text)}
    assert not sorted(one for one in found if is_real(one[1]))


def test_no_code_of_an_organisation_that_could_exist() -> None:
    found = {(source.relative(path), code) for path, text in texts() for code in UNIFIED.findall(text)}
    assert not sorted(one for one in found if is_real_code(one[1]))


def test_the_search_finds_what_it_looks_for() -> None:
    """A made-up number in an assigned region, put together here so that it stands nowhere."""
    person = "110101" + "190001010"
    real = [person + f"{last:02d}" + check for last in range(20) for check in "0123456789X"]
    assert any(is_real(number) for number in real)
    assert not is_real("880101198503120015")
    assert any(is_real_code("91110000" + "000000000" + check) for check in "0123456789ABCDEFGHJKLMNPQRTUWXY")
    assert not is_real_code("91880101DEM000081U")


def test_no_file_names_a_registry_or_a_machine() -> None:
    """Packages come from wherever a machine is set up to take them; the project knows no folder outside itself."""
    found = [
        (source.relative(path), text.count("\n", 0, match.start()) + 1, match.group())
        for path, text in texts()
        if path.suffix not in BINARY and path.name != "axe.min.js"
        for match in FOREIGN.finditer(text)
    ]
    assert not found
