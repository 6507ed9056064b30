"""How services are called on these pages."""

from hub.i18n import language
from idp import clients
from idp.model.client import Client
from idp.web.desk import Visit


def service_name(client: Client) -> str:
    """A service's name in the reader's language."""
    return client.name if language() == "zh-Hans" else client.name_en


def service_name_of(visit: Visit, client: str) -> str:
    """The name of a service by its id, or the id of one that is registered no more."""
    found = clients.known(visit.house, client, visit.now)
    return service_name(found) if found else client
