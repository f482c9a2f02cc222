"""The tables of merging, suppression, erasure and sealed buyers."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, false

from services.customers.store.tables import METADATA

customer_alias = Table(
    "customer_alias",
    METADATA,
    Column("customer_id", Text, primary_key=True),
    Column("into_id", Text, nullable=False, comment="Whom it was merged into, who may have been merged since."),
    Column("merge_id", Text, nullable=False),
    comment="The ids of merged customers. No personal data: ids that lead to one another.",
    sqlite_with_rowid=False,
)
Index("customer_alias_into", customer_alias.c.into_id)

customer_merge = Table(
    "customer_merge",
    METADATA,
    Column("merge_id", Text, primary_key=True),
    Column("survivor_id", Text, nullable=False),
    Column("loser_id", Text, nullable=False),
    Column("merged_at", Text, nullable=False),
    Column("undone_at", Text),
    Column("staff_id", Text),
    Column("kept", Text, comment="Both as they were and what came of it, as JSON; null once it cannot be undone."),
    Column("loser_mark", LargeBinary, comment="Of the loser's creation."),
    Column("goes_back", Integer, comment="In this order balances go back; null where nothing waits for that."),
    comment="Who was merged into whom. Eraser: MergeStore.erase, which leaves the ids.",
    sqlite_with_rowid=False,
)
Index("customer_merge_survivor", customer_merge.c.survivor_id)
Index("customer_merge_loser", customer_merge.c.loser_id)
Index(
    "customer_merge_goes_back",
    customer_merge.c.goes_back,
    sqlite_where=customer_merge.c.goes_back.is_not(None),
    postgresql_where=customer_merge.c.goes_back.is_not(None),
)

suppression = Table(
    "suppression",
    METADATA,
    Column("digest", LargeBinary, primary_key=True, comment="Keyed hash of purpose, channel and address."),
    Column("recorded_at", Text, nullable=False),
    comment="Addresses that are not written to, whoever brings them again; outlives erasure. No personal data: "
    "without the key, which is in no database, no address is found by it.",
    sqlite_with_rowid=False,
)

suppression_exception = Table(
    "suppression_exception",
    METADATA,
    Column("digest", LargeBinary, primary_key=True, comment="Of the suppression for every purpose."),
    Column("purpose", Text, primary_key=True),
    comment="Purposes that a yes allows an address that is suppressed for every purpose. No personal data: as for "
    "the suppression itself.",
    sqlite_with_rowid=False,
)

erasure = Table(
    "erasure",
    METADATA,
    Column("erasure_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("staff_id", Text),
    Column("erased_at", Text, nullable=False),
    Column("epoch", Integer, nullable=False, comment="Where this journal tells of it."),
    Column("number", Integer, nullable=False),
    Column("finished_at", Text),
    Column(
        "seal",
        Text,
        comment="Of a certificate of before, which no other is made of; empty until it is put down. Null where it "
        "follows from the ids.",
    ),
    comment="Erasures and how far they came. No personal data: the ids lead to nobody.",
    sqlite_with_rowid=False,
)
Index("erasure_waiting", erasure.c.erased_at, sqlite_where=erasure.c.finished_at.is_(None))
Index("erasure_at", erasure.c.erased_at)

erasure_service = Table(
    "erasure_service",
    METADATA,
    Column("erasure_id", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("acknowledged_at", Text),
    comment="Which service has done its part of an erasure. No personal data.",
    sqlite_with_rowid=False,
)

buyer_record = Table(
    "buyer_record",
    METADATA,
    Column("record_id", Text, primary_key=True),
    Column("sale_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("sealed_at", Text, nullable=False),
    Column("keep_until", Text, nullable=False, comment="The last day of it; past it the row goes, unless held."),
    Column("held", Boolean, nullable=False, server_default=false()),
    Column("buyer", Text, nullable=False, comment="Name, company, address and VAT number as they were, as JSON."),
    CheckConstraint("reason IN ('invoice', 'account', 'exemption')", name="buyer_record_reason"),
    comment="Who bought where law wants it known. Outlives erasure by law. Eraser: BuyerStore.forget_due.",
    sqlite_with_rowid=False,
)
Index("buyer_record_sale", buyer_record.c.sale_id)
Index("buyer_record_customer", buyer_record.c.customer_id)
Index("buyer_record_due", buyer_record.c.keep_until)

leaving_buyer = Table(
    "leaving_buyer",
    METADATA,
    Column("customer_id", Text, primary_key=True),
    Column("erasure_id", Text, nullable=False),
    Column("buyer", Text, nullable=False, comment="As a sealed buyer's."),
    comment="Who was erased, as they bought, until the sales that were completed before are heard. Eraser: "
    "BuyerStore.let_go.",
    sqlite_with_rowid=False,
)
Index("leaving_buyer_erasure", leaving_buyer.c.erasure_id)

access_note = Table(
    "access_note",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("staff_id", Text),
    Column("caller", Text, nullable=False),
    Column("customer_id", Text),
    Column("records", Integer, nullable=False, comment="How many customers it was about."),
    comment="Who saw details or took them away; goes after AccessStore's days. No personal data of a customer: "
    "with them erased, an id leads to nobody.",
)
Index("access_note_customer", access_note.c.customer_id, access_note.c.number)
Index("access_note_at", access_note.c.at)
