"""Who used my data: what is allowed now, each use with its purpose and its proof, and the way to take a permission back."""

import json

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from admin.model.datacall import Call, NoUse
from admin.store import sharing as store
from admin.web.gates import MINE, me
from admin.web.names import in_language
from hub import behalf, clock, proof, web
from hub.i18n import _
from idp.consent import data
from idp.model.data import DataPermission
from idp.store import clients
from idp.store import data as permissions


def add(bp: Blueprint) -> None:
    """`/my/data…`."""

    @web.route(bp, "/my/data", gate=MINE)
    def my_data() -> Response:
        person, acting_for, now = me(), web.caller().acting_for or "", clock.now()
        with web.house().database.read() as db:
            allowed = [
                (consent, _said(db, permission))
                for consent, permission in data.standing(db, person, acting_for)
                if permission.in_force_at(now) and behalf.covers(web.caller(), permission.item)
            ]
            told = [(call, _told(db, call)) for call in store.uses_of(db, person, acting_for)]
            uses = [(call, said) for call, said in told if behalf.covers(web.caller(), said["item"])]
        return web.page("admin/my_data.html", allowed=allowed, uses=uses, done=request.args.get("done", ""))

    @web.route(bp, "/my/data/withdraw", gate=MINE, methods=("POST",))
    def my_data_withdraw() -> Response:
        with web.house().database.write() as db:
            data.withdraw(db, me(), web.caller().acting_for, request.form.get("grant", ""), now=clock.now())
        return web.see_other("/my/data?done=withdrawn")

    @web.route(bp, "/my/data/<id>/proof.json", gate=MINE)
    def my_data_proof(id: str) -> Response:
        with web.house().database.read() as db:
            call = store.use_of(db, id, me(), web.caller().acting_for or "")
        if call is None or not behalf.covers(web.caller(), _item(call)):
            raise NoUse("There is no use of data %(id)s", id=id[:40])
        found = proof.proof(web.house(), "data.used", call.subject)
        return web.file(json.dumps(found, ensure_ascii=False, indent=1).encode(), "application/json", name="proof.json")


def _item(call: Call) -> str:
    with web.house().database.read() as db:
        permission = permissions.permission(db, call.request)
    return permission.item if permission else ""


def _told(db: Connection, call: Call) -> dict[str, str]:
    """One use in the reader's language, with the names of the fields that were handed over."""
    permission = permissions.permission(db, call.request)
    assert permission is not None  # no data leave without one, and none is ever deleted
    return _said(db, permission, call.fields)


def _said(db: Connection, permission: DataPermission, keys: tuple[str, ...] = ()) -> dict[str, str]:
    client = clients.client(db, permission.client)
    shown = [in_language(one.name, one.name_en) for one in permission.fields if not keys or one.key in keys]
    return {
        "client": in_language(client.name, client.name_en) if client else permission.client,
        "provider": in_language(permission.provider_name, permission.provider_name_en),
        "entry": in_language(permission.entry_name, permission.entry_name_en),
        "fields": _(", ").join(shown),
        "purpose": in_language(permission.purpose, permission.purpose_en),
        "item": permission.item,
        "basis": permission.basis,
    }
