"""The writer's memory of the catalogue never holds what was not committed, nor what was changed since."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from contracts.checkout.catalogue import Item, ItemNotFound
from services.checkout.store.catalogue import CatalogueStore, Remembered, RememberedCatalogue
from services.checkout.store.tables import METADATA
from tests.services.checkout.shop import thing

AT = "2026-03-02T09:00:00.000000Z"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'catalogue.sqlite3'}")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


class Work:
    """One transaction with the memory, whose effects come when it is committed."""

    def __init__(self, connection: Connection, remembered: Remembered) -> None:
        self.effects: list[Callable[[], None]] = []
        self.items = RememberedCatalogue(CatalogueStore(connection), remembered, self.effects.append)

    def price(self, text: str = "tea") -> int:
        return self.items.find(text).prices[0].amount

    def put(self, *items: Item) -> None:
        self.items.put(items, {}, AT)

    def commit(self) -> None:
        for effect in self.effects:
            effect()


def filled(connection: Connection, price: int = 250) -> Remembered:
    remembered = Remembered()
    work = Work(connection, remembered)
    work.put(thing("tea", price, barcode="2000000000015"))
    work.price()
    connection.commit()
    work.commit()
    return remembered


def test_what_was_committed_is_read_without_the_database(connection: Connection) -> None:
    remembered = filled(connection)
    connection.close()

    assert Work(connection, remembered).price() == 250


def test_what_was_rolled_back_is_not_remembered(connection: Connection) -> None:
    remembered = filled(connection)
    work = Work(connection, remembered)
    work.put(thing("tea", 300))
    assert work.price() == 300
    connection.rollback()

    assert Work(connection, remembered).price() == 250


def test_what_was_read_before_a_change_is_not_remembered_after_it(connection: Connection) -> None:
    filled(connection)
    remembered = Remembered()
    reading, changing = Work(connection, remembered), Work(connection, remembered)
    assert reading.price() == 250

    changing.put(thing("tea", 300))
    connection.commit()
    reading.commit()
    changing.commit()

    assert Work(connection, remembered).price() == 300


def test_a_change_is_seen_at_once_by_what_follows_in_the_same_transaction(connection: Connection) -> None:
    remembered = filled(connection)

    Work(connection, remembered).put(thing("tea", 300, barcode="2000000000015"))

    assert Work(connection, remembered).price("2000000000015") == 300


def test_the_memory_begins_anew_when_it_is_full(connection: Connection) -> None:
    filled(connection)
    remembered = Remembered(most=1)

    for text in ("tea", "2000000000015"):
        work = Work(connection, remembered)
        work.price(text)
        work.commit()

    assert set(remembered.items) == {"2000000000015"}


def test_what_is_not_there_is_not_found(connection: Connection) -> None:
    with pytest.raises(ItemNotFound) as refused:
        Work(connection, Remembered()).price("coffee")

    assert refused.value.details == {"field": "item"}
