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
        parts = body if isinstance(body, dict) else {}
        given = {name: str(parts.get(name) or "") for name in ("id", "to", "text")}
        if not all(0 < len(value) <= 1000 for value in given.values()):
            abort(400)
        if not any(one["id"] == given["id"] for one in messages):  # the same delivery may come twice
            messages.appendleft(given)
        return Response(status=204)

    @app.get("/phone")
    def page() -> str:
        return render_template("phone.html", messages=list(messages))
