"""What mandates can name: the service items in production, told to the room that keeps mandates."""

from datetime import datetime

from sqlalchemy import Connection

from admin.model.item import Audience
from admin.store import items
from hub.house import House
from idp.acting import matters
from idp.model.matter import Matter


def publish(db: Connection) -> None:
    """Tell of the items as they stand in this transaction."""
    matters.publish(
        db,
        [
            Matter(
                one.code,
                one.name,
                one.name_en,
                for_companies=one.for_(Audience.company),
                for_persons=one.for_(Audience.person) and one.online,  # what one does in person nobody does for one
            )
            for one in items.public(db)
        ],
    )


def refresh(house: House, now: datetime) -> None:
    """Tell of them once more, whoever changed them and by what way. Called by the ticker."""
    with house.database.write() as db:
        publish(db)
