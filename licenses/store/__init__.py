"""The registers of this room: numbers given out, licenses, status lists. Gives and takes the nouns of `model`."""

from licenses.store.lists import LIST_SIZE, counter, free_place, list_numbers, not_valid
from licenses.store.numbers import (
    application_of,
    earlier,
    end_intent,
    every_number,
    forget_keys,
    intend,
    last_serials,
    let_go,
    name_paper,
    next_serial,
    pending,
    state,
    take_over,
)
from licenses.store.register import (
    by_record,
    by_sealed,
    change,
    every_change,
    every_license,
    found,
    held_by,
    history,
    keep,
    license,  # noqa: A004  our noun
)
from licenses.store.tables import intents, licenses

__all__ = [
    "LIST_SIZE",
    "application_of",
    "by_record",
    "by_sealed",
    "change",
    "counter",
    "earlier",
    "end_intent",
    "every_change",
    "every_license",
    "every_number",
    "forget_keys",
    "found",
    "free_place",
    "held_by",
    "history",
    "intend",
    "intents",
    "keep",
    "last_serials",
    "let_go",
    "license",
    "licenses",
    "list_numbers",
    "name_paper",
    "next_serial",
    "not_valid",
    "pending",
    "state",
    "take_over",
]
