"""The table of who may move a ticket, and its time limits."""

from datetime import UTC, datetime

import pytest

from admin import suspicions, ticket_record
from admin.model.ticket import (
    MOVES,
    NotYourTicket,
    RatedAlready,
    Severity,
    Ticket,
    TicketElsewhere,
    TicketKind,
    TicketMover,
    TicketState,
    TicketStep,
)

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)  # a Friday
EVERYONE = frozenset(TicketMover)


def ticket(state: TicketState = TicketState.new, **values: object) -> Ticket:
    made = ticket_record.new("Q20261120-0", TicketKind.question, NOW)
    return made.__class__(**{**made.__dict__, "state": state, **values})


@pytest.mark.parametrize("state", TicketState)
@pytest.mark.parametrize("step", TicketStep)
def test_a_step_leads_where_the_table_says_and_nowhere_else(state: TicketState, step: TicketStep) -> None:
    if (state, step) in MOVES:
        assert ticket(state).moved(step, EVERYONE).state is MOVES[state, step][1]
    else:
        with pytest.raises(TicketElsewhere):
            ticket(state).moved(step, EVERYONE)


@pytest.mark.parametrize(("state", "step"), sorted(MOVES))
@pytest.mark.parametrize("mover", TicketMover)
def test_only_who_may_moves_it(state: TicketState, step: TicketStep, mover: TicketMover) -> None:
    if mover in MOVES[state, step][0]:
        ticket(state).moved(step, frozenset({mover}))
    else:
        with pytest.raises(NotYourTicket):
            ticket(state).moved(step, frozenset({mover}))


def test_an_ended_ticket_is_never_answered_again() -> None:
    for state in (TicketState.replied, TicketState.closed, TicketState.merged):
        assert TicketStep.reply not in ticket(state).steps(EVERYONE)


def test_one_answer_is_rated_once() -> None:
    with pytest.raises(RatedAlready):
        ticket(TicketState.closed, rating=4).moved(TicketStep.rate, EVERYONE, rating=1)


def test_nobody_answers_what_he_asked() -> None:
    assert ticket(person="op1", officer="op1").movers("op1") == frozenset()
    assert ticket(officer="op1").movers("op1") == {TicketMover.desk, TicketMover.holder}
    assert ticket(officer="op1").movers("op2") == {TicketMover.desk}
    assert ticket().movers(None) == frozenset()


def test_time_limits_are_working_days() -> None:
    question = ticket()
    assert question.receive_by == datetime(2026, 11, 23, 16, tzinfo=UTC)  # Monday, 24:00 in Beijing
    assert question.reply_by == datetime(2026, 11, 27, 16, tzinfo=UTC)  # five working days
    report = ticket_record.new("R20261120-0", TicketKind.suspicion, NOW)
    assert report.reply_by == datetime(2026, 12, 11, 16, tzinfo=UTC)  # fifteen
    assert not question.late(question.reply_by.replace(hour=15))
    assert question.late(question.reply_by)
    assert question.unread(question.receive_by)
    assert not ticket(TicketState.replied).late(question.reply_by)


@pytest.mark.parametrize(
    ("verdict", "reason", "wrong", "severity"),
    [
        ("not_valid", "forged", "other", Severity.high),
        ("not_valid", "revoked", "other", Severity.normal),
        ("valid", "code-in-force", "differs", Severity.high),
        ("valid", "valid", "other", Severity.normal),
        ("cannot_say", "no-code", "other", Severity.low),
        ("cannot_say", "no-status", "looks-forged", Severity.normal),
    ],
)
def test_what_is_urgent(verdict: str, reason: str, wrong: str, severity: Severity) -> None:
    assert suspicions.severity(verdict, reason, wrong) is severity
