"""The tables of the customers service. The comment of each one that holds personal data names its eraser."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
)

METADATA = MetaData()

ERASER = "Eraser: CustomerStore.erase."
FOLDED = Text().with_variant(Text(collation="C"), "postgresql")
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
    Column("receipt", Text, comment="How the customer likes to get receipts."),
    Column("notes", Text, nullable=False, server_default=""),
    Column("birth_date", Text),
    Column("more", Text, nullable=False, server_default="{}", comment="Details that nobody is looked for by, as JSON."),
    Column("name_key", FOLDED, nullable=False, server_default="", comment="Who has the same name, whatever its order."),
    Column(
        "creation_mark", LargeBinary, nullable=False, comment="Hash of the creation, by which its repetition is known."
    ),
    Column("created_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    comment=f"Who buys. {ERASER}",
    sqlite_with_rowid=False,
)

Index("customer_name", customer.c.name_key, customer.c.birth_date)
Index("customer_in_group", customer.c.customer_group)

customer_group = Table(
    "customer_group",
    METADATA,
    Column("group_id", Text, primary_key=True),
    Column("name", Text, nullable=False, comment="The shop's own word for it."),
    Column(
        "deleted",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="It is deleted, and its last members are on their way.",
    ),
    comment="Groups of customers; each customer is in exactly one. No personal data.",
    sqlite_with_rowid=False,
)

customer_email = Table(
    "customer_email",
    METADATA,
    Column("customer_id", Text, ForeignKey("customer.customer_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False, comment="0 is the main one."),
    Column("email", Text, nullable=False),
    Column("folded", FOLDED, nullable=False),
    comment=f"Emails, normalised. {ERASER}",
    sqlite_with_rowid=False,
)
Index("customer_email_folded", customer_email.c.folded)

customer_phone = Table(
    "customer_phone",
    METADATA,
    Column("customer_id", Text, ForeignKey("customer.customer_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False, comment="0 is the main one."),
    Column("phone", Text, nullable=False, comment="E.164"),
    Column("digits", FOLDED, nullable=False, comment="Without the plus, found by its beginning."),
    Column("reversed", FOLDED, nullable=False, comment="Turned around, found by its last digits."),
    comment=f"Phones. {ERASER}",
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
    Column("blocked", Boolean, nullable=False, server_default=false(), comment="A lost card's."),
    Column(
        "key", FOLDED, nullable=False, server_default="", comment="The code in lower case, by which it is compared."
    ),
    comment=f"Codes on cards, each of one customer. {ERASER}",
    sqlite_with_rowid=False,
)
Index("customer_code_customer", customer_code.c.customer_id)
Index("customer_code_key", customer_code.c.key)

customer_address = Table(
    "customer_address",
    METADATA,
    Column("customer_id", Text, ForeignKey("customer.customer_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False, comment="As JSON."),
    Column("postcode_key", FOLDED, nullable=False, comment="Letters and digits of the postcode."),
    Column("door_key", FOLDED, nullable=False, comment="The same, then those of house number and addition."),
    comment=f"Where goods and bills are sent. {ERASER}",
    sqlite_with_rowid=False,
)
Index("customer_address_postcode", customer_address.c.postcode_key, customer_address.c.customer_id)
Index("customer_address_door", customer_address.c.door_key)

customer_key = Table(
    "customer_key",
    METADATA,
    Column("key", FOLDED, primary_key=True, comment="A folded word of a name and the words around it."),
    Column("customer_id", Text, ForeignKey("customer.customer_id"), primary_key=True),
    comment=f"What customers are found by as somebody types. {ERASER}",
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
    Column("number", Integer, nullable=False, server_default="0", comment="Order."),
    Column("asked_id", Text, comment="The question that this settles."),
    Column("merge_id", Text, comment="The merge that brought it."),
    CheckConstraint(
        "state IN ('unknown', 'denied', 'pending', 'granted', 'confirmed', 'withdrawn')", name="consent_state"
    ),
    CheckConstraint("source IN ('staff', 'customer_display', 'import', 'api')", name="consent_source"),
    CheckConstraint(
        "basis = 'consent' OR (basis = 'existing_customer' AND sale_id IS NOT NULL AND notice_id IS NOT NULL)",
        name="consent_basis",
    ),
    comment="What a person said about being written to; rows are only added, the newest one of an address counts. "
    f"{ERASER}",
    sqlite_with_rowid=False,
)
Index("consent_customer", consent.c.customer_id, consent.c.purpose, consent.c.channel, consent.c.recorded_at)
Index("consent_number", consent.c.number)
Index("consent_list", consent.c.purpose, consent.c.channel, consent.c.customer_id)
Index("consent_asked", consent.c.asked_id)
Index("consent_merge", consent.c.merge_id, sqlite_where=consent.c.merge_id.is_not(None))

erased_customer = Table(
    "erased_customer",
    METADATA,
    Column("customer_id", Text, primary_key=True),
    Column("erased_at", Text, nullable=False),
    comment="Ids that stand for nobody any more and are never given again. No personal data: they lead to nobody.",
    sqlite_with_rowid=False,
)

custom_field = Table(
    "custom_field",
    METADATA,
    Column("field_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False, comment="Of all fields together, when this one last changed."),
    Column("field", Text, nullable=False, comment="Its definition, as JSON."),
    comment="What the shop keeps of customers, sales and lines beyond what everybody keeps. No personal data.",
    sqlite_with_rowid=False,
)

history_note = Table(
    "history_note",
    METADATA,
    Column("note_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("revision", Integer, comment="Of the record, after a change of it."),
    Column("fields", Text, nullable=False, comment="Names of the details that changed, as JSON; never what they held."),
    Column("staff_id", Text),
    Column("sale_id", Text),
    Column("amount", Integer, comment="Minor units, or points."),
    Column("currency", Text),
    Column("reference", Text, comment="An id or a code of what it is about."),
    comment="What befell customers besides their sales: facts, only added. No personal data: ids, codes and amounts; "
    "with its customer erased, an id leads to nobody.",
    sqlite_with_rowid=False,
)
Index("history_note_of_customer", history_note.c.customer_id, history_note.c.time, history_note.c.note_id)

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
    comment="Projection of checkout's journal: wiped and replayed it has the same rows. No personal data: ids and "
    "amounts; with its customer erased, an id leads to nobody.",
    sqlite_with_rowid=False,
)
Index("history_of_customer", history.c.customer_id, history.c.time, history.c.sale_id)
Index("history_time", history.c.time)
