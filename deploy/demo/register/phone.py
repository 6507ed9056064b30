"""The demo's phone: a gateway for text messages that sends none, and a page that shows what they said."""

from collections import deque

from flask import Flask, abort, render_template, request
from werkzeug.wrappers import Response

MOST = 50  # messages; the oldest go


def add(app: Flask) -> None:
    """`/phone`: programs hand messages over, people read them."""
    messages: deque[dict[str, str]] = deque(maxlen=MOST)

    @app.post("/phone")
    def take() -> Response:
        body = request.get_json(silent=True)
        given = {name: body.get(name) for name in ("id", "to", "text")} if isinstance(body, dict) else {}
        if not all(isinstance(value, str) and 0 < len(value) <= 1000 for value in given.values()) or not given:
            abort(400)
        if not any(one["id"] == given["id"] for one in messages):  # the same delivery may come twice
            messages.appendleft(given)
        return Response(status=204)

    @app.get("/phone")
    def page() -> str:
        return render_template("phone.html", messages=list(messages))
