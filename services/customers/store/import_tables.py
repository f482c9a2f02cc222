"""The table of the rows that were taken over from other systems."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from services.customers.store.tables import METADATA

import_row = Table(
    "import_row",
    METADATA,
    Column("row_id", Text, primary_key=True, comment="Keyed hash of source and key, by which the row is known again."),
    Column("customer_id", Text, nullable=False, comment="Who came of it, by the id of then."),
    Column("mark", LargeBinary, comment="Keyed hash of what the row said; null once its customer is erased."),
    Column("imported_at", Text, nullable=False),
    comment="Rows taken over from other systems, so that none is taken over twice. No personal data: keyed hashes "
    "and ids; with its customer erased, a row leads to nobody, and tells that they are not to come back. "
    "Eraser of the mark: forget_marks.",
    sqlite_with_rowid=False,
)
Index("import_row_of_customer", import_row.c.customer_id)
