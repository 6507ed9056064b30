"""A matter: a service item, as far as a mandate names it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Matter:
    """What one may act in, by the code of a service item. The room of the services publishes them."""

    code: str
    name: str
    name_en: str
    for_companies: bool = True
    for_persons: bool = False
