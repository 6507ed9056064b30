"""Alembic's environment: every room's tables on the connection that `app.migrate` hands over."""

from alembic import context
from sqlalchemy.schema import SchemaItem

from hub.db import metadata

connection = context.config.attributes["connection"]
room = context.config.attributes.get("room")


def of_room(item: SchemaItem, name: str | None, kind: str, _reflected: bool, _compare: SchemaItem | None) -> bool:  # noqa: FBT001
    """When a new revision is drafted: only the tables of the room it is for."""
    return room is None or kind != "table" or str(name).startswith(f"{room}_")


context.configure(
    connection=connection,
    target_metadata=metadata,
    include_object=of_room,
    compare_type=True,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
