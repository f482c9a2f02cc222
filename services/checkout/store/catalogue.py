"""Items, barcodes, prices and tax rates, and the memory through which the writer reads them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from contracts.checkout.catalogue import Item, ItemNotFound, ItemPrice
from contracts.ids import CountryCode, ItemCode, TaxClassCode
from services.checkout.catalogue.tax_rates import SourcedRate
from services.checkout.model.items import gtin
from services.checkout.model.taxes import DatedRate, TaxRule, TaxTable
from services.checkout.store import catalogue_tables as tables

MOST_REMEMBERED = 50_000
"""Items kept in memory; past it the memory begins anew."""

_List = msgspec.json.Decoder(tuple[str, ...])


class Remembered:
    """Items by code and barcode as committed, for the writer alone.

    ``items`` is replaced, never emptied: what was read before a change goes into the old dictionary,
    which nobody looks into any more, even when its transaction commits after the change.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self.most = most
        self.items: dict[str, Item] = {}
        self.taxes: TaxTable | None = None

    def drop(self) -> None:
        """Forget the items; a change that is rolled back only costs reading them again."""
        self.items = {}


class CatalogueStore:
    """The catalogue in the tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, text: str) -> Item:
        """The item with that code, or else with that barcode.

        Rejections:
            ItemNotFound: there is none.
        """
        items = self.read([text])
        if not items:
            digits = gtin(text)
            owners = {} if digits is None else self.owners([digits])
            items = self.read(owners.values())
        if not items:
            raise ItemNotFound(field="item")  # what was typed may be anything, and the answer is kept
        return items[0]

    def read(self, codes: Iterable[str]) -> list[Item]:
        """The items with these codes, those that there are, by code."""
        wanted = sorted(set(codes))
        if not wanted:
            return []
        rows = self._connection.execute(
            select(tables.item).where(tables.item.c.code.in_(wanted)).order_by(tables.item.c.code)
        ).all()
        if not rows:
            return []
        barcodes = self._texts(tables.barcode, "text", wanted)
        linked = self._texts(tables.linked_item, "linked_code", wanted)
        prices = self._prices(wanted)
        return [
            Item(
                code=row.code,
                name=row.name,
                kind=row.kind,
                tax_class=row.tax_class,
                barcodes=tuple(barcodes[row.code]),
                prices=tuple(ItemPrice(amount, day) for day, amount in prices[row.code].items()),
                category=row.category,
                tags=_List.decode(row.tags),
                linked=tuple(map(ItemCode, linked[row.code])),
                minimum_age=row.minimum_age,
            )
            for row in rows
        ]

    def owners(self, digits: Sequence[str]) -> dict[str, str]:
        """Of these barcodes, by their fourteen digits, the codes of the items that have them."""
        table = tables.barcode
        rows = self._connection.execute(select(table.c.gtin, table.c.item_code).where(table.c.gtin.in_(digits)))
        return {row.gtin: row.item_code for row in rows}

    def linked_by(self, codes: Sequence[str]) -> dict[str, str]:
        """Of these items, by code, one that is not among them and names them as linked."""
        table = tables.linked_item
        rows = self._connection.execute(
            select(table.c.linked_code, table.c.item_code).where(
                table.c.linked_code.in_(codes), table.c.item_code.not_in(codes)
            )
        )
        return {row.linked_code: row.item_code for row in rows}

    def put(self, items: Sequence[Item], known: dict[str, Item], at: str) -> None:
        """Create or change items. Prices are only ever added: the newest entry for a day counts."""
        codes = [item.code for item in items]
        fresh = insert(tables.item)
        self._connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[tables.item.c.code],
                set_={column.name: fresh.excluded[column.name] for column in tables.item.c if column.name != "code"},
            ),
            [
                {
                    "code": item.code,
                    "name": item.name,
                    "kind": item.kind,
                    "tax_class": item.tax_class,
                    "category": item.category,
                    "tags": msgspec.json.encode(item.tags).decode(),
                    "minimum_age": item.minimum_age,
                    "changed_at": at,
                }
                for item in items
            ],
        )
        for table in (tables.barcode, tables.linked_item):
            self._connection.execute(delete(table).where(table.c.item_code.in_(codes)))
        self._insert(
            tables.barcode,
            [
                {"gtin": gtin(text), "text": text, "item_code": item.code, "place": place}
                for item in items
                for place, text in enumerate(item.barcodes)
            ],
        )
        self._insert(
            tables.linked_item,
            [
                {"item_code": item.code, "place": place, "linked_code": linked}
                for item in items
                for place, linked in enumerate(item.linked)
            ],
        )
        self._insert(tables.item_price, self._new_prices(items, known, at))

    def count(self) -> tuple[int, int]:
        """How many items and how many barcodes there are."""
        items = self._connection.execute(select(func.count()).select_from(tables.item)).scalar_one()
        barcodes = self._connection.execute(select(func.count()).select_from(tables.barcode)).scalar_one()
        return items, barcodes

    def add_tax_rates(self, rates: Sequence[SourcedRate]) -> None:
        """Add dated rates; one that is there already stays as it is."""
        self._connection.execute(
            insert(tables.tax_rate).on_conflict_do_nothing(),
            [
                {
                    "country": rate.dated.rule.country,
                    "tax_class": rate.dated.rule.tax_class,
                    "from_day": rate.dated.from_day,
                    "treatment": rate.dated.rule.treatment,
                    "rate": str(rate.dated.rule.rate),
                    "source": rate.source,
                }
                for rate in rates
            ],
        )

    def taxes(self) -> TaxTable:
        """All dated rates."""
        return TaxTable(
            DatedRate(
                row.from_day,
                TaxRule(CountryCode(row.country), row.treatment, Decimal(row.rate), TaxClassCode(row.tax_class)),
            )
            for row in self._connection.execute(select(tables.tax_rate))
        )

    def _new_prices(self, items: Sequence[Item], known: dict[str, Item], at: str) -> list[dict[str, Any]]:
        changed = [
            (item.code, price)
            for item in items
            for price in item.prices
            if item.code not in known or price not in known[item.code].prices
        ]
        table = tables.item_price
        versions = {
            (row.item_code, row.from_day): row.version
            for row in self._connection.execute(
                select(table.c.item_code, table.c.from_day, func.max(table.c.version).label("version"))
                .where(table.c.item_code.in_({code for code, _ in changed}))
                .group_by(table.c.item_code, table.c.from_day)
            )
        }
        return [
            {
                "item_code": code,
                "from_day": price.from_day,
                "version": versions.get((code, price.from_day), 0) + 1,
                "amount": price.amount,
                "entered_at": at,
            }
            for code, price in changed
        ]

    def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)

    def _texts(self, table: Any, column: str, codes: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for row in self._connection.execute(
            select(table.c.item_code, table.c[column]).where(table.c.item_code.in_(codes)).order_by(table.c.place)
        ):
            found[row.item_code].append(row[1])
        return found

    def _prices(self, codes: Sequence[str]) -> dict[str, dict[str, int]]:
        table = tables.item_price
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for row in self._connection.execute(
            select(table).where(table.c.item_code.in_(codes)).order_by(table.c.from_day, table.c.version)
        ):
            found[row.item_code][row.from_day] = row.amount
        return found


class RememberedCatalogue:
    """The catalogue as a transaction of the writer reads it: from memory where it can."""

    def __init__(
        self, store: CatalogueStore, remembered: Remembered, after_commit: Callable[[Callable[[], None]], None]
    ) -> None:
        self._store = store
        self._remembered = remembered
        self._after_commit = after_commit

    def find(self, text: str) -> Item:
        """The item with that code, or else with that barcode.

        Rejections:
            ItemNotFound: there is none.
        """
        items = self._remembered.items
        found = items.get(text)
        if found is None:
            found = self._store.find(text)
            self._remember(items, text, found)
        return found

    @property
    def taxes(self) -> TaxTable:
        """The dated tax rates; they only change when the service starts."""
        taxes = self._remembered.taxes
        if taxes is None:
            taxes = self._store.taxes()
        return taxes

    def seed_tax_rates(self, rates: Sequence[SourcedRate]) -> None:
        """Add the shipped rates that are missing, and remember all there are."""
        self._store.add_tax_rates(rates)
        taxes = self._store.taxes()
        self._after_commit(lambda: setattr(self._remembered, "taxes", taxes))

    def put(self, items: Sequence[Item], known: dict[str, Item], at: str) -> None:
        """Create or change items."""
        self._remembered.drop()
        self._store.put(items, known, at)

    def _remember(self, items: dict[str, Item], text: str, found: Item) -> None:
        if len(items) >= self._remembered.most:
            self._remembered.drop()
            items = self._remembered.items
        self._after_commit(lambda: items.__setitem__(text, found))
