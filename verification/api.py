"""`POST /api/verify`: one question, one answer, for programs. Anyone may ask; nothing is kept."""

from flask import Blueprint, Response, request

from hub import callers, clock, i18n, limits, web
from verification import answer, receipt, words
from verification.model import FileTooLarge, WrongQuestion

ANYONE = callers.Program("checking a license needs no account, and nothing is done in anyone's name")
SCHEMA = {
    "type": "object",
    "properties": {"code": {"type": "string", "maxLength": 2000}, "number": {"type": "string", "maxLength": 200}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}


def blueprint() -> Blueprint:
    """The API of this room."""
    bp = Blueprint("verification_api", __name__)

    @web.route(bp, "/api/verify", gate=ANYONE, methods=("POST",), endpoint="verify")
    def verify() -> Response:
        limits.check(web.house().shared, answer.ASK, request.remote_addr or "")
        now = clock.now()
        if request.mimetype == "multipart/form-data":
            report = answer.verify(web.house(), file=_file(), now=now)
        elif request.mimetype == "application/json":
            body = web.shape(SCHEMA)
            report = answer.verify(web.house(), code=body.get("code"), number=body.get("number"), now=now)
        else:
            raise WrongQuestion("The body is %(type)s", type=request.mimetype or "-")
        return web.answer({**words.body(report, i18n.language()), "receipt": receipt.make(web.house(), report)})

    return bp


def _file() -> bytes:
    uploads = request.files.getlist("file")
    if len(uploads) != 1 or len(request.files) != 1 or request.form:
        raise WrongQuestion("Send exactly one file, in the field %(name)s", name="file")
    most = web.house().settings.upload_bytes
    data: bytes = uploads[0].read(most + 1)
    if len(data) > most:
        raise FileTooLarge("At most %(megabytes)s MB are accepted", megabytes=most // 1_000_000)
    if not data:
        raise WrongQuestion("The file is empty")
    return data
