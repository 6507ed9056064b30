"""What the levels mean: for people at `/levels`, for programs at `/levels.json`."""

from flask import Blueprint, Response, jsonify

from hub import i18n
from hub.callers import Public
from hub.web import route
from idp import levels
from idp.web import desk


def add(bp: Blueprint) -> None:
    """`/levels` and `/levels.json`."""

    @route(bp, "/levels", gate=Public(), endpoint="levels")
    def page() -> Response:
        english = i18n.language() == "en"
        rows = [
            [
                one.number,
                one.evidence if english else one.evidence_zh,
                one.guangdong,
                one.eidas or "-",
                one.nist_ial or "-",
            ]
            for one in levels.levels()
        ]
        return desk.show(desk.visit(), "levels.html", rows=rows)

    @route(bp, "/levels.json", gate=Public(), endpoint="levels_json")
    def document() -> Response:
        return jsonify(levels.document())
