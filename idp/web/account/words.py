"""How services, fields and numbers are called on these pages."""

from collections.abc import Iterable

from sqlalchemy import Connection

from hub import tree
from hub.i18n import _, language
from hub.problems import NotFound
from idp.consent import consent_text
from idp.model.client import Basis, Client
from idp.provider import clients
from idp.web.desk import Visit


def service_name(client: Client) -> str:
    """A service's name in the reader's language."""
    return client.name if language() == "zh-Hans" else client.name_en


def service_name_of(visit: Visit, client: str) -> str:
    """The name of a service by its id, or the id of one that is registered no more."""
    found = clients.known(visit.house, client, visit.now)
    return service_name(found) if found else client


def owner(db: Connection, client: Client) -> str:
    """Who answers for a service: where it belongs and its unified code."""
    try:
        place = tree.get(db, client.place)
    except NotFound:
        return client.agency
    return " ".join(filter(None, (place.name if language() == "zh-Hans" else place.name_en, client.agency)))


def fields(scopes: Iterable[str]) -> str:
    """What a service is told, in words."""
    words = {
        "subject": _("a number made for this service alone"),
        "name": _("your name"),
        "number": _("the number of your paper"),
        "acting_for": _("for whom you act"),
        "level": _("how surely your name was verified"),
    }
    return _(", ").join(words[field] for field in consent_text.fields(scopes))


def basis(client: Client) -> str:
    """By what right a service asks."""
    words = {
        Basis.consent: _("your consent"),
        Basis.duty: _("a duty or power of the body by law"),
    }[client.basis]
    return _("%(basis)s: %(citation)s", basis=words, citation=client.citation) if client.citation else words
