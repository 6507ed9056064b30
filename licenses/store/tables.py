"""The tables of this room."""

import sqlalchemy as sa

from hub.db import Id, Instant, Json, metadata

counters = sa.Table(
    "licenses_counter",
    metadata,
    sa.Column("agency", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)
intents = sa.Table(
    "licenses_intent",
    metadata,
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("asker", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # digest of the application, to tell a retry from another one
    sa.Column("sealed", sa.LargeBinary),  # the application and its salt, encrypted; erased with the license
    sa.Column("client", sa.Text),
    sa.Column("person", sa.Text),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("status_list", sa.Integer, nullable=False),
    sa.Column("status_index", sa.Integer, nullable=False),
    sa.Column("papers", Json, nullable=False),  # every file that is kept, or about to be kept, under this number
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("leased", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.UniqueConstraint("asker", "key"),
    sa.UniqueConstraint("status_list", "status_index"),
)
licenses = sa.Table(
    "licenses_license",
    metadata,
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("kind_version", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("holder_key", sa.Text, nullable=False, index=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("issued", Instant, nullable=False, index=True),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False, unique=True),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("use", sa.Text, nullable=False),
    sa.Column("status_list", sa.Integer, nullable=False, index=True),
    sa.Column("status_index", sa.Integer, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("changed", Instant),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
)
changes = sa.Table(
    "licenses_change",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("identifier", sa.Text, nullable=False, index=True),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
status_lists = sa.Table(
    "licenses_status_list",
    metadata,
    sa.Column("list", sa.Integer, primary_key=True),
    sa.Column("counter", sa.Integer, nullable=False),
)
