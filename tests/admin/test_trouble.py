"""Trouble of the trust service becomes an alert that a supervisor of the hub sees and closes."""

from datetime import datetime, timedelta

from flask import Flask

from admin import trouble
from admin.model.alert import Rule, Severity
from admin.model.operator import Right
from admin.store import alerts as store
from certs import alarms, status
from certs.model import ISSUING
from hub import inbox
from hub.house import House
from tests.admin.offices import cookie, officer


def found(house: House) -> list[tuple[str, Severity]]:
    with house.database.read() as db:
        return [(one.subject, one.severity) for one in store.alerts(db) if one.rule is Rule.trust_service]


def test_a_letter_becomes_one_alert_that_may_turn_red(house: House, now: datetime) -> None:
    noon = now.replace(hour=1)  # the whole story on one day of Beijing
    status.crl(house, ISSUING, noon - timedelta(hours=19))
    for _ in range(2):
        alarms.look(house, noon)
        trouble.open_letters(house, noon)
    assert found(house) == [(ISSUING, Severity.yellow)]
    alarms.look(house, noon + timedelta(hours=5, minutes=1))
    assert trouble.open_letters(house, noon + timedelta(hours=6)) == 1
    assert found(house) == [(ISSUING, Severity.red)]
    assert trouble.open_letters(house, noon + timedelta(hours=7)) == 0


KINDS = {
    alarms.STALE: ("A list of revoked certificates is not renewed in time", "证书撤销列表未按时更新"),
    alarms.ENDS: ("ends soon, or was revoked, and has no successor", "即将到期或已被撤销"),
    alarms.UNSIGNED: ("A certificate was prepared and never signed", "始终未签发"),
    alarms.CLOCK: ("no time-stamps are given", "已停止签发时间戳"),
    alarms.UNCHECKED: ("No time source is set", "未设置时间源"),
    alarms.QUARANTINED: ("A key gave a wrong signature", "一个密钥产生了错误的签名"),
}


def test_each_kind_has_its_words_in_both_languages(house: House, app: Flask, now: datetime) -> None:
    who = officer(house, "judge", "hub", Right.supervision, now=now)
    with house.database.write() as db:
        for what in KINDS:
            inbox.put(db, alarms.LETTER, {"what": what, "about": "", "bad": True}, now)
    assert trouble.open_letters(house, now) == len(KINDS)
    judge = app.test_client()
    judge.set_cookie(*cookie(house, who, now))
    with house.database.read() as db:
        raised = {one.facts["what"]: one.id for one in store.alerts(db)}
    for what, words in KINDS.items():
        for language, told in zip(("en", "zh-Hans"), words, strict=True):
            page = judge.get(f"/console/supervision/{raised[what]}?lang={language}").text
            assert told in page
