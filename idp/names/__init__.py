"""Names: kept exactly as given, compared by a match key.

The rules are those of 民委发〔2016〕33号 (one separator, U+00B7) and GB 18030 (every character of it), and one of our own: a name
is one field, never cut into family name and given name.
"""

from idp.names.intake import LENGTH, CharacterMissing, NameWrong, PrivateCharacter, given, mended
from idp.names.key import match_key, organization_key, same
from idp.names.private import PRIVATE
from idp.names.signs import LOOK_ALIKES, SEPARATOR

__all__ = [
    "LENGTH",
    "LOOK_ALIKES",
    "PRIVATE",
    "SEPARATOR",
    "CharacterMissing",
    "NameWrong",
    "PrivateCharacter",
    "given",
    "match_key",
    "mended",
    "organization_key",
    "same",
]
