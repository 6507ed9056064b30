"""The identifier of an e-license (GB/T 36904): `root.kind.issuer.serial.version.check`.

The check character covers the joined parts, so it cannot see a shifted dot: the form of each part is checked too.
"""

import re
from dataclasses import dataclass, replace
from typing import Self

from hub import numbers
from licenses.model import NotAnIdentifier

DIGITS = numbers.DIGITS
NATIONAL_ROOT = "1.2.156.3005.2"
TEST_ROOT = "2.999"  # ITU-T X.660: the arc for examples
BODY = r"[0-9A-HJ-NPQRTUWXY]{18}"  # a unified social credit code (GB 32100): no I, O, S, V, Z
FORMS = {
    "kind": re.compile(BODY + r"[0-9]{3}"),  # the authority that defined the kind, and its number there
    "issuer": re.compile(BODY + r"|[0-9]{6}"),  # some cities print their region code alone
    "serial": re.compile(r"[0-9A-Z]{1,32}"),
    "check": re.compile(r"[0-9A-Z]"),
}


@dataclass(frozen=True)
class Identifier:
    """One e-license, one version of it. A value of this type has been checked; `str` gives it with dots."""

    root: str
    kind: str
    issuer: str
    serial: str
    version: int
    check: str

    def __post_init__(self) -> None:
        if self.root not in (NATIONAL_ROOT, TEST_ROOT):
            raise NotAnIdentifier("%(root)s is not the root of e-license identifiers", root=self.root)
        for part, form in FORMS.items():
            if not form.fullmatch(getattr(self, part)):
                raise NotAnIdentifier("The part %(part)s has the wrong form", part=part)
        if not 1 <= self.version <= 999:
            raise NotAnIdentifier("The version runs from 001 to 999")
        if self.check != check_character(self._checked):
            raise NotAnIdentifier("The check character at the end is wrong")

    @classmethod
    def make(cls, kind: str, issuer: str, serial: str, *, version: int = 1, test_edition: bool) -> Self:
        """A new identifier with its check character."""
        check = check_character(f"{kind}{issuer}{serial}{version:03}")
        return cls(TEST_ROOT if test_edition else NATIONAL_ROOT, kind, issuer, serial, version, check)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one from its dotted form, strictly: no spaces, no lower case. Raises NotAnIdentifier."""
        parts = text.split(".")
        if len(parts) < 6 or not re.fullmatch("[0-9]{3}", parts[-2]):
            raise NotAnIdentifier("It has six parts with dots between them: root, kind, issuer, serial, version, check")
        kind, issuer, serial, version, check = parts[-5:]
        return cls(".".join(parts[:-5]), kind, issuer, serial, int(version), check)

    @property
    def joined(self) -> str:
        """Everything after the root without dots, as the code on the license carries it."""
        return self._checked + self.check

    @classmethod
    def unjoined(cls, text: str, *, test_edition: bool) -> Self:
        """Read the form of `joined`, in which the issuer has 18 characters. Raises NotAnIdentifier."""
        if not 44 <= len(text) <= 75 or not re.fullmatch("[0-9]{3}", text[-4:-1]):
            raise NotAnIdentifier("The joined form has 44 to 75 characters")
        root = TEST_ROOT if test_edition else NATIONAL_ROOT
        return cls(root, text[:21], text[21:39], text[39:-4], int(text[-4:-1]), text[-1])

    @property
    def test_edition(self) -> bool:
        """Whether it was given by a test edition and means nothing in law."""
        return self.root == TEST_ROOT

    def corrected(self) -> Self:
        """The identifier of the next version: a correction keeps the serial."""
        check = check_character(f"{self.kind}{self.issuer}{self.serial}{self.version + 1:03}")
        return replace(self, version=self.version + 1, check=check)

    def __str__(self) -> str:
        return f"{self.root}.{self.kind}.{self.issuer}.{self.serial}.{self.version:03}.{self.check}"

    @property
    def _checked(self) -> str:
        return f"{self.kind}{self.issuer}{self.serial}{self.version:03}"


def check_character(text: str) -> str:
    """The check character of ISO/IEC 7064 MOD 37,36 over characters of 0-9A-Z."""
    try:
        return numbers.check_character(text)
    except ValueError as error:
        raise NotAnIdentifier("Only digits and capital letters can be checked") from error
