"""The shop's own columns: what an export writes, an import reads again to the same record."""

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from contracts.base import Rejection
from contracts.customers import CreateCustomer, Customer, GroupId
from contracts.customers.fields import CustomField
from contracts.customers.importing import ImportedTerms, ImportRow
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.customers.profile import Address, Balances, CustomValue, FieldId, Handle, TaxExemption
from contracts.ids import CountryCode, CurrencyCode
from services.customers.exchange.own_columns import Reading, own_cells, own_columns
from services.customers.exchange.rows import BadRow, read_customers
from services.customers.model.importing import creation
from services.customers.model.records import Known, Rules, new_customer
from services.hub.report_files import Column, Report, csv_bytes, xlsx_bytes
from tests.services.customers.examples import customer_id

FIELDS = {
    FieldId(name): CustomField(FieldId(name), "customer", kind, name.title())  # type: ignore[arg-type] # words of the contract
    for name, kind in (
        ("size", "text"),
        ("visits", "integer"),
        ("news", "boolean"),
        ("kids", "list_of_text"),
        ("since", "date"),
    )
}
KNOWN = Known(fields=FIELDS)
RULES = Rules(country="FI", minimum="first_or_last_or_company")
EUR = CurrencyCode("EUR")
READING = Reading(EUR, 2, custom_fields=FIELDS)
GROUPS = {GroupId("all"): "All customers", GroupId("club"): "The club"}

text = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), max_size=20)
plain = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
codes = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))).map(str.strip).filter(bool) | plain
custom: st.SearchStrategy[dict[FieldId, CustomValue]] = st.fixed_dictionaries(
    {},
    optional={
        FieldId("size"): text,
        FieldId("visits"): st.integers(-(10**9), 10**9),
        FieldId("news"): st.booleans(),
        FieldId("kids"): st.lists(text, max_size=3).map(tuple),
        FieldId("since"): st.dates().map(str),
    },
)
creations = st.builds(
    CreateCustomer,
    customer_id=st.just(customer_id(1)),
    first_name=text,
    last_name=text,
    company=text,
    emails=st.lists(st.sampled_from(["matti@example.com", "Kaisa@EXAMPLE.fi", "ä@example.de"]), max_size=2).map(tuple),
    phones=st.lists(st.sampled_from(["040 123 4567", "+49 30 901820", "+31612345678"]), max_size=2).map(tuple),
    codes=st.lists(codes, max_size=3, unique=True).map(tuple),
    language=st.sampled_from([None, "fi", "de"]),
    placeholder=st.booleans(),
    group=st.sampled_from(list(GROUPS)),
    receipt=st.sampled_from([None, "email", "none"]),
    addresses=st.lists(
        st.builds(
            Address,
            kind=st.sampled_from(["shipping", "billing"]),
            recipient=text,
            street=text,
            house_number=text,
            addition=text,
            extra=text,
            postcode=st.sampled_from(["", "33100", "00100"]),
            city=text,
            region=text,
            country=st.sampled_from([None, CountryCode("FI")]),
        ),
        max_size=2,
    ).map(tuple),
    notes=st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf"), include_characters="\n\t"), max_size=40),
    tags=st.lists(text, max_size=3).map(tuple),
    websites=st.lists(st.sampled_from(["example.com", "https://example.org/a;b?c=1,2"]), max_size=2).map(tuple),
    handles=st.lists(st.builds(Handle, st.sampled_from(["mastodon", "x-y"]), plain), max_size=2).map(tuple),
    birth_date=st.sampled_from([None, "1980-12-24"]),
    exemption=st.sampled_from([None, TaxExemption("intra_community", "FI20774740", "=letter", "2027-01-01")]),
    custom=custom,
)


@given(creations, st.sampled_from(["csv", "xlsx"]))
@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_a_record_that_is_written_and_read_is_the_same(tmp_path: Path, command: CreateCustomer, kind: str) -> None:
    try:
        record = new_customer(command, RULES, KNOWN)
    except Rejection:
        return
    row = _read_again(tmp_path, record, kind)

    assert isinstance(row, ImportRow), row
    assert row.expected_revision == 1
    again = new_customer(creation(row, record.customer_id, row.group), RULES, KNOWN)
    assert again == record


def test_balances_are_written_in_the_currency_and_read_as_openings(tmp_path: Path) -> None:
    record = Customer(customer_id(1), 3, first_name="Matti", balances=Balances(1250, -5, 0, 70))

    row = _read_again(tmp_path, record, "csv")

    assert isinstance(row, ImportRow)
    assert (row.opening_store_credit, row.opening_owed, row.opening_points, row.expected_revision) == (1250, -5, 70, 3)


@pytest.mark.parametrize(("currency", "places", "credit"), [("JPY", 0, "1250"), ("TND", 3, "1.250")])
def test_balances_of_another_currency_are_refused_whatever_their_places(
    tmp_path: Path, currency: str, places: int, credit: str
) -> None:
    record = Customer(customer_id(1), 3, first_name="Matti", balances=Balances(1250, 0, 0, 0))
    file = _written(tmp_path, record, "csv", CurrencyCode(currency), places)

    (refused,) = read_customers(file, READING).rows
    (taken,) = read_customers(file, Reading(CurrencyCode(currency), places)).rows

    assert refused == BadRow(2, "currency", "the store's, EUR")
    assert isinstance(taken, ImportRow)
    assert taken.opening_store_credit == 1250
    assert credit in file.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", ["'=Quote", "''=Twice", "'+49 x", "'-x", "'@x", "=1", "+1", "'t Hooft", "'"])
