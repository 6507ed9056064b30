"""The supervisor's board of people's experience: plots, their tables, and both as files."""

from flask import Blueprint, Response, request
from markupsafe import Markup

from admin import experience, experience_table, plots, sheet
from admin.model.experience import DEVICES, FEW, LANGUAGES, SPEEDS, Period
from admin.model.funnel import Board, Funnel, Line
from admin.model.operator import Right
from admin.web import experience_words as words
from admin.workdays import BEIJING
from hub import clock, web
from hub.callers import Operator
from hub.i18n import _

SEE = Operator(Right.supervision)


def blueprint() -> Blueprint:
    """`/console/experience`, and the same as CSV and JSON."""
    bp = Blueprint("experience", __name__, template_folder="../templates")

    @web.route(bp, "/console/experience", gate=SEE, endpoint="board")
    def page() -> Response:
        board = _board()
        return web.page(
            "admin/experience.html",
            board=board,
            words=words,
            periods=list(Period),
            language_codes=LANGUAGES,
            devices=DEVICES,
            speeds=SPEEDS,
            few=FEW,
            waiting=experience.waiting(web.house()),
            titles=experience.titles(),
            funnels=[(funnel, _bars(funnel)) for funnel in board.funnels],
            lines=[(line, _line(board, line)) for line in board.lines],
            query={"period": board.chosen.period, "language": board.chosen.language, "device": board.chosen.device},
        )

    @web.route(bp, "/console/experience.csv", gate=SEE, endpoint="as_csv")
    def as_csv() -> Response:
        columns, rows = experience_table.COLUMNS, experience_table.rows(_board())
        data = sheet.csv_of(columns, [[row[column] for column in columns] for row in rows])
        return web.file(data, "text/csv; charset=utf-8", name="experience.csv")

    @web.route(bp, "/console/experience.json", gate=SEE, endpoint="as_json")
    def as_json() -> Response:
        board = _board()
        told = {
            "since": board.since.isoformat(),
            "until": board.until.isoformat(),
            "rows": experience_table.rows(board),
        }
        response = web.answer(told)
        response.headers["Content-Disposition"] = 'attachment; filename="experience.json"'
        return response

    return bp


def _board() -> Board:
    asked = {name: request.args.get(name, "") for name in ("period", "language", "device")}
    chosen = experience.selection(asked["period"] or Period.day, asked["language"], asked["device"])
    with web.house().database.read() as db:
        return experience.board(db, web.caller().place, chosen, clock.now())


def _bars(funnel: Funnel) -> Markup:
    """The funnel as bars: the widest step is the whole width."""
    rows = [row for row in funnel.rows if not row.apart]
    most = max([row.count or 0 for row in rows], default=0) or 1
    drawn, told = [], []
    for row in rows:
        name, text = words.step(funnel.flow, row.step, row.outcome), words.count(row.count)
        if row.share is not None:
            text = f"{text} · {words.percent(row.share)}"
        drawn.append(plots.Bar(name, (row.count or 0) / most, text, row.tone, below=bool(row.outcome)))
        told.append(f"{name}: {text}")
    return plots.bars(f"plot-{funnel.flow}", _(words.FLOWS[funnel.flow]), "; ".join(told), drawn)


def _line(board: Board, line: Line) -> Markup:
    marks = [
        plots.Mark(line.speed.good, _("good up to %(limit)s", limit=words.speed(line.speed, line.speed.good)), "ok"),
        plots.Mark(line.speed.poor, _("poor above %(limit)s", limit=words.speed(line.speed, line.speed.poor)), "bad"),
    ]
    known = [value for _at, value in line.points if value is not None]
    title = _("%(speed)s: 75th percentile over time", speed=_(words.SPEEDS[line.speed.name]))
    told = _("Nothing measured yet")
    if known:
        low, high = words.speed(line.speed, min(known)), words.speed(line.speed, max(known))
        told = _("Between %(low)s and %(high)s in %(count)s stretches of time", low=low, high=high, count=len(known))
    form = "%H:%M" if board.chosen.period is Period.hour else "%m-%d %H:%M"
    ends = (f"{board.since.astimezone(BEIJING):{form}}", f"{line.points[-1][0].astimezone(BEIJING):{form}}")
    return plots.line(f"plot-{line.speed.name}", title, told, [value for _at, value in line.points], marks, ends)
