"""My account: who I am here, who knows me, where I am signed in, and how I end it. One module for each page."""

from flask import Blueprint

from idp.web.account import leaving, overview, password, privacy, profile, services, sessions, uses

PAGES = (overview, profile, sessions, services, uses, privacy, leaving, password)


def add(bp: Blueprint) -> None:
    """`/account` and what stands below it."""
    for page in PAGES:
        page.add(bp)
