"""The tables of the customers service. The comment of each one that holds personal data names its eraser."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

_ERASER = "Eraser: CustomerStore.erase."
_FOLDED = Text().with_variant(Text(collation="C"), "postgresql")
"""Sorted by code point, so that a range finds what begins alike."""

customer = Table(
    "customer",
    METADATA,
    Column("customer_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("language", Text),
    Column("placeholder", Boolean, nullable=False, comment="Stands for nobody (walk-in)."),
    Column("customer_group", Text, nullable=False),
    Column(
        "creation_mark", LargeBinary, nullable=False, comment="Hash of the creation, by which its repetition is known."
    ),
    Column("created_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    comment=f"Who buys. {_ERASER}",
    sqlite_with_rowid=False,
)

customer_email = Table(
    "customer_email",
    METADATA,
    Column("customer_id", Text, ForeignKey("customer.customer_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False, comment="0 is the main one."),
    Column("email", Text, nullable=False),
    Column("folded", _FOLDED, nullable=False),
    comment=f"Emails, normalised. {_ERASER}",
    sqlite_with_rowid=False,
)
Index("customer_email_folded", customer_email.c.folded)

customer_phone = Table(
    "customer_phone",
    METADATA,
    Column("customer_id", Text, ForeignKey("customer.customer_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False, comment="0 is the main one."),
    Column("phone", Text, nullable=False, comment="E.164"),
    Column("digits", _FOLDED, nullable=False, comment="Without the plus, found by its beginning."),
    Column("reversed", _FOLDED, nullable=False, comment="Turned around, found by its last digits."),
    comment=f"Phones. {_ERASER}",
    sqlite_with_rowid=False,
)
Index("customer_phone_digits", customer_phone.c.digits)
Index("customer_phone_reversed", customer_phone.c.reversed)

customer_code = Table(
    "customer_code",
    METADATA,
    Column("code", Text, primary_key=True),
    Column("customer_id", Text, ForeignKey("customer.customer_id"), nullable=False),
    Column("place", Integer, nullable=False),
    comment=f"Codes on cards, each of one customer. {_ERASER}",
    sqlite_with_rowid=False,
)
Index("customer_code_customer", customer_code.c.customer_id)

customer_key = Table(
    "customer_key",
    METADATA,
    Column("key", _FOLDED, primary_key=True, comment="A folded word of a name and the words around it."),
    Column("customer_id", Text, ForeignKey("customer.customer_id"), primary_key=True),
    comment=f"What customers are found by as somebody types. {_ERASER}",
    sqlite_with_rowid=False,
)
Index("customer_key_customer", customer_key.c.customer_id)

consent = Table(
    "consent",
    METADATA,
    Column("consent_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False, comment="The email or phone it was given for; another starts at unknown."),
    Column("state", Text, nullable=False),
    Column("wording_id", Text, nullable=False, comment="Which words the person was shown."),
    Column("language", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("sale_id", Text, comment="For an existing customer: the sale at which the notice was shown."),
    Column("notice_id", Text, comment="For an existing customer: which notice was shown."),
    Column("proven", Boolean, nullable=False, comment="False for an imported grant."),
    Column("staff_id", Text, comment="Who asked; null where the person answered themselves."),
    Column("recorded_at", Text, nullable=False),
    CheckConstraint(
        "state IN ('unknown', 'denied', 'pending', 'granted', 'confirmed', 'withdrawn')", name="consent_state"
    ),
    CheckConstraint("source IN ('staff', 'customer_display', 'import', 'api')", name="consent_source"),
    CheckConstraint(
        "basis = 'consent' OR (basis = 'existing_customer' AND sale_id IS NOT NULL AND notice_id IS NOT NULL)",
        name="consent_basis",
    ),
    comment="What a person said about being written to; rows are only added, the newest one of an address counts. "
    f"{_ERASER}",
    sqlite_with_rowid=False,
)
Index("consent_customer", consent.c.customer_id, consent.c.purpose, consent.c.channel, consent.c.recorded_at)

erased_customer = Table(
    "erased_customer",
    METADATA,
    Column("customer_id", Text, primary_key=True),
    Column("erased_at", Text, nullable=False),
    comment="Ids that stand for nobody any more and are never given again; they say nothing about a person.",
    sqlite_with_rowid=False,
)

history = Table(
    "history",
    METADATA,
    Column("sale_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False, comment="May be unknown here: the sale is the truth."),
    Column("kind", Text, nullable=False),
    Column("receipt_number", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("total", Integer, nullable=False, comment="Minor units, tax included."),
    Column("currency", Text, nullable=False),
    comment="Projection of checkout's journal: wiped and replayed it has the same rows. Holds ids and amounts only; "
    "with its customer erased, an id leads to nobody.",
    sqlite_with_rowid=False,
)
Index("history_of_customer", history.c.customer_id, history.c.time, history.c.sale_id)
Index("history_time", history.c.time)
