"""Customers of the first release are customers of this one."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

import services.customers
from contracts.customers import CreateCustomer
from services.customers.store.customers import CustomerStore
from services.customers.store.duplicates import Duplicates
from services.runtime.migrate import chains, migrate
from tests.services.customers.examples import customer_id, record

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_customers_of_the_first_release_keep_their_details_and_are_known_again(tmp_path: Path) -> None:
    file = tmp_path / "customers.sqlite3"
    migrate(file, chains("customers", _first_only(tmp_path)))
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO customer (customer_id, revision, first_name, last_name, company, language, placeholder, "
                "customer_group, creation_mark, created_at, changed_at) "
                "VALUES (:id, 3, 'Åke', 'Mäkelä', '', 'sv', 0, 'all', x'00', :at, :at)"
            ),
            {"id": customer_id(1), "at": "2026-02-01T10:00:00.000000Z"},
        )
        connection.execute(text("INSERT INTO customer_code VALUES ('A-1', :id, 0)"), {"id": customer_id(1)})

    migrate(file, chains("customers"))

    with engine.connect() as connection:
        kept = CustomerStore(connection).get(customer_id(1))
        namesake = record(CreateCustomer(customer_id(2), first_name="MAKELA", last_name="ake", birth_date="1990-01-01"))
        connection.execute(text("UPDATE customer SET birth_date = '1990-01-01'"))
        suspects = Duplicates(connection).of(namesake)
    engine.dispose()
    assert (kept.first_name, kept.codes, kept.notes, kept.addresses, kept.revision) == ("Åke", ("A-1",), "", (), 3)
    assert [each.customer_id for each in suspects] == [customer_id(1)]


def _first_only(tmp_path: Path) -> Path:
    """The migrations as they were in the first release."""
    whole = Path(services.customers.__file__).parent / "migrations" / "versions"
    folder = tmp_path / "first"
    (folder / "versions").mkdir(parents=True)
    shutil.copy(next(whole.glob("0001_*.py")), folder / "versions")
    return folder
