"""The tables of the catalogue: items with their codes and dated prices, and the tax rates.

Never here: what was sold at which price; a sale keeps that itself.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from services.checkout.store.tables import METADATA

item = Table(
    "item",
    METADATA,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("tax_class", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("tags", Text, nullable=False, comment="A JSON list."),
    Column("minimum_age", Integer),
    Column("changed_at", Text, nullable=False),
    sqlite_with_rowid=False,
)

linked_item = Table(
    "linked_item",
    METADATA,
    Column("item_code", Text, ForeignKey("item.code"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("linked_code", Text, ForeignKey("item.code"), nullable=False),
    sqlite_with_rowid=False,
)
Index("linked_item_by", linked_item.c.linked_code)

barcode = Table(
    "barcode",
    METADATA,
    Column("gtin", Text, primary_key=True, comment="Fourteen digits, zeros in front."),
    Column("text", Text, nullable=False, comment="As it was entered."),
    Column("item_code", Text, ForeignKey("item.code"), nullable=False),
    Column("place", Integer, nullable=False),
    sqlite_with_rowid=False,
)
Index("barcode_item", barcode.c.item_code)

item_price = Table(
    "item_price",
    METADATA,
    Column("item_code", Text, ForeignKey("item.code"), primary_key=True),
    Column("from_day", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="The highest counts; none is changed."),
    Column("amount", BigInteger, nullable=False),
    Column("entered_at", Text, nullable=False),
    sqlite_with_rowid=False,
)

tax_rate = Table(
    "tax_rate",
    METADATA,
    Column("country", Text, primary_key=True),
    Column("tax_class", Text, primary_key=True),
    Column("from_day", Text, primary_key=True),
    Column("treatment", Text, nullable=False),
    Column("rate", Text, nullable=False),
    Column("source", Text, nullable=False),
    sqlite_with_rowid=False,
)
