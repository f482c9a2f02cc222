"""The customers' tables: as the migrations make them, erased without a trace, found without reading them all."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from contracts.customers import GroupId
from contracts.customers.asking import HistoryEntry
from contracts.customers.groups import Group
from contracts.ids import CurrencyCode, SaleId
from services.customers.store.customers import CustomerStore
from services.customers.store.groups import GroupStore
from services.customers.store.history import HistoryStore
from services.customers.store.search import CustomerSearch
from services.customers.store.tables import METADATA, consent, customer, customer_code, erased_customer
from services.runtime.migrate import chains
from tests.services.customers.examples import MARKED, MARKS, MATTI, customer_id, record
from tests.under_test import lay_database

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
CONSENT = {
    "consent_id": "0190c000-0000-7000-8000-000000000001",
    "customer_id": MARKED.customer_id,
    "purpose": "marketing",
    "channel": "email",
    "address": MARKED.emails[0],
    "state": "granted",
    "wording_id": "w-1",
    "language": "fi",
    "source": "staff",
    "basis": "consent",
    "proven": True,
    "recorded_at": "2026-03-01T10:00:00.000000Z",
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to a database that the migrations made, foreign keys held."""
    file = tmp_path / "customers.sqlite3"
    lay_database(file, chains("customers"))
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        yield connection
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_queries_know(connection: Connection) -> None:
    context = MigrationContext.configure(
        connection, opts={"include_name": lambda name, kind, _parents: kind != "table" or name in METADATA.tables}
    )

    assert compare_metadata(context, METADATA) == []
    assert set(METADATA.tables) <= set(inspect(connection).get_table_names())


def test_every_table_says_who_erases_it_or_that_nobody_must() -> None:
    says = re.compile(r"Eraser: |No personal data|[Nn]obody|Holds nothing about a customer")

    silent = [name for name, table in METADATA.tables.items() if not says.search(table.comment or "")]

    assert silent == []


def test_an_erased_customer_leaves_nothing_but_the_id(connection: Connection) -> None:
    store = CustomerStore(connection)
    store.add(record(MARKED), b"mark", AT)
    store.add(record(MATTI), b"mark", AT)
    connection.execute(insert(consent).values(CONSENT))

    store.erase(MARKED.customer_id, AT)
    store.erase(MARKED.customer_id, AT)

    left = " ".join(
        str(row)
        for name in METADATA.tables
        for row in connection.execute(text(f"SELECT * FROM {name}"))  # noqa: S608
    )
    assert [mark for mark in MARKS if mark in left.lower()] == []
    assert store.find(MARKED.customer_id) is None
    assert connection.execute(select(erased_customer.c.customer_id)).scalars().all() == [MARKED.customer_id]
    assert store.find(MATTI.customer_id) == record(MATTI)


def test_the_id_of_an_erased_customer_stays_known(connection: Connection) -> None:
    store = CustomerStore(connection)

    store.erase(MARKED.customer_id, AT)

    assert store.is_erased(MARKED.customer_id)
    assert not store.is_erased(MATTI.customer_id)


def test_a_code_cannot_be_two_customers_even_if_nobody_asked_before(connection: Connection) -> None:
    store = CustomerStore(connection)
    store.add(record(MATTI), b"mark", AT)

    with pytest.raises(IntegrityError):
        connection.execute(insert(customer_code).values(code="MM-1", customer_id=MATTI.customer_id, place=1))


@pytest.mark.parametrize(
    "changes", [{"state": "perhaps"}, {"source": "hearsay"}, {"basis": "existing_customer"}, {"basis": "hope"}]
)
def test_a_consent_says_only_what_the_law_knows(connection: Connection, changes: dict[str, str]) -> None:
    with pytest.raises(IntegrityError):
        connection.execute(insert(consent).values({**CONSENT, **changes}))


def test_an_existing_customer_has_the_sale_and_the_notice_on_record(connection: Connection) -> None:
    connection.execute(
        insert(consent).values({**CONSENT, "basis": "existing_customer", "sale_id": customer_id(5), "notice_id": "n-1"})
    )

    assert connection.execute(select(consent.c.basis)).scalars().all() == ["existing_customer"]


def test_history_of_the_same_sale_told_again_is_there_once(connection: Connection) -> None:
    CustomerStore(connection).add(record(MATTI), b"mark", AT)
    store = HistoryStore(connection)
    entry = HistoryEntry(
        "sale", SaleId(customer_id(70)), "till-1-000001", "2026-03-01T10:00:00Z", 1250, CurrencyCode("EUR")
    )

    store.put(MATTI.customer_id, entry)
    store.put(MATTI.customer_id, entry)

    entries, end = store.page(MATTI.customer_id, 10, None)
    assert [each.sale_id for each in entries] == [entry.sale_id]
    assert end is None


def test_whoever_is_in_a_group_that_is_being_emptied_is_one_of_all_customers_already(connection: Connection) -> None:
    club = GroupId("club")
    GroupStore(connection).put(Group(club, "Club"))
    CustomerStore(connection).add(record(msgspec.structs.replace(MATTI, group=club)), b"mark", AT)
    before = CustomerStore(connection).get(MATTI.customer_id)

    GroupStore(connection).begin_to_empty(club)

    after = CustomerStore(connection).get(MATTI.customer_id)
    assert (before.group, after.group, after.revision) == (club, "all", before.revision)


@pytest.mark.parametrize("typed", ["mat", "matti mäk", "0401", "4567", "MM-1", "matti@example.com", "zz"])
def test_a_search_reads_no_table_from_end_to_end_but_the_newest_sales(connection: Connection, typed: str) -> None:
    CustomerStore(connection).add(record(MATTI), b"mark", AT)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(connection.engine, "before_cursor_execute", note)
    CustomerSearch(connection, "FI").find(typed, 20)
    event.remove(connection.engine, "before_cursor_execute", note)

    plans = [
        row.detail
        for statement in statements
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?"))
    ]
    scans = [plan for plan in plans if plan.startswith("SCAN ") and plan.split()[1] in METADATA.tables]
    assert len(statements) <= 8
    assert any(plan.startswith("SEARCH ") for plan in plans)
    assert set(scans) <= {"SCAN history USING INDEX history_time"}


def test_a_changed_customer_is_written_only_where_something_changed(connection: Connection) -> None:
    store = CustomerStore(connection)
    before = record(MATTI)
    after = record(msgspec.structs.replace(MATTI, language="sv"))
    store.add(before, b"mark", AT)
    written: list[str] = []

    event.listen(connection, "before_cursor_execute", lambda _c, _cu, statement, *_rest: written.append(statement))
    store.change(before, after, AT)

    assert len(written) == 1
    assert connection.execute(select(customer.c.language)).scalar_one() == "sv"
