"""The tables of registers and sales.

A sale holds a customer's id and no detail of a person. Where law needs the buyer, ``sealed_buyer_id``
points to a record kept elsewhere, whose eraser is there. What the shop's own fields hold may tell of a person; its
eraser is ``custom.CustomValueStore.forget``. Staff ids are kept as long as the sale, those of skips and waivers as
long as the settings say.
Amounts are minor units, rates percentages and quantities exact decimals as text, times UTC.

Never here: items (``catalogue_tables.py``), and what others told checkout (``known_tables.py``).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

register = Table(
    "register",
    METADATA,
    Column("register_id", Text, primary_key=True),
    Column("serial", Text, nullable=False, comment="Given once, when the register first sold."),
    Column("series", Integer, nullable=False, comment="A restore, reset or replacement opens a new one."),
    Column("next_receipt", Integer, nullable=False),
    Column("next_transaction", Integer, nullable=False),
    Column("state_revision", Integer, nullable=False, comment="Of the register's state when no sale is open."),
    sqlite_with_rowid=False,
)

store_data = Table(
    "store_data",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("legal_name", Text, nullable=False),
    Column("address", Text, nullable=False, comment="A JSON list of lines."),
    Column("vat_id", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("from_time", Text, nullable=False),
)

sale = Table(
    "sale",
    METADATA,
    Column("sale_id", Text, primary_key=True),
    Column("register_id", Text, ForeignKey("register.register_id"), nullable=False),
    Column("transaction_number", Integer, nullable=False),
    Column("transaction_kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("business_day", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("aborted_at", Text),
    Column("register_serial", Text, nullable=False),
    Column("software_version", Text, nullable=False),
    Column("store_data_version", Integer, ForeignKey("store_data.version"), nullable=False),
    Column("cashier_id", Text, nullable=False),
    Column("customer_id", Text),
    Column("sealed_buyer_id", Text),
    Column("flags", Text, nullable=False, comment="A JSON list."),
    Column("void_reason", Text),
    Column("receipt_number", Text, unique=True),
    Column("receipt_wanted", Text, comment="print or none"),
    Column("language", Text),
    Column("total", BigInteger),
    Column("rounding", BigInteger),
    Column("event_id", Text, comment="Of the event that told its end."),
    Column("event_epoch", Integer),
    Column("event_number", Integer),
    Column("customer_group", Text, comment="Of the customer, as the sale knew it."),
    Column("sealed_reason", Text, comment="Why the law wants the buyer known."),
    UniqueConstraint("register_id", "transaction_number"),
    sqlite_with_rowid=False,
)
Index("sale_event_number", sale.c.event_number)
Index("sale_customer", sale.c.customer_id)

sale_draft = Table(
    "sale_draft",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("register_id", Text, nullable=False, unique=True, comment="A register has one open sale."),
    Column("customer_id", Text),
    Column("revision", Integer, nullable=False),
    Column("state_base", Integer, nullable=False, comment="Added to the revision it is the register's state's."),
    Column("document", Text, nullable=False, comment="The open sale as JSON."),
)
Index("sale_draft_customer", sale_draft.c.customer_id)

receipt_number = Table(
    "receipt_number",
    METADATA,
    Column("register_id", Text, ForeignKey("register.register_id"), primary_key=True),
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sale_id", Text, ForeignKey("sale.sale_id"), nullable=False, unique=True),
    sqlite_with_rowid=False,
)

line_item = Table(
    "line_item",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("line_item_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("item_code", Text),
    Column("name", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("unit_price_listed", BigInteger, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("supply_date", Text, nullable=False),
    Column("follows", Text),
    Column("warranty_until", Text),
    Column(
        "redeemed",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="What of the discount the customer's points paid for.",
    ),
    UniqueConstraint("sale_id", "line_item_id"),
    sqlite_with_rowid=False,
)

serial_number = Table(
    "serial_number",
    METADATA,
    Column("sale_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("serial_number", Text, primary_key=True),
    ForeignKeyConstraint(["sale_id", "place"], ["line_item.sale_id", "line_item.place"]),
    sqlite_with_rowid=False,
)
Index("serial_number_found", serial_number.c.serial_number)

line_tax = Table(
    "line_tax",
    METADATA,
    Column("sale_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("tax_class", Text, nullable=False),
    Column("treatment", Text, nullable=False),
    Column("rate", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    ForeignKeyConstraint(["sale_id", "place"], ["line_item.sale_id", "line_item.place"]),
    sqlite_with_rowid=False,
)

attribution_share = Table(
    "attribution_share",
    METADATA,
    Column("sale_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="A change is a new version."),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("staff_id", Text, nullable=False),
    Column("basis_points", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    ForeignKeyConstraint(["sale_id", "place"], ["line_item.sale_id", "line_item.place"]),
    sqlite_with_rowid=False,
)

attribution_change = Table(
    "attribution_change",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="From 2; 1 is the sale's own."),
    Column("staff_id", Text, nullable=False),
    Column("approved_by", Text),
    Column("changed_at", Text, nullable=False),
    Column("event_number", Integer, nullable=False, comment="Of the event that told it."),
    sqlite_with_rowid=False,
)

prompt_skip = Table(
    "prompt_skip",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("staff_id", Text, nullable=False),
    Column("code", Text, nullable=False, server_default="", comment="What was missing."),
    sqlite_with_rowid=False,
)

rule_waiver = Table(
    "rule_waiver",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, nullable=False),
    Column("staff_id", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("code", Text, nullable=False, server_default="", comment="What was missing."),
    sqlite_with_rowid=False,
)

tender = Table(
    "tender",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("tender_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("tendered", BigInteger, nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("rounding", BigInteger, nullable=False),
    Column("reservation_id", Text, comment="Of the balance that it spends."),
    Column("holder_id", Text, comment="Whose balance: a customer's id or a voucher's."),
    Column("units", BigInteger, comment="What the amount is in that balance: minor units, or points."),
    Column("purpose", Text, comment="Of a voucher: single_purpose or multi_purpose."),
    Column("tax_class", Text, comment="Of a single-purpose voucher."),
    UniqueConstraint("sale_id", "tender_id"),
    sqlite_with_rowid=False,
)

settled_tax = Table(
    "settled_tax",
    METADATA,
    Column("sale_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("tax_class", Text, nullable=False),
    Column("treatment", Text, nullable=False),
    Column("rate", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    ForeignKeyConstraint(["sale_id", "place"], ["tender.sale_id", "tender.place"]),
    comment="The tax in what single-purpose vouchers paid, which was settled when they were sold.",
    sqlite_with_rowid=False,
)

redemption = Table(
    "redemption",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("redemption_id", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reservation_id", Text, nullable=False),
    Column("holder_id", Text, nullable=False, comment="Whose points: a customer's id."),
    Column("units", BigInteger, nullable=False, comment="Points."),
    sqlite_with_rowid=False,
)

custom_value = Table(
    "custom_value",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("line_item_id", Text, primary_key=True, comment="Empty for a field of the sale itself."),
    Column("field_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False, comment="What it was called when it was filled."),
    Column("printed", Boolean, nullable=False),
    Column("value", Text, nullable=False, comment="As JSON. It may hold a person's data."),
    sqlite_with_rowid=False,
)

decision = Table(
    "decision",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("decision_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("settings_revision", Integer),
    Column("items", Text, nullable=False, comment="A JSON list."),
    Column("tender_kind", Text),
    Column("content", Text, nullable=False, comment="The digest of what it was about."),
    Column("held", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

fiscal_record = Table(
    "fiscal_record",
    METADATA,
    Column("sale_id", Text, ForeignKey("sale.sale_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("provider", Text, nullable=False),
    Column("state", Text, nullable=False, comment="not_required, pending, signed or failed"),
    Column("transaction_number", Text),
    Column("signature_counter", Text),
    Column("signature", Text),
    Column("device_serial", Text),
    Column("started_at", Text),
    Column("finished_at", Text),
    Column("error", Text),
    sqlite_with_rowid=False,
)

unwiped = Table(
    "unwiped",
    METADATA,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("since", Text, nullable=False, comment="When something of an erased customer was last deleted."),
)
