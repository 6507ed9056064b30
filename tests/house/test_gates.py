"""Every route names its gate."""

import pytest
from flask import Flask

FOR_PROGRAMS = ("/api/", "/pki/", "/oidc/", "/upstream/<id>/backchannel-logout")


@pytest.mark.parametrize("name", ["app", "verify_app"])
def test_every_route_names_its_gate(name: str, request: pytest.FixtureRequest) -> None:
    app: Flask = request.getfixturevalue(name)
    assert not [rule for rule in routes(app) if not hasattr(app.view_functions[rule[0]], "__gate__")]


@pytest.mark.parametrize("name", ["app", "verify_app"])
def test_only_programs_may_change_something_without_a_form_token(name: str, request: pytest.FixtureRequest) -> None:
    """A gate that reads no cookies skips the guard against forged forms: right for programs, wrong for pages."""
    app: Flask = request.getfixturevalue(name)
    gates = {rule: getattr(app.view_functions[endpoint], "__gate__", None) for endpoint, rule, _ in routes(app)}
    changing = [rule for _, rule, methods in routes(app) if methods & {"POST", "PUT", "PATCH", "DELETE"}]
    unguarded = [rule for rule in changing if not getattr(gates[rule], "cookies", False)]
    assert not [rule for rule in unguarded if not rule.startswith(FOR_PROGRAMS)]


def routes(app: Flask) -> list[tuple[str, str, set[str]]]:
    """Endpoint, rule and methods of everything but static files."""
    rules = [rule for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")]
    return [(rule.endpoint, rule.rule, set(rule.methods or ())) for rule in rules]
