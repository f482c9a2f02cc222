"""The migrations make exactly the tables that checkout works with."""

import shutil
from pathlib import Path

import msgspec
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

import services.checkout
from contracts.checkout import Skip, Waiver
from contracts.ids import StaffId
from services.checkout.model.decisions import NEVER_HEARD, KnownPolicy
from services.checkout.store.policies import KnownPolicyStore
from services.checkout.store.sales import Header, SaleStore
from services.checkout.store.settled import SettledStore
from services.checkout.store.tables import METADATA
from services.runtime.migrate import chains, migrate
from services.runtime.tables import METADATA as RUNTIME
from tests.services.checkout.sales import ANNA, BEN, SALE_ID, with_lines


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    file = tmp_path / "checkout.sqlite3"

    migrate(file, chains("checkout"))

    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        others = {*RUNTIME.tables, "runtime_version", "checkout_version"}
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _parents: kind != "table" or name not in others}
        )
        differences = compare_metadata(context, METADATA)
    engine.dispose()
    assert differences == []


def test_a_store_of_the_first_version_keeps_its_open_sale_and_what_it_knows_of_policy(tmp_path: Path) -> None:
    file = tmp_path / "checkout.sqlite3"
    migrate(file, chains("checkout", _first(1, tmp_path)))
    sale = with_lines(250)
    document = msgspec.to_builtins(sale)
    del document["checking"]  # as it was written before
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO known_policy VALUES (1, 'allow_flagged', 'automatic')"))
        connection.execute(text("INSERT INTO store_data VALUES (1, 'Shop', '[]', '', 'DE', '2026')"))
        connection.execute(text("INSERT INTO register VALUES ('till-1', 'serial', 1, 1, 2, 0)"))
        SaleStore(connection).add(sale, Header("Europe/Berlin", "serial", "1", 1), 0)
        connection.execute(text("UPDATE sale_draft SET document = :it"), {"it": msgspec.json.encode(document).decode()})

    migrate(file, chains("checkout"))

    with engine.connect() as connection:
        opened = SaleStore(connection).find_open(sale.sale_id)
        known = KnownPolicyStore(connection).get()
    engine.dispose()
    assert opened is not None
    assert opened.sale == sale
    assert known == KnownPolicy("allow_flagged", "automatic", "before_payment", NEVER_HEARD)


def test_skips_and_waivers_without_a_code_are_good_for_the_least_that_was_missing(tmp_path: Path) -> None:
    file = tmp_path / "checkout.sqlite3"
    migrate(file, chains("checkout", _first(3, tmp_path)))
    sale = with_lines(250)
    document = msgspec.to_builtins(sale)
    document["checking"] = {
        "skips": [{"field": "first_name", "reason": "other", "staff_id": ANNA}],
        "waivers": [{"field": "contact", "staff_id": ANNA, "approved_by": BEN}],
        "told": [["contact", "required", "email-missing"]],
    }
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO store_data VALUES (1, 'Shop', '[]', '', 'DE', '2026')"))
        connection.execute(text("INSERT INTO register VALUES ('till-1', 'serial', 1, 1, 2, 0)"))
        SaleStore(connection).add(sale, Header("Europe/Berlin", "serial", "1", 1), 0)
        connection.execute(text("UPDATE sale_draft SET document = :it"), {"it": msgspec.json.encode(document).decode()})
        connection.execute(
            text("INSERT INTO prompt_skip VALUES (:sale, 0, 'last_name', 'other', 'a')"), {"sale": SALE_ID}
        )
        connection.execute(text("INSERT INTO rule_waiver VALUES (:sale, 0, 'contact', 'a', 'b')"), {"sale": SALE_ID})

    migrate(file, chains("checkout"))

    with engine.connect() as connection:
        opened = SaleStore(connection).find_open(sale.sale_id)
        settled = SettledStore(connection)
        ended = (settled.skips(SALE_ID), settled.waivers(SALE_ID))
    engine.dispose()
    assert opened is not None
    assert opened.sale.checking.skips == [Skip("first_name", "first-name-missing", "other", ANNA)]
    assert opened.sale.checking.waivers == [Waiver("contact", "email-or-phone-missing", ANNA, BEN)]
    assert ended == (
        (Skip("last_name", "last-name-missing", "other", StaffId("a")),),
        (Waiver("contact", "email-or-phone-missing", StaffId("a"), StaffId("b")),),
    )


def _first(released: int, folder: Path) -> Path:
    """The chain as it was after so many releases."""
    chain = folder / "migrations"
    (chain / "versions").mkdir(parents=True)
    shipped = Path(services.checkout.__file__).parent / "migrations" / "versions"
    for version in sorted(shipped.glob("0*.py"))[:released]:
        shutil.copy(version, chain / "versions")
    return chain
