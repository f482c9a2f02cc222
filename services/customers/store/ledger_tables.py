"""The tables of the ledgers. They hold ids and amounts; with its customer erased, an id leads to nobody."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from services.customers.store.tables import METADATA

_NOBODY = "Holds ids and amounts only; with its customer erased, an id leads to nobody."

ledger_entry = Table(
    "ledger_entry",
    METADATA,
    Column("ledger", Text, primary_key=True),
    Column("holder_id", Text, primary_key=True, comment="A customer's or a voucher's id."),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="Counts the holder's entries from 1."),
    Column("entry_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", Integer, nullable=False, comment="Minor units, or points; of an account what is owed more."),
    Column("balance", Integer, nullable=False, comment="What all up to this one add up to."),
    Column("at", Text, nullable=False),
    Column("day", Text, nullable=False, comment="Business day."),
    Column("sale_id", Text),
    Column("staff_id", Text),
    Column("reason", Text),
    Column("expires_on", Text, comment="The last day on which it can be spent."),
    Column("due_on", Text, comment="The last day on which it is paid in time."),
    Column("not_on_time", Text, comment="Why its reservation did not hold any more when the sale came."),
    Column("lot", Text, comment="The entry that it takes from, where it takes from no other."),
    Column("transfer_id", Text, comment="The merge that moved it."),
    Column("since", Text, comment="The business day of what was moved; null where nothing was."),
    UniqueConstraint("entry_id", name="ledger_entry_id"),
    comment=f"What was booked; rows are only added. {_NOBODY}",
    sqlite_with_rowid=False,
)
Index(
    "ledger_entry_sale",
    ledger_entry.c.sale_id,
    sqlite_where=ledger_entry.c.sale_id.is_not(None),
    postgresql_where=ledger_entry.c.sale_id.is_not(None),
)
Index(
    "ledger_entry_late",
    ledger_entry.c.at,
    sqlite_where=ledger_entry.c.not_on_time.is_not(None),
    postgresql_where=ledger_entry.c.not_on_time.is_not(None),
)
Index(
    "ledger_entry_transfer",
    ledger_entry.c.transfer_id,
    sqlite_where=ledger_entry.c.transfer_id.is_not(None),
    postgresql_where=ledger_entry.c.transfer_id.is_not(None),
)

entry_part = Table(
    "entry_part",
    METADATA,
    Column("ledger", Text, primary_key=True),
    Column("holder_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", Text, primary_key=True, comment="Whose it is, by the id of before any merge."),
    Column("amount", Integer, nullable=False),
    comment="Whose what of an entry is, where it is not all its holder's own; rows are only added. " + _NOBODY,
    sqlite_with_rowid=False,
)
Index("entry_part_owner", entry_part.c.owner_id)

unbooked = Table(
    "unbooked",
    METADATA,
    Column("entry_id", Text, primary_key=True, comment="Of the entry that there is not."),
    Column("ledger", Text, nullable=False),
    Column("holder_id", Text, comment="The sale's customer, a placeholder; null where it had none."),
    Column("sale_id", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("at", Text, nullable=False),
    comment=f"What sales would have booked for nobody; a person sees to it. {_NOBODY}",
    sqlite_with_rowid=False,
)
Index("unbooked_at", unbooked.c.at)

ledger_balance = Table(
    "ledger_balance",
    METADATA,
    Column("ledger", Text, primary_key=True),
    Column("holder_id", Text, primary_key=True),
    Column("balance", Integer, nullable=False),
    Column("reserved", Integer, nullable=False, comment="What held reservations add up to."),
    Column("entries", Integer, nullable=False),
    Column("expires_on", Text, comment="The earliest last day of what is left."),
    Column("active_at", Text, comment="When the holder last did something; points fall asleep after it."),
    comment=f"What the entries come to, kept so that no sale waits for a sum; audited against them. {_NOBODY}",
    sqlite_with_rowid=False,
)
Index(
    "ledger_balance_expires",
    ledger_balance.c.expires_on,
    sqlite_where=ledger_balance.c.expires_on.is_not(None),
    postgresql_where=ledger_balance.c.expires_on.is_not(None),
)
Index("ledger_balance_active", ledger_balance.c.ledger, ledger_balance.c.active_at)

ledger_part = Table(
    "ledger_part",
    METADATA,
    Column("ledger", Text, primary_key=True),
    Column("holder_id", Text, primary_key=True),
    Column("owner_id", Text, primary_key=True, comment="Whose it is, by the id of before any merge."),
    Column("balance", Integer, nullable=False),
    Column("active_at", Text, comment="When the owner last did something."),
    comment="What of a balance was others' before they were merged into its holder, or is kept there for a sale since "
    f"they were parted; audited against the entries. {_NOBODY}",
    sqlite_with_rowid=False,
)
Index("ledger_part_owner", ledger_part.c.owner_id)

reservation = Table(
    "reservation",
    METADATA,
    Column("reservation_id", Text, primary_key=True),
    Column("sale_id", Text, nullable=False),
    Column("tender_id", Text, nullable=False),
    Column("register", Text, nullable=False),
    Column("ledger", Text, nullable=False),
    Column("holder_id", Text, nullable=False),
    Column("units", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("owner_id", Text, comment="Whose sale it is, by the id of before any merge; null where the holder's."),
    CheckConstraint("state IN ('held', 'captured', 'released', 'expired')", name="reservation_state"),
    comment=f"What is kept of a balance for a tender of a sale. {_NOBODY}",
    sqlite_with_rowid=False,
)
Index("reservation_sale", reservation.c.sale_id)
Index(
    "reservation_held",
    reservation.c.ledger,
    reservation.c.holder_id,
    sqlite_where=reservation.c.state == "held",
    postgresql_where=reservation.c.state == "held",
)
Index(
    "reservation_expires",
    reservation.c.expires_at,
    sqlite_where=reservation.c.state == "held",
    postgresql_where=reservation.c.state == "held",
)

reservation_part = Table(
    "reservation_part",
    METADATA,
    Column("reservation_id", Text, primary_key=True),
    Column("owner_id", Text, primary_key=True),
    Column("units", Integer, nullable=False),
    comment=f"Of whose part a reservation keeps how much, where it is not all its holder's own. {_NOBODY}",
    sqlite_with_rowid=False,
)

account_terms = Table(
    "account_terms",
    METADATA,
    Column("customer_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("credit_limit", Integer, comment="Null is no limit, 0 no credit."),
    Column("grace_days", Integer, nullable=False),
    Column("staff_id", Text),
    Column("at", Text, nullable=False),
    Column("there", Boolean, nullable=False, server_default=true(), comment="False: none any more."),
    Column("transfer_id", Text, comment="The merge that brought them."),
    comment=f"How much may be owed and how long; rows are only added, the newest counts. {_NOBODY}",
    sqlite_with_rowid=False,
)

loyalty_programme = Table(
    "loyalty_programme",
    METADATA,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False, comment="In force for sales completed from then on."),
    Column("document", LargeBinary, nullable=False, comment="The whole programme as JSON."),
    Column("staff_id", Text),
    comment="The terms of the loyalty programme; rows are only added. Holds nothing about a customer.",
    sqlite_with_rowid=False,
)

loyalty_member = Table(
    "loyalty_member",
    METADATA,
    Column("customer_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("terms_version", Text, nullable=False),
    Column("joined_at", Text, nullable=False, comment="When these terms were accepted; number 1 is the joining."),
    Column("bonus", Integer, nullable=False),
    Column("transfer_id", Text, comment="The merge that brought it."),
    comment=f"Who has joined, with which terms; rows are only added. {_NOBODY}",
    sqlite_with_rowid=False,
)

loyalty_sale = Table(
    "loyalty_sale",
    METADATA,
    Column("sale_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("base", Integer, nullable=False, comment="What earned, minor units."),
    Column("points", Integer, nullable=False),
    Column("returned", Integer, nullable=False, comment="What of its earning lines returns gave back."),
    Column("earning", Integer, comment="What its earning lines came to; null of sales from before it was kept."),
    comment=f"What each sale earned, so that a return takes back just that. {_NOBODY}",
    sqlite_with_rowid=False,
)

voucher = Table(
    "voucher",
    METADATA,
    Column("voucher_id", Text, primary_key=True),
    Column("code_hash", LargeBinary, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("tax_class", Text),
    Column("value", Integer, nullable=False),
    Column("issued_on", Text, nullable=False),
    Column("issued_at", Text, nullable=False),
    Column("expires_on", Text),
    Column("sale_id", Text),
    Column("register", Text, comment="Which sold it, and may print its code."),
    Column("staff_id", Text),
    UniqueConstraint("code_hash", name="voucher_code_hash"),
    CheckConstraint("(purpose = 'single_purpose') = (tax_class IS NOT NULL)", name="voucher_purpose"),
    comment="Vouchers, known by a hash of their code; what is on them is in the ledger. Bearer: nobody's data.",
    sqlite_with_rowid=False,
)
Index(
    "voucher_sale",
    voucher.c.sale_id,
    sqlite_where=voucher.c.sale_id.is_not(None),
    postgresql_where=voucher.c.sale_id.is_not(None),
)
Index("voucher_issued", voucher.c.issued_on, voucher.c.voucher_id)

voucher_note = Table(
    "voucher_note",
    METADATA,
    Column("voucher_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="Counts the voucher's notes from 1."),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("staff_id", Text),
    Column("caller", Text, nullable=False),
    Column("reason", Text, comment="Why it was blocked."),
    Column("message_id", Text, nullable=False, comment="The command that did it."),
    CheckConstraint("kind IN ('given', 'blocked', 'unblocked')", name="voucher_note_kind"),
    comment="Who was given a voucher's code and who blocked it; rows are only added, of blocks the newest counts. "
    "Bearer: nobody's data.",
    sqlite_with_rowid=False,
)
