"""What a person agreed to tell a service."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from idp.model.claims import told_by

API = "api:"  # before the id of a service whose API may be called in the person's name (RFC 8707)
TEXT_VERSION = 2  # of the consent page (idp/consent/texts); a person is asked again when what it says changes


@dataclass(frozen=True)
class Consent:
    """A person's standing agreement with one client."""

    person: str
    client: str
    scopes: frozenset[str]
    at: datetime
    text_version: int = TEXT_VERSION

    def covers(self, scopes: Iterable[str]) -> bool:
        """True if nothing beyond the agreement is asked, under the text that was shown."""
        if self.text_version != TEXT_VERSION:
            return False
        return self.scopes.issuperset(scopes) or (self.scopes | told_by(self.scopes)).issuperset(scopes)

    def widened(self, scopes: Iterable[str], at: datetime) -> "Consent":
        """The agreement with more scopes, renewed now."""
        kept = self.scopes if self.text_version == TEXT_VERSION else frozenset[str]()
        return Consent(self.person, self.client, kept | frozenset(scopes), at)