def test_a_text_that_looks_guarded_comes_back_with_its_apostrophes(tmp_path: Path, name: str, kind: str) -> None:
    record = Customer(customer_id(1), 1, first_name=name, notes=name)

    row = _read_again(tmp_path, record, kind)

    assert isinstance(row, ImportRow)
    assert (row.first_name, row.notes) == (name, name)


def test_a_csv_file_that_excel_saved_as_a_sheet_is_read_alike(tmp_path: Path) -> None:
    record = Customer(customer_id(1), 1, first_name="-", notes="- likes tea", phones=("+358401234567",))
    with _written(tmp_path, record, "csv").open(encoding="utf-8-sig", newline="") as lines:
        book = Workbook()
        for cells in csv.reader(lines):
            book.active.append(cells)  # type: ignore[union-attr] # a new book has a sheet
    book.save(tmp_path / "saved.xlsx")

    (row,) = read_customers(tmp_path / "saved.xlsx", READING).rows

    assert isinstance(row, ImportRow)
    assert (row.first_name, row.notes, row.phones) == ("-", "- likes tea", ("+358401234567",))


@pytest.mark.parametrize("limit", [None, 0, 50000])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_terms_of_an_account_are_read_again_as_they_were_written(
    tmp_path: Path, limit: int | None, kind: str
) -> None:
    agreed = AccountTerms(customer_id(1), 3, limit, 14)

    row = _read_again(tmp_path, Customer(customer_id(1), 1, first_name="Matti"), kind, agreed)

    assert isinstance(row, ImportRow)
    assert row.account_terms == ImportedTerms(limit, 14, 3)


def test_days_that_are_left_blank_say_nothing(tmp_path: Path) -> None:
    file = tmp_path / "terms.csv"
    file.write_text("first_name,account_limit,account_grace_days\nMatti,5,\n", encoding="utf-8")

    (row,) = read_customers(file, READING).rows

    assert isinstance(row, ImportRow)
    assert row.account_terms == ImportedTerms(500)


def test_who_has_no_account_has_no_terms_in_a_file(tmp_path: Path) -> None:
    row = _read_again(tmp_path, Customer(customer_id(1), 1, first_name="Matti"), "csv")

    assert isinstance(row, ImportRow)
    assert row.account_terms is None


@pytest.mark.parametrize(
    ("limit", "days", "field"),
    [
        ("", "14", "account_limit"),
        ("much", "14", "account_limit"),
        ("5", "soon", "account_grace_days"),
        ("-5", "1", "account_terms.credit_limit"),
    ],
)
def test_terms_that_are_none_are_told_by_their_column(tmp_path: Path, limit: str, days: str, field: str) -> None:
    file = tmp_path / "terms.csv"
    file.write_text(f"first_name,account_limit,account_grace_days\nMatti,{limit},{days}\n", encoding="utf-8")

    (row,) = read_customers(file, READING).rows

    assert isinstance(row, BadRow)
    assert row.field == field


def test_no_cell_of_an_export_begins_as_a_formula(tmp_path: Path) -> None:
    record = Customer(
        customer_id(1),
        1,
        first_name="=HYPERLINK(1)",
        last_name="+1",
        company="@x",
        notes="-2\n=3",
        phones=("+358401234567",),
    )
    file = _written(tmp_path, record, "csv")

    with file.open(encoding="utf-8-sig", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    row = _read_again(tmp_path, record, "csv")
    assert isinstance(row, ImportRow)
    assert (row.first_name, row.last_name, row.notes, row.phones) == (
        "=HYPERLINK(1)",
        "+1",
        "-2\n=3",
        ("+358401234567",),
    )


def _read_again(tmp_path: Path, record: Customer, kind: str, terms: AccountTerms | None = None) -> object:
    file = _written(tmp_path, record, kind, terms=terms)
    (row,) = read_customers(file, READING).rows
    return row


def _written(  # noqa: PLR0917 - what a file is made of
    tmp_path: Path,
    record: Customer,
    kind: str,
    currency: CurrencyCode = EUR,
    money: int = 2,
    terms: AccountTerms | None = None,
) -> Path:
    columns = own_columns(max(1, len(record.addresses)), sorted(record.custom))
    cells = own_cells(record, {GroupId(key): name for key, name in GROUPS.items()}, currency, terms)
    places = dict.fromkeys(("store_credit", "account_owed", "account_limit"), money)
    places |= dict.fromkeys(("loyalty_points", "account_grace_days"), 0)
    report = Report(
        "Customers", [Column(name, places.get(name)) for name in columns], [[cells.get(name, "") for name in columns]]
    )
    file = tmp_path / f"customers.{kind}"
    file.write_bytes(csv_bytes(report) if kind == "csv" else xlsx_bytes(report))
    return file


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_codes_with_blanks_and_quotes_come_back_as_they_are(tmp_path: Path, kind: str) -> None:
    codes = ("Anna Lena-QQ21", '"X', 'a"b', "B-2", 'say "hi" x', "Päivi-3F7K", "1;2,3", '""')
    record = Customer(customer_id(1), 1, first_name="Anna", codes=codes, blocked_codes=("L 1",))

    row = _read_again(tmp_path, record, kind)

    assert isinstance(row, ImportRow), row
    assert (row.codes, row.blocked_codes) == (codes, ("L 1",))


def test_codes_without_blanks_are_parted_by_them_as_ever(tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("first_name,codes\nAnna,A-1 B-2\n", encoding="utf-8")

    (row,) = read_customers(file, READING).rows

    assert isinstance(row, ImportRow), row
    assert row.codes == ("A-1", "B-2")
