"""What waits at the desk when the demo begins: one question for the hub to dispatch. A second call changes nothing."""

from datetime import datetime

from admin import desk
from admin.desk import Question
from admin.model.ticket import TicketKind
from admin.store import tickets
from hub.house import House

ASKED = "我的小吃店要搬到隔壁，食品经营许可证需要重新申请吗？ My snack bar moves next door: do I need a new license?"


def seed_desk(house: House, now: datetime) -> None:
    """Ask one question without a name."""
    with house.database.read() as db:
        if tickets.found(db, limit=1):
            return
    desk.ask(house, Question(TicketKind.question, ASKED), now)
