"""The ledgers: entries, balances, reservations, account terms, the loyalty programme, vouchers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Text(), nullable=False, comment="A customer's or a voucher's id."),
        sa.Column(
            "number", sa.Integer(), autoincrement=False, nullable=False, comment="Counts the holder's entries from 1."
        ),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "amount", sa.Integer(), nullable=False, comment="Minor units, or points; of an account what is owed more."
        ),
        sa.Column("balance", sa.Integer(), nullable=False, comment="What all up to this one add up to."),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False, comment="Business day."),
        sa.Column("sale_id", sa.Text(), nullable=True),
        sa.Column("staff_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("expires_on", sa.Text(), nullable=True, comment="The last day on which it can be spent."),
        sa.Column("due_on", sa.Text(), nullable=True, comment="The last day on which it is paid in time."),
        sa.Column(
            "not_on_time",
            sa.Text(),
            nullable=True,
            comment="Why its reservation did not hold any more when the sale came.",
        ),
        sa.Column(
            "lot", sa.Text(), nullable=True, comment="The entry that it takes from, where it takes from no other."
        ),
        sa.Column("transfer_id", sa.Text(), nullable=True, comment="The merge that moved it."),
        sa.PrimaryKeyConstraint("ledger", "holder_id", "number"),
        sa.UniqueConstraint("entry_id", name="ledger_entry_id"),
        comment="What was booked; rows are only added. Holds ids and amounts only; with its customer erased, "
        "an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ledger_entry_late",
        "ledger_entry",
        ["at"],
        unique=False,
        sqlite_where=sa.text("not_on_time IS NOT NULL"),
        postgresql_where=sa.text("not_on_time IS NOT NULL"),
    )
    op.create_index(
        "ledger_entry_sale",
        "ledger_entry",
        ["sale_id"],
        unique=False,
        sqlite_where=sa.text("sale_id IS NOT NULL"),
        postgresql_where=sa.text("sale_id IS NOT NULL"),
    )
    op.create_index(
        "ledger_entry_transfer",
        "ledger_entry",
        ["transfer_id"],
        unique=False,
        sqlite_where=sa.text("transfer_id IS NOT NULL"),
        postgresql_where=sa.text("transfer_id IS NOT NULL"),
    )
    op.create_table(
        "ledger_balance",
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Text(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False, comment="What held reservations add up to."),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("expires_on", sa.Text(), nullable=True, comment="The earliest last day of what is left."),
        sa.Column(
            "active_at",
            sa.Text(),
            nullable=True,
            comment="When the holder last did something; points fall asleep after it.",
        ),
        sa.PrimaryKeyConstraint("ledger", "holder_id"),
        comment="What the entries come to, kept so that no sale waits for a sum; audited against them. Holds "
        "ids and amounts only; with its customer erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index("ledger_balance_active", "ledger_balance", ["ledger", "active_at"], unique=False)
    op.create_index(
        "ledger_balance_expires",
        "ledger_balance",
        ["expires_on"],
        unique=False,
        sqlite_where=sa.text("expires_on IS NOT NULL"),
        postgresql_where=sa.text("expires_on IS NOT NULL"),
    )
    op.create_table(
        "reservation",
        sa.Column("reservation_id", sa.Text(), nullable=False),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("tender_id", sa.Text(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('held', 'captured', 'released', 'expired')", name="reservation_state"),
        sa.PrimaryKeyConstraint("reservation_id"),
        comment="What is kept of a balance for a tender of a sale. Holds ids and amounts only; with its "
        "customer erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "reservation_expires",
        "reservation",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "reservation_held",
        "reservation",
        ["ledger", "holder_id"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index("reservation_sale", "reservation", ["sale_id"], unique=False)
    op.create_table(
        "account_terms",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("credit_limit", sa.Integer(), nullable=True, comment="Null is no limit, 0 no credit."),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=True),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "revision"),
        comment="How much may be owed and how long; rows are only added, the newest counts. Holds ids and "
        "amounts only; with its customer erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "loyalty_programme",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False, comment="In force for sales completed from then on."),
        sa.Column("document", sa.LargeBinary(), nullable=False, comment="The whole programme as JSON."),
        sa.Column("staff_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("revision"),
        comment="The terms of the loyalty programme; rows are only added. Holds nothing about a customer.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "loyalty_member",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("terms_version", sa.Text(), nullable=False),
        sa.Column(
            "joined_at", sa.Text(), nullable=False, comment="When these terms were accepted; number 1 is the joining."
        ),
        sa.Column("bonus", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Text(), nullable=True, comment="The merge that brought it."),
        sa.PrimaryKeyConstraint("customer_id", "number"),
        comment="Who has joined, with which terms; rows are only added. Holds ids and amounts only; with its "
        "customer erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "loyalty_sale",
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False, comment="What earned, minor units."),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False, comment="What of the base returns gave back."),
        sa.PrimaryKeyConstraint("sale_id"),
        comment="What each sale earned, so that a return takes back just that. Holds ids and amounts only; "
        "with its customer erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "voucher",
        sa.Column("voucher_id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=True),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Text(), nullable=True),
        sa.Column("sale_id", sa.Text(), nullable=True),
        sa.Column("register", sa.Text(), nullable=True, comment="Which sold it, and may print its code."),
        sa.Column("staff_id", sa.Text(), nullable=True),
        sa.CheckConstraint("(purpose = 'single_purpose') = (tax_class IS NOT NULL)", name="voucher_purpose"),
        sa.PrimaryKeyConstraint("voucher_id"),
        sa.UniqueConstraint("code_hash", name="voucher_code_hash"),
        comment="Vouchers, known by a hash of their code; what is on them is in the ledger. Bearer: nobody's data.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "voucher_sale",
        "voucher",
        ["sale_id"],
        unique=False,
        sqlite_where=sa.text("sale_id IS NOT NULL"),
        postgresql_where=sa.text("sale_id IS NOT NULL"),
    )
