"""User experience monitoring: fold what was counted into rows and the ledger, and read it back as one board."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from admin.model.experience import (
    DEVICES,
    EPOCH,
    FEW,
    FLOWS,
    GROUPS,
    LANGUAGES,
    SHARE,
    SPEEDS,
    TOP,
    Classes,
    Flow,
    NotTheWhole,
    Period,
    PeriodWrong,
    Speed,
    Step,
    edges,
    floor,
    group,
    hidden,
    quantile,
)
from admin.model.funnel import Answers, Board, Fault, Funnel, Line, Pages, Part, Row, Selection
from admin.store import counts as store
from admin.store.counts import Words
from hub import ledger
from hub.house import House
from hub.problems import Problem, code_of
from hub.shared import SharedDown
from hub.tree import ROOT

KEPT = {60: timedelta(days=2), 3600: timedelta(days=400)}  # minutes for a look at now, hours for a look at last year
Counts = Mapping[Words, int]


def fold(house: House, now: datetime) -> int:
    """Take up the minutes that are over: rows, and one ledger event each. Says how many."""
    taken = house.tally.finished()
    try:
        with house.database.write() as db:
            for minute, found in sorted(taken.items()):
                at = EPOCH + timedelta(minutes=minute)
                more = {words: number for name, number in found.items() if len(words := tuple(name.split(" "))) == 5}
                for span in KEPT:
                    store.add(db, span, floor(at, timedelta(seconds=span)), more)  # type: ignore[arg-type]
                subject = f"{at:%Y-%m-%dT%H:%MZ}"
                ledger.wrote(db, "experience.counted", subject, by="ticker", at=now, facts={"counts": found})
    except Exception:
        house.tally.back(taken)
        raise
    return len(taken)


def forget(house: House, now: datetime) -> int:
    """Drop rows that are too old; says how many. The ledger still has them."""
    with house.database.write() as db:
        return sum(store.forget(db, span, now - kept) for span, kept in KEPT.items())


def selection(period: str, language: str, device: str) -> Selection:
    """A selection from its words. Raises PeriodWrong."""
    if period not in set(Period) or language not in ("", *LANGUAGES) or device not in ("", *DEVICES):
        raise PeriodWrong("%(period)s, %(language)s, %(device)s", period=period, language=language, device=device)
    return Selection(Period(period), language, device)


def board(db: Connection, scope: str, chosen: Selection, now: datetime) -> Board:
    """What the page shows. Raises NotTheWhole for who looks after a part of the tree only: counts know no place."""
    if scope != ROOT:
        raise NotTheWhole("You look after %(place)s", place=scope)
    span, since = chosen.period.span, chosen.period.since(now)
    until = floor(now, timedelta(seconds=span)) + timedelta(seconds=span)
    few = chosen.split
    found = store.sums(db, span, since, until, language=chosen.language, device=chosen.device)
    moments = store.over_time(db, span, since, until, "vital", language=chosen.language, device=chosen.device)
    return Board(
        chosen=chosen,
        since=since,
        until=until,
        funnels=tuple(_funnel(flow, found, few=few) for flow in FLOWS),
        pages=tuple(_pages(found, few=few)),
        lines=tuple(_line(speed, moments, chosen.period, since, until, few=few) for speed in SPEEDS[:3]),
        answers=tuple(_answers(found)),
        faults=tuple(_faults(found, few=few)),
        empty=not found,
    )


def waiting(house: House) -> int:
    """How many steps and pages were counted in the last minutes and stand on no board yet."""
    try:
        counts = house.tally.waiting()
    except SharedDown:
        return 0
    return sum(number for name, number in counts.items() if name.startswith("step ") or " pages " in name)


def figures(db: Connection, scope: str, now: datetime, period: Period = Period.day) -> dict[str, int | float]:
    """The board's figures, all languages and devices together, as `docs/figures/experience.py` counts them again."""
    shown = board(db, scope, Selection(period), now)
    told: dict[str, int | float] = {}
    for funnel in shown.funnels:
        for row in funnel.rows:
            told[".".join(filter(None, (funnel.flow, row.step, row.outcome)))] = row.count or 0
        told[f"{funnel.flow}.completion"] = round(funnel.completion or 0, 4)
    found = store.sums(db, period.span, shown.since, shown.until)
    for speed in SPEEDS:
        told[f"{speed.name}.p75"] = round(quantile(_classes(found, "vital", f"{speed.name}:"), SHARE) or 0, 2)
    told["pages"] = sum(page.views or 0 for page in shown.pages)
    told["answers"] = sum(one.number for one in shown.answers)
    told["answers.failed"] = sum(one.failed for one in shown.answers)
    told["answers.p95"] = round(quantile(_classes(found, "answer", ""), 0.95) or 0, 2)
    return told


