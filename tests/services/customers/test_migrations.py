"""Customers of the first release are customers of this one."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

from contracts.customers import CreateCustomer
from contracts.ids import CustomerId
from services.customers.store.accounts import AccountStore
from services.customers.store.customers import CustomerStore
from services.customers.store.duplicates import Duplicates
from services.customers.store.erasures import ErasureStore
from services.runtime.migrate import chains, migrate
from tests.services.customers.before import up_to
from tests.services.customers.examples import customer_id, record

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_customers_of_the_first_release_keep_their_details_and_are_known_again(tmp_path: Path) -> None:
    file = tmp_path / "customers.sqlite3"
    migrate(file, chains("customers", up_to(tmp_path, "0001")))
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


def test_what_undone_merges_had_left_behind_leads_to_nobody_else(tmp_path: Path) -> None:
    """Not copies of what somebody else had said, nor their details in what a later merge kept."""
    file = tmp_path / "customers.sqlite3"
    migrate(file, chains("customers", up_to(tmp_path, "0008")))
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        merges: list[tuple[str, str, str | None, str | None]] = [
            ("erased", "2026-02-01", "2026-02-02", None),
            ("inner", "2026-03-01", "2026-03-03", None),
            ("outer", "2026-03-02", None, "hers"),
            ("later", "2026-03-04", None, "own"),
        ]
        for merge_id, merged_at, undone_at, kept in merges:
            connection.execute(
                text(
                    "INSERT INTO customer_merge (merge_id, survivor_id, loser_id, merged_at, undone_at, kept) "
                    "VALUES (:id, 's', :id, :merged_at, :undone_at, :kept)"
                ),
                {"id": merge_id, "merged_at": merged_at, "undone_at": undone_at, "kept": kept},
            )
        connection.execute(text("INSERT INTO erased_customer VALUES ('erased', '2026-03-05')"))
        for consent_id, brought_by in (("brought", "outer"), ("left", "inner"), ("of erased", "erased"), ("own", None)):
            connection.execute(
                text(
                    "INSERT INTO consent (consent_id, customer_id, purpose, channel, address, state, wording_id, "
                    "language, source, basis, proven, recorded_at, merge_id) VALUES (:id, 's', 'marketing', 'email', "
                    "'a@example.com', 'granted', 'w', 'fi', 'staff', 'consent', 1, '2026-03-01', :merge_id)"
                ),
                {"id": consent_id, "merge_id": brought_by},
            )
        connection.execute(text("INSERT INTO account_terms VALUES ('s', 1, 500, 30, NULL, '2026-03-01')"))

    migrate(file, chains("customers"))

    with engine.connect() as connection:
        said = connection.execute(text("SELECT consent_id, customer_id, address FROM consent ORDER BY 1")).all()
        kept_now = list(connection.execute(text("SELECT kept FROM customer_merge ORDER BY merged_at")).scalars())
        terms = AccountStore(connection).kept(CustomerId("s"))
    engine.dispose()
    assert [tuple(each) for each in said] == [
        ("brought", "s", "a@example.com"),
        ("left", "inner", "a@example.com"),
        ("of erased", "erased", ""),
        ("own", "s", "a@example.com"),
    ]
    assert kept_now == [None, None, None, "own"]
    assert (terms.there, terms.transfer_id, terms.terms.credit_limit) == (True, None, 500)


def test_terms_that_a_merge_of_before_had_brought_are_known_by_it(tmp_path: Path) -> None:
    """Undone after the update, it takes them along; terms that were agreed on stay, and so do those of other merges."""
    file = tmp_path / "customers.sqlite3"
    migrate(file, chains("customers", up_to(tmp_path, "0008")))
    engine = create_engine(f"sqlite:///{file}")
    at = {each: f"2026-03-0{each}T10:00:00.000000Z" for each in (1, 2, 3)}
    with engine.begin() as connection:
        for merge_id, survivor, merged_at, undone_at in (
            ("brought", "s", at[1], None),
            ("nothing", "s", at[2], None),
            ("other", "o", at[3], None),
            ("undone", "u", at[1], at[2]),
        ):
            connection.execute(
                text(
                    "INSERT INTO customer_merge (merge_id, survivor_id, loser_id, merged_at, undone_at) "
                    "VALUES (:id, :survivor, :id, :merged_at, :undone_at)"
                ),
                {"id": merge_id, "survivor": survivor, "merged_at": merged_at, "undone_at": undone_at},
            )
        for customer, revision, staff_id, put_at in (
            ("s", 1, None, at[1]),
            ("s", 2, "anna", at[2]),
            ("o", 1, "anna", at[3]),
            ("u", 1, None, at[1]),
        ):
            connection.execute(
                text("INSERT INTO account_terms VALUES (:customer, :revision, 500, 30, :staff_id, :at)"),
                {"customer": customer, "revision": revision, "staff_id": staff_id, "at": put_at},
            )
        for ledger, merge_id in (("store_credit", "undone"), ("account", "undone"), ("store_credit", "brought")):
            connection.execute(
                text(
                    "INSERT INTO ledger_entry (ledger, holder_id, number, entry_id, kind, amount, balance, at, day, "
                    "transfer_id) VALUES (:ledger, :merge, 1, :ledger || :merge, 'transferred_out', -1, 0, :at, :at, "
                    ":merge)"
                ),
                {"ledger": ledger, "merge": merge_id, "at": at[1]},
            )

    migrate(file, chains("customers"))

    with engine.connect() as connection:
        known = connection.execute(text("SELECT customer_id, revision, transfer_id FROM account_terms ORDER BY 1, 2"))
        by_merge = [tuple(each) for each in known]
        before = AccountStore(connection).kept_before(CustomerId("s"), "brought")
    engine.dispose()
    assert by_merge == [("o", 1, None), ("s", 1, "brought"), ("s", 2, None), ("u", 1, None)]
    assert not before.there


def test_two_codes_of_before_that_differ_in_case_alone_stay_their_holders_and_get_no_third(tmp_path: Path) -> None:
    file = tmp_path / "customers.sqlite3"
    migrate(file, chains("customers", up_to(tmp_path, "0009")))
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        for number, code in ((1, "CARD1"), (2, "card1"), (3, "Other")):
            connection.execute(
                text(
                    "INSERT INTO customer (customer_id, revision, first_name, last_name, company, placeholder, "
                    "customer_group, creation_mark, created_at, changed_at) "
                    "VALUES (:id, 1, 'A', '', '', 0, 'all', x'00', :at, :at)"
                ),
                {"id": customer_id(number), "at": "2026-02-01T10:00:00.000000Z"},
            )
            connection.execute(
                text("INSERT INTO customer_code VALUES (:code, :id, 0, 0)"), {"code": code, "id": customer_id(number)}
            )

    migrate(file, chains("customers"))

    with engine.connect() as connection:
        store = CustomerStore(connection)
        found = [store.holder_of(code) for code in ("CARD1", "card1", "Card1", "OTHER")]
        own = store.codes_of_others(("card1",), customer_id(2))
        others = store.codes_of_others(("Card1", "card1"), customer_id(3))
        kept = [store.get(customer_id(number)).codes for number in (1, 2)]
    engine.dispose()
    assert found == [(customer_id(1), False), (customer_id(2), False), None, (customer_id(3), False)]
    assert kept == [("CARD1",), ("card1",)]
    assert own == frozenset()
    assert others == {"Card1", "card1"}


def test_the_certificates_that_were_handed_out_are_marked_and_no_others(tmp_path: Path) -> None:
    file = tmp_path / "customers.sqlite3"
    migrate(file, chains("customers", up_to(tmp_path, "0012")))
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        for number, finished_at in ((1, "2026-02-02T10:00:00.000000Z"), (2, None)):
            connection.execute(
                text("INSERT INTO erasure VALUES (:id, :id, 'asked_for', NULL, '2026-02-01', 1, 1, :finished_at)"),
                {"id": customer_id(number), "finished_at": finished_at},
            )

    migrate(file, chains("customers"))

    with engine.connect() as connection:
        store = ErasureStore(connection)
        unsealed, seal = store.unsealed(), store.seal_of(customer_id(2))
    engine.dispose()
    assert (unsealed, seal) == ([customer_id(1)], None)
