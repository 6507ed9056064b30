"""What every page of this room may use: names in the reader's language, times as clocks in China show them, words of
events, the console's sections.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint

from admin import workdays
from admin.web import events, sections
from admin.web.names import in_language


def add(bp: Blueprint) -> None:
    """Make them known to all templates."""
    bp.add_app_template_filter(beijing, "beijing")
    bp.add_app_template_filter(last_day, "last_day")
    bp.add_app_template_global(datetime.fromisoformat, "moment_of")
    bp.add_app_template_global(sections.sections, "console_sections")
    bp.add_app_template_global(events.words, "event_words")
    bp.add_app_template_global(in_language, "in_language")
    bp.add_app_template_global(named, "named")


def beijing(at: datetime) -> str:
    """A moment as clocks in China show it."""
    return f"{at.astimezone(workdays.BEIJING):%Y-%m-%d %H:%M}"


def last_day(limit: datetime) -> str:
    """The last day of a time limit, which ends at its midnight."""
    return f"{workdays.day_of(limit - datetime.resolution)}"


def named(thing: Any) -> str:
    """What has two names (an agency, a place, a kind, a service item, a client), by the one that the reader can read."""
    return in_language(thing.name, thing.name_en)
