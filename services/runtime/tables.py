"""The tables that every service has beside its own.

None holds a customer's data: ``handled_request`` stores no personal replies, and no other that says again what was
typed; ``failed_request`` keeps the shape of a message that met a bug for 30 days so that a person can look
(its eraser is ``maintenance``), and journaled events hold no personal data by contract.
"""

from sqlalchemy import BLOB, Column, Integer, MetaData, Table, Text

METADATA = MetaData()

handled_request = Table(
    "handled_request",
    METADATA,
    Column("caller", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("digest", BLOB, nullable=False, comment="Keyed hash of name and payload."),
    Column("outcome", Text, nullable=False, comment="result or rejected"),
    Column("reply", BLOB, comment="The reply, or null where it is personal and is rebuilt from ids."),
    Column("at", Text, nullable=False, index=True),
    sqlite_with_rowid=False,
)

failed_request = Table(
    "failed_request",
    METADATA,
    Column("caller", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("payload", BLOB, nullable=False, comment="Its shape, without its texts; erased after 30 days."),
    Column("fault", Text, nullable=False),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,
)

journal = Table(
    "journal",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("event_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("payload", BLOB, nullable=False),
)

journal_epoch = Table(
    "journal_epoch",
    METADATA,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("first_number", Integer, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="new, restored or diverged"),
)

follower = Table(
    "follower",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("leader", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("event_id", Text),
)

followed_event = Table(
    "followed_event",
    METADATA,
    Column("follower", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("at", Text, nullable=False),
    sqlite_with_rowid=False,
)

orphan_event = Table(
    "orphan_event",
    METADATA,
    Column("follower", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("found_at", Text, nullable=False),
    sqlite_with_rowid=False,
)

parked_event = Table(
    "parked_event",
    METADATA,
    Column("follower", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("leader", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("payload", BLOB, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("fault", Text, nullable=False),
    sqlite_with_rowid=False,
)

ended_session = Table(
    "ended_session",
    METADATA,
    Column("client", Text, primary_key=True),
    Column("below", Integer, nullable=False, comment="Tokens of sessions with a lower number are void."),
    sqlite_with_rowid=False,
)
