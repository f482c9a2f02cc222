"""The tables of what checkout heard from other services, so that it need not ask them for it in a sale.

Never here: anything that checkout owns, and names of people.
"""

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text, true

from services.checkout.store.tables import METADATA

known_staff = Table(
    "known_staff",
    METADATA,
    Column("staff_id", Text, primary_key=True),
    Column("active", Boolean, nullable=False, comment="Whether they work here."),
    sqlite_with_rowid=False,
)

signed_on = Table(
    "signed_on",
    METADATA,
    Column("register_id", Text, primary_key=True),
    Column("session", BigInteger, nullable=False, comment="The newest that was heard of."),
    Column("staff_id", Text, comment="Null when it has ended."),
    Column("sells", Boolean, nullable=False, server_default=true(), comment="Whether they may sell alone."),
    sqlite_with_rowid=False,
)

known_policy = Table(
    "known_policy",
    METADATA,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("on_unavailable", Text, nullable=False),
    Column("attribution", Text, nullable=False),
    Column("moment", Text, nullable=False, server_default="before_payment"),
    Column("revision", Integer, nullable=False, server_default="-1", comment="-1 if policy told none yet."),
)
