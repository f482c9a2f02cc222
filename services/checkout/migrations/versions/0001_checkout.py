"""Checkout's tables: sales while open and for ever, items and their prices, tax rates, registers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "item",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False, comment="A JSON list."),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "known_policy",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("on_unavailable", sa.Text(), nullable=False),
        sa.Column("attribution", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("only"),
    )
    op.create_table(
        "register",
        sa.Column("register_id", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False, comment="Given once, when the register first sold."),
        sa.Column("series", sa.Integer(), nullable=False, comment="A restore, reset or replacement opens a new one."),
        sa.Column("next_receipt", sa.Integer(), nullable=False),
        sa.Column("next_transaction", sa.Integer(), nullable=False),
        sa.Column(
            "state_revision", sa.Integer(), nullable=False, comment="Of the register's state when no sale is open."
        ),
        sa.PrimaryKeyConstraint("register_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "store_data",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="A JSON list of lines."),
        sa.Column("vat_id", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("from_time", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "tax_rate",
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Text(), nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("country", "tax_class", "from_day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "barcode",
        sa.Column("gtin", sa.Text(), nullable=False, comment="Fourteen digits, zeros in front."),
        sa.Column("text", sa.Text(), nullable=False, comment="As it was entered."),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_code"],
            ["item.code"],
        ),
        sa.PrimaryKeyConstraint("gtin"),
        sqlite_with_rowid=False,
    )
    op.create_index("barcode_item", "barcode", ["item_code"], unique=False)
    op.create_table(
        "item_price",
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Text(), nullable=False),
        sa.Column(
            "version", sa.Integer(), autoincrement=False, nullable=False, comment="The highest counts; none is changed."
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_code"],
            ["item.code"],
        ),
        sa.PrimaryKeyConstraint("item_code", "from_day", "version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "linked_item",
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("linked_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_code"],
            ["item.code"],
        ),
        sa.ForeignKeyConstraint(
            ["linked_code"],
            ["item.code"],
        ),
        sa.PrimaryKeyConstraint("item_code", "place"),
        sqlite_with_rowid=False,
    )
    op.create_index("linked_item_by", "linked_item", ["linked_code"], unique=False)
    op.create_table(
        "sale",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("register_id", sa.Text(), nullable=False),
        sa.Column("transaction_number", sa.Integer(), nullable=False),
        sa.Column("transaction_kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("business_day", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("aborted_at", sa.Text(), nullable=True),
        sa.Column("register_serial", sa.Text(), nullable=False),
        sa.Column("software_version", sa.Text(), nullable=False),
        sa.Column("store_data_version", sa.Integer(), nullable=False),
        sa.Column("cashier_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("sealed_buyer_id", sa.Text(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=False, comment="A JSON list."),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=True),
        sa.Column("receipt_wanted", sa.Text(), nullable=True, comment="print or none"),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("rounding", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Text(), nullable=True, comment="Of the event that told its end."),
        sa.Column("event_epoch", sa.Integer(), nullable=True),
        sa.Column("event_number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["register_id"],
            ["register.register_id"],
        ),
        sa.ForeignKeyConstraint(
            ["store_data_version"],
            ["store_data.version"],
        ),
        sa.PrimaryKeyConstraint("sale_id"),
        sa.UniqueConstraint("receipt_number"),
        sa.UniqueConstraint("register_id", "transaction_number"),
        sqlite_with_rowid=False,
    )
    op.create_index("sale_customer", "sale", ["customer_id"], unique=False)
    op.create_index("sale_event_number", "sale", ["event_number"], unique=False)
    op.create_table(
        "decision",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("settings_revision", sa.Integer(), nullable=True),
        sa.Column("items", sa.Text(), nullable=False, comment="A JSON list."),
        sa.Column("tender_kind", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False, comment="The digest of what it was about."),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["sale.sale_id"],
        ),
        sa.PrimaryKeyConstraint("sale_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fiscal_record",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="not_required, pending, signed or failed"),
        sa.Column("transaction_number", sa.Text(), nullable=True),
        sa.Column("signature_counter", sa.Text(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("device_serial", sa.Text(), nullable=True),
        sa.Column("started_at", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["sale.sale_id"],
        ),
        sa.PrimaryKeyConstraint("sale_id", "place"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "line_item",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line_item_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("unit_price_listed", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("supply_date", sa.Text(), nullable=False),
        sa.Column("follows", sa.Text(), nullable=True),
        sa.Column("warranty_until", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["sale.sale_id"],
        ),
        sa.PrimaryKeyConstraint("sale_id", "place"),
        sa.UniqueConstraint("sale_id", "line_item_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "receipt_number",
        sa.Column("register_id", sa.Text(), nullable=False),
        sa.Column("series", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["register_id"],
            ["register.register_id"],
        ),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["sale.sale_id"],
        ),
        sa.PrimaryKeyConstraint("register_id", "series", "number"),
        sa.UniqueConstraint("sale_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sale_draft",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("register_id", sa.Text(), nullable=False, comment="A register has one open sale."),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "state_base", sa.Integer(), nullable=False, comment="Added to the revision it is the register's state's."
        ),
        sa.Column("document", sa.Text(), nullable=False, comment="The open sale as JSON."),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["sale.sale_id"],
        ),
        sa.PrimaryKeyConstraint("sale_id"),
        sa.UniqueConstraint("register_id"),
    )
    op.create_index("sale_draft_customer", "sale_draft", ["customer_id"], unique=False)
    op.create_table(
        "tender",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tender_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("tendered", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("rounding", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["sale.sale_id"],
        ),
        sa.PrimaryKeyConstraint("sale_id", "place"),
        sa.UniqueConstraint("sale_id", "tender_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attribution_share",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False, comment="A change is a new version."),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sale_id", "place"],
            ["line_item.sale_id", "line_item.place"],
        ),
        sa.PrimaryKeyConstraint("sale_id", "place", "version", "part"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "line_tax",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sale_id", "place"],
            ["line_item.sale_id", "line_item.place"],
        ),
        sa.PrimaryKeyConstraint("sale_id", "place", "part"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "serial_number",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sale_id", "place"],
            ["line_item.sale_id", "line_item.place"],
        ),
        sa.PrimaryKeyConstraint("sale_id", "place", "serial_number"),
        sqlite_with_rowid=False,
    )
    op.create_index("serial_number_found", "serial_number", ["serial_number"], unique=False)