def titles() -> dict[str, str]:
    """The title (a message id) of each kind of problem, by its code."""

    def below(kind: type[Problem]) -> Iterator[type[Problem]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    return {code_of(kind): kind.title for kind in below(Problem)}


# -- one part of the board each


def _funnel(flow: Flow, found: Counts, *, few: bool) -> Funnel:
    ours = {words: number for words, number in found.items() if words[:2] == ("step", flow.name)}
    exact = Counter[str]()
    for words, number in ours.items():
        exact[words[2]] += number
        if ":" in words[2]:
            exact[words[2].partition(":")[0]] += number
    return Funnel(
        flow=flow.name,
        begin=flow.begin,
        end=flow.end,
        rows=tuple(row for step in flow.steps for row in _rows(step, exact, few=few)),
        completion=_share(exact[flow.end], exact[flow.begin], few=few),
        parts=tuple(_parts(flow, ours)),
    )


def _rows(step: Step, exact: Counter[str], *, few: bool) -> Iterator[Row]:
    share = _share(exact[step.name], exact[step.of], few=few) if step.of else None
    lost = max(0.0, 1 - share) if share is not None and step.main else None
    yield Row(step.name, "", _shown(exact[step.name], few=few), step.of, share, lost, step.tone, step.apart)
    for outcome in step.outcomes:
        number = exact[f"{step.name}:{outcome}"]
        share = _share(number, exact[step.name], few=few)
        yield Row(step.name, outcome, _shown(number, few=few), step.name, share, None, step.tone)


def _parts(flow: Flow, ours: Counts) -> Iterator[Part]:
    """By language and device, without what is few: the whole is known, so no part may be told from the rest."""
    begun, ended = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for (_, _, part, language, device), number in ours.items():
        for name, sums in ((flow.begin, begun), (flow.end, ended)):
            if part.partition(":")[0] == name:
                sums[language, device] += number
    order = [(language, device) for language in LANGUAGES for device in DEVICES]
    there = [one for one in order if begun[one] or ended[one]]
    shown = zip(hidden([begun[one] for one in there]), hidden([ended[one] for one in there]), strict=True)
    for (language, device), (begins, ends) in zip(there, shown, strict=True):
        completion = ends / begins if begins and ends is not None else None
        yield Part(language, device, begins, ends, completion)


def _pages(found: Counts, *, few: bool) -> Iterator[Pages]:
    views = Counter[str]()
    for (kind, subject, part, _, _), number in found.items():
        if kind == "vital" and part == "pages":
            views[group(subject)] += number
    for name in _ordered(views):
        if few and views[name] < FEW:
            yield Pages(name, None, {})
            continue
        found_here = {words: n for words, n in found.items() if group(words[1]) == name}
        classes = {speed.name: _classes(found_here, "vital", f"{speed.name}:") for speed in SPEEDS}
        enough = {speed: one for speed, one in classes.items() if sum(one.values()) >= (FEW if few else 1)}
        p75 = {speed: quantile(one, SHARE) for speed, one in enough.items()}
        yield Pages(name, views[name], {speed: value for speed, value in p75.items() if value is not None})


def _line(
    speed: Speed,
    moments: Iterable[tuple[datetime, str, int]],
    period: Period,
    since: datetime,
    until: datetime,
    *,
    few: bool,
) -> Line:
    least = FEW if few else 1
    by_point: dict[datetime, Counter[tuple[float, float]]] = {}
    whole = Counter[tuple[float, float]]()
    for at, part, number in moments:
        name, _, ends = part.partition(":")
        if name == speed.name:
            by_point.setdefault(at - (at - since) % period.point, Counter())[edges(ends)] += number
            whole[edges(ends)] += number
    points, at = [], since
    while at < until:
        classes = by_point.get(at, Counter())
        points.append((at, quantile(classes, SHARE) if classes.total() >= least else None))
        at += period.point
    return Line(speed, tuple(points), quantile(whole, SHARE) if whole.total() >= least else None)


def _answers(found: Counts) -> Iterator[Answers]:
    names = {group(words[1]) for words in found if words[0] == "answer"}
    for name in _ordered(names):
        here = {words: n for words, n in found.items() if words[0] == "answer" and group(words[1]) == name}
        ended = Counter[str]()
        for words, number in here.items():
            ended[words[2].partition(":")[0]] += number
        classes = _classes(here, "answer", "")
        p50, p95 = quantile(classes, 0.5), quantile(classes, 0.95)
        yield Answers(name, ended.total(), p50 or 0, p95 or 0, ended["refused"], ended["failed"])


def _faults(found: Counts, *, few: bool) -> Iterator[Fault]:
    numbers = Counter[tuple[str, str]]()
    for (kind, subject, part, _, _), number in found.items():
        if kind == "problem":
            numbers[group(subject), part] += number
    for (name, code), number in sorted(numbers.items(), key=lambda one: (-one[1], one[0]))[:TOP]:
        yield Fault(name, code, _shown(number, few=few))


def _classes(found: Counts, kind: str, begins: str) -> Classes:
    classes = Counter[tuple[float, float]]()
    for words, number in found.items():
        if words[0] == kind and words[2].startswith(begins) and ":" in words[2]:
            classes[edges(words[2].partition(":")[2])] += number
    return classes


def _shown(number: int, *, few: bool) -> int | None:
    return None if few and 0 < number < FEW else number


def _share(part: int, whole: int, *, few: bool) -> float | None:
    if not whole or (few and (part < FEW or whole < FEW)):
        return None
    return part / whole


def _ordered(names: Iterable[str]) -> list[str]:
    known = [name for name, _ in GROUPS]
    return sorted(names, key=lambda name: (known.index(name) if name in known else len(known), name))
