"""The customers service as others meet it: records, search, history, and what never leaves it."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, inspect, select, text

from contracts.base import Rejected
from contracts.checkout.completed import SaleCompleted
from contracts.customers import CreateCustomer, Customer, CustomerFactsRead, UpdateCustomer
from contracts.customers.asking import (
    CustomerChanged,
    CustomerHistory,
    CustomerHits,
    GetCustomer,
    GetCustomerFacts,
    GetCustomerHistory,
    SearchCustomers,
)
from contracts.customers.profile import Balances
from contracts.every_service import ReadSnapshot, SnapshotPage
from contracts.ids import CurrencyCode, CustomerId, RegisterId, SaleId, StaffId
from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.customers.handlers.records import CUSTOMERS_A_PIECE
from services.customers.model.records import facts
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.customers.store.customers import CustomerStore
from services.customers.store.tables import METADATA, history
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
from services.runtime.writer import Scope
from tests.services.customers.examples import MARKED, MARKS, MATTI, customer_id, record
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest, store_under_test, until

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
FINNISH = CustomersSettings(country="FI")


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[StoreUnderTest]:
    """A store in which nothing runs yet and time stands still."""
    async with store_under_test(tmp_path, SetClock(AT)) as store:
        yield store


@pytest.fixture
async def checkout(street: StoreUnderTest) -> Teller:
    return await Teller("checkout").start(street)


@pytest.fixture
async def staff(street: StoreUnderTest) -> Teller:
    return await Teller("staff").start(street)


@pytest.fixture
async def shop(street: StoreUnderTest, checkout: Teller, staff: Teller) -> StoreUnderTest:  # noqa: ARG001 - started before
    """A Finnish store in which customers run, and those whom they follow."""
    await street.start(customers(FINNISH))
    return street


async def edit(shop: StoreUnderTest, command: CreateCustomer | UpdateCustomer, **how: Any) -> Any:
    return await shop.send(
        command, **{"token": shop.token("customer.edit", "customer.details", "customer.grant"), **how}
    )


async def look(shop: StoreUnderTest, query: Any, **how: Any) -> Any:
    return await shop.send(query, **{"token": shop.token("customer.view", "customer.details"), **how})


async def found(shop: StoreUnderTest, typed: str, limit: int = 20) -> list[tuple[CustomerId, str]]:
    hits = await look(shop, SearchCustomers(typed, limit))
    assert isinstance(hits, CustomerHits)
    return [(hit.customer.customer_id, hit.matched) for hit in hits.hits]


def a_sale(number: int, customer: CustomerId | None, *, at: str = "2026-03-01T10:00:00Z") -> SaleCompleted:
    return SaleCompleted(
        sale_id=SaleId(f"0190b000-0000-7000-8000-{number:012d}"),
        register=RegisterId("till-1"),
        receipt_number=f"till-1-{number:06d}",
        transaction_number=number,
        transaction_kind="sale",
        business_day="2026-03-01",
        started_at="2026-03-01T09:58:00Z",
        completed_at=at,
        currency=CurrencyCode("EUR"),
        total=1000 + number,
        rounding=0,
        cashier=StaffId(customer_id(900)),
        customer_id=customer,
        lines=(),
        tenders=(),
        rates=(),
        flags=(),
    )


def refusal(reply: Any) -> tuple[str, Any]:
    assert isinstance(reply, Rejected)
    return reply.code, reply.details.get("field")


async def test_a_new_customer_is_on_file_and_told_as_facts(shop: StoreUnderTest) -> None:
    reply = await edit(shop, MATTI)

    assert reply == msgspec.structs.replace(record(MATTI), balances=Balances())
    assert await look(shop, GetCustomer(MATTI.customer_id)) == reply
    assert await shop.send(GetCustomerFacts(MATTI.customer_id), caller="checkout-2") == CustomerFactsRead(facts(reply))
    await until(lambda: shop.told(CustomerChanged) == [CustomerChanged(facts(reply))])


async def test_a_creation_sent_again_much_later_makes_one_customer(shop: StoreUnderTest) -> None:
    await edit(shop, MATTI)
    changed = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, last_name="Virtanen"))

    again = await edit(shop, MATTI)

    assert again == changed
    assert again.last_name == "Virtanen"
    assert len(shop.told(CustomerChanged)) == 2


async def test_the_same_command_again_is_answered_from_its_id(shop: StoreUnderTest) -> None:
    create, change = RandomIds().new(), RandomIds().new()
    update = UpdateCustomer(MATTI.customer_id, 1, company="Pyörä Oy")

    first = await edit(shop, MATTI, message_id=create)
    second = await edit(shop, update, message_id=change)

    again = await edit(shop, update, message_id=change)

    assert (again.revision, again.company, again.masked) == (second.revision, second.company, True)
    assert (first.company, second.company) == ("", "Pyörä Oy")
    assert len(shop.told(CustomerChanged)) == 2


async def test_an_id_with_other_details_is_another_customers(shop: StoreUnderTest) -> None:
    await edit(shop, MATTI)

    refused = await edit(shop, msgspec.structs.replace(MATTI, first_name="Teppo"))

    assert refusal(refused) == ("customer-exists", "customer_id")
    assert (await look(shop, GetCustomer(MATTI.customer_id))).first_name == "Matti"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"first_name": " "}, "customer-incomplete", "first_name"),
        ({"emails": ("matti@",)}, "contact-invalid", "emails[0]"),
        ({"phones": ("040 123 4567", "12")}, "contact-invalid", "phones[1]"),
        ({"country": "XX"}, "contact-invalid", "country"),
        ({"last_name": "M\x00"}, "malformed", "$.last_name"),
        ({"first_name": "M" * 201}, "malformed", "$.first_name"),
    ],
)
async def test_what_is_no_customer_is_not_put_on_file(
    shop: StoreUnderTest, changes: dict[str, Any], code: str, field: str
) -> None:
    refused = await edit(shop, msgspec.structs.replace(MATTI, **changes))

    assert refusal(refused) == (code, field)
    assert refusal(await look(shop, GetCustomer(MATTI.customer_id))) == ("customer-not-found", None)
    assert shop.told(CustomerChanged) == []


async def test_a_code_is_one_customers(shop: StoreUnderTest) -> None:
    await edit(shop, MATTI)
    other = CreateCustomer(customer_id(3), first_name="Teppo", codes=("T-1", "MM-1"))

    assert refusal(await edit(shop, other)) == ("code-taken", "codes[1]")
    created = await edit(shop, msgspec.structs.replace(other, codes=("T-1",)))
    refused = await edit(shop, UpdateCustomer(customer_id(3), 1, codes=("MM-1",)))

    assert created.codes == ("T-1",)
    assert refusal(refused) == ("code-taken", "codes[0]")


async def test_given_details_change_and_the_others_stay(shop: StoreUnderTest) -> None:
    before = await edit(shop, MATTI)

    after = await edit(
        shop, UpdateCustomer(MATTI.customer_id, 1, emails=("new@example.com", "matti@example.com"), phones=())
    )

    expected = msgspec.structs.replace(before, emails=("new@example.com", "matti@example.com"), phones=(), revision=2)
    assert after == expected
    assert await look(shop, GetCustomer(MATTI.customer_id)) == expected
    await until(lambda: shop.told(CustomerChanged)[-1] == CustomerChanged(facts(expected)))
    assert not shop.told(CustomerChanged)[-1].facts.has_phone


async def test_a_change_that_changes_nothing_is_told_to_nobody(shop: StoreUnderTest) -> None:
    before = await edit(shop, MATTI)

    after = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, first_name=" Matti "))

    assert after == before
    assert len(shop.told(CustomerChanged)) == 1


async def test_a_change_of_an_older_record_is_refused(shop: StoreUnderTest) -> None:
    await edit(shop, MATTI)
    await edit(shop, UpdateCustomer(MATTI.customer_id, 1, last_name="Virtanen"))

    refused = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, last_name="Korhonen"))

    assert refusal(refused) == ("revision-conflict", "expected_revision")
    assert refused.details["revision"] == 2
    assert (await look(shop, GetCustomer(MATTI.customer_id))).last_name == "Virtanen"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (UpdateCustomer(MATTI.customer_id, 1, first_name="\u200b"), "customer-incomplete", "first_name"),
        (UpdateCustomer(MATTI.customer_id, 1, emails=("x",)), "contact-invalid", "emails[0]"),
        (UpdateCustomer(MATTI.customer_id, 1, company="a\nb"), "malformed", "$.company"),
        (UpdateCustomer(customer_id(404), 1, company="Oy"), "customer-not-found", None),
    ],
)
async def test_a_change_to_what_is_no_customer_is_refused(
    shop: StoreUnderTest, change: UpdateCustomer, code: str, field: str | None
) -> None:
    before = await edit(shop, MATTI)

    assert refusal(await edit(shop, change)) == (code, field)
    assert await look(shop, GetCustomer(MATTI.customer_id)) == before


@pytest.mark.parametrize(
    "query", [GetCustomer(customer_id(404)), GetCustomerFacts(customer_id(404)), GetCustomerHistory(customer_id(404))]
)
async def test_nobody_is_not_found(shop: StoreUnderTest, query: Any) -> None:
    assert refusal(await look(shop, query)) == ("customer-not-found", None)


@pytest.mark.parametrize(
    ("request_", "permission"),
    [
        (MATTI, "customer.view"),
        (UpdateCustomer(MATTI.customer_id, 1), "customer.view"),
        (GetCustomer(MATTI.customer_id), "customer.edit"),
        (SearchCustomers("ma"), "customer.edit"),
        (GetCustomerHistory(MATTI.customer_id), "customer.edit"),
    ],
)
async def test_only_who_may_sees_and_edits_customers(shop: StoreUnderTest, request_: Any, permission: str) -> None:
    assert (await shop.send(request_)).code == "token-missing"
    assert (await shop.send(request_, token=shop.token(permission))).code == "permission-denied"


@pytest.mark.parametrize(
    ("typed", "matched"),
    [
        ("mat", "first_name"),
        ("mäk", "last_name"),
        ("makinen", "last_name"),
        ("MÄKI", "last_name"),
        ("mat mak", "first_name"),
        ("mäkinen matti", "last_name"),
        ("MM-1", "code"),
        ("matti@example.com", "email"),
        ("matti@ex", "email"),
        ("040 123 4567", "phone"),
        ("+358 40", "phone"),
        ("0040", None),
        ("04012", "phone"),
        ("4567", "phone"),
        ("123-4567", "phone"),
        ("kinen", None),
        ("matti virtanen", None),
        ("mm-1x", None),
        ("%a", None),
        ("__", None),
    ],
)
async def test_a_customer_is_found_by_what_is_typed_of_them(
    shop: StoreUnderTest, typed: str, matched: str | None
) -> None:
    await edit(shop, MATTI)
    await edit(shop, MARKED)

    assert await found(shop, typed) == ([] if matched is None else [(MATTI.customer_id, matched)])


async def test_a_customer_is_found_by_the_details_of_now_and_not_of_before(shop: StoreUnderTest) -> None:
    await edit(shop, MATTI)
    await edit(
        shop, UpdateCustomer(MATTI.customer_id, 1, last_name="Virtanen", emails=(), phones=("050 7654321",), codes=())
    )

    assert [await found(shop, typed) for typed in ("mäkinen", "matti@", "1234567", "MM-1")] == [[], [], [], []]
    assert await found(shop, "virta") == [(MATTI.customer_id, "last_name")]
    assert await found(shop, "050 76") == [(MATTI.customer_id, "phone")]


async def test_codes_come_first_then_contacts_then_who_was_seen_lately_then_names(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    by_name, lately, by_code, by_email = (
        CreateCustomer(customer_id(11), first_name="Anna"),
        CreateCustomer(customer_id(12), first_name="Annie"),
        CreateCustomer(customer_id(13), first_name="Bo", codes=("anna@example.com",)),
        CreateCustomer(customer_id(14), first_name="Cy", emails=("anna@example.com",)),
    )
    for command in (by_name, lately, by_code, by_email):
        await edit(shop, command)
    await checkout.tell(a_sale(1, lately.customer_id))
    await shop.followed("checkout", "customers")

    assert await found(shop, "anna@example.com") == [(by_code.customer_id, "code"), (by_email.customer_id, "email")]
    assert await found(shop, "ann") == [
        (lately.customer_id, "first_name"),
        (by_name.customer_id, "first_name"),
        (by_email.customer_id, "email"),
    ]


async def test_a_search_gives_no_more_than_it_was_asked_for(shop: StoreUnderTest) -> None:
    for number in range(25):
        await edit(shop, CreateCustomer(customer_id(number), first_name="Anna", last_name=f"Nro{number}"))

    assert len(await found(shop, "anna")) == 20
    assert len(await found(shop, "anna", limit=3)) == 3


async def test_history_is_paged_newest_first(shop: StoreUnderTest, checkout: Teller) -> None:
    await edit(shop, MATTI)
    times = ("2026-03-01T10:00:00Z", "2026-03-02T10:00:00.5Z", "2026-03-02T10:00:00Z", "2026-02-01T10:00:00Z")
    await checkout.tell(
        *(a_sale(number, MATTI.customer_id, at=at) for number, at in enumerate(times)),
        a_sale(8, customer_id(2)),
        a_sale(9, None),
    )
    await shop.followed("checkout", "customers")

    pages: list[CustomerHistory] = []
    following = None
    while not pages or following is not None:
        page = await look(shop, GetCustomerHistory(MATTI.customer_id, limit=3, next=following))
        pages.append(page)
        following = page.next

    assert [[entry.total for entry in page.entries] for page in pages] == [[1001, 1002, None], [1000, 1003]]
    assert pages[0].entries[2].kind == "created"
    assert pages[0].entries[1].receipt_number == "till-1-000002"


@pytest.mark.parametrize("following", ["", "x", "2026-03-01T10:00:00Z", "' OR 1=1 --"])
async def test_a_page_that_no_page_named_is_refused(shop: StoreUnderTest, following: str) -> None:
    await edit(shop, MATTI)

    refused = await look(shop, GetCustomerHistory(MATTI.customer_id, next=following))

    assert refusal(refused) == ("malformed", "$.next")


async def test_a_sale_of_somebody_unknown_is_kept_until_they_are_known(shop: StoreUnderTest, checkout: Teller) -> None:
    await checkout.tell(a_sale(1, MATTI.customer_id))
    await shop.followed("checkout", "customers")
    before = await look(shop, GetCustomerHistory(MATTI.customer_id))

    await edit(shop, MATTI)

    assert refusal(before) == ("customer-not-found", None)
    entries = (await look(shop, GetCustomerHistory(MATTI.customer_id))).entries
    assert [each.total for each in entries if each.kind == "sale"] == [1001]


async def test_history_wiped_and_replayed_is_the_same(shop: StoreUnderTest, checkout: Teller) -> None:
    await checkout.tell(*(a_sale(number, customer_id(number % 3)) for number in range(7)), a_sale(3, customer_id(1)))
    await shop.followed("checkout", "customers")
    live = await shop.read("customers", _history_rows)

    (follower,) = [each for each in shop.services["customers"].followers if each.follow.name == "history"]
    await follower.rebuild()
    await shop.followed("checkout", "customers")

    assert len(live) == 7
    assert await shop.read("customers", _history_rows) == live


async def test_a_snapshot_tells_every_customer_as_they_are(shop: StoreUnderTest) -> None:
    records = [
        record(CreateCustomer(customer_id(number), first_name="Anna", last_name=str(number)))
        for number in range(2 * CUSTOMERS_A_PIECE + 1)
    ]

    def put_on_file(scope: Scope) -> None:
        for each in records:
            CustomerStore(scope.connection).add(each, b"", AT)

    await shop.services["customers"].writer.run(put_on_file)

    told: list[CustomerChanged] = []
    following, number = None, None
    for _piece in range(3):
        page = await shop.send(ReadSnapshot(number=number, next=following), caller="checkout-2", service="customers")
        assert isinstance(page, SnapshotPage)
        told += [msgspec.json.decode(entry.payload, type=CustomerChanged) for entry in page.entries]
        following, number = page.next, page.number

    assert following is None
    assert told == [CustomerChanged(facts(each)) for each in records]


async def test_a_session_that_ended_sees_no_customer_more(shop: StoreUnderTest, staff: Teller) -> None:
    till = RegisterId("till-1")
    await staff.tell(SessionStarted(till, 2, StaffId(customer_id(900))))
    await shop.followed("staff", "customers")
    first = await look(shop, SearchCustomers("ma"), token=shop.token("customer.view", session=1))
    second = await look(shop, SearchCustomers("ma"), token=shop.token("customer.view", session=2))

    await staff.tell(SessionEnded(till, 2, StaffId(customer_id(900)), "signed_off"))
    await shop.followed("staff", "customers")

    assert refusal(first) == ("token-invalid", None)
    assert second == CustomerHits(())
    assert refusal(await look(shop, SearchCustomers("ma"), token=shop.token("customer.view", session=2))) == (
        "token-invalid",
        None,
    )


async def test_personal_data_stay_in_the_customers_tables(
    shop: StoreUnderTest, checkout: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tillwire")
    create, change = RandomIds().new(), RandomIds().new()
    update = UpdateCustomer(MARKED.customer_id, 1, last_name="Zyxwvuts")
    for message_id in (create, create, RandomIds().new()):
        assert isinstance(await edit(shop, MARKED, message_id=message_id), Customer)
    for message_id in (change, change, RandomIds().new()):
        await edit(shop, update, message_id=message_id)
    await edit(shop, msgspec.structs.replace(MARKED, company="Markerbirdco Oy"))
    await edit(shop, msgspec.structs.replace(MARKED, customer_id=customer_id(7)))
    await edit(shop, UpdateCustomer(MARKED.customer_id, 2, emails=("markedperson@@markedhost",)))
    await edit(shop, UpdateCustomer(MARKED.customer_id, 2, phones=("901820 901820 901820",)))
    await edit(shop, UpdateCustomer(MARKED.customer_id, 2, company="Markerbirdco\x00"))
    assert len(await found(shop, "quetzal")) == 1
    assert isinstance(await look(shop, GetCustomer(MARKED.customer_id)), Customer)
    await checkout.tell(a_sale(1, MARKED.customer_id))
    await shop.followed("checkout", "customers")

    spoken = [each for each in shop.broker.published if "/reply/" not in each.topic and "/request/" not in each.topic]
    rejected = [
        each
        for each in shop.broker.published
        if b'"type":"rejected"' in each.payload and b'"revision-conflict"' not in each.payload  # shows who lost a race
    ]
    elsewhere = await shop.read("customers", _rows_of_other_tables)
    assert len(spoken) > 2
    assert len(rejected) >= 5
    assert _marks_in(each.payload.decode() for each in (*spoken, *rejected)) == []
    assert _marks_in(str(vars(each)) for each in caplog.records) == []
    assert _marks_in(elsewhere) == []
    assert any(create in row for row in elsewhere)


def _history_rows(connection: Connection) -> list[Any]:
    return list(connection.execute(select(history).order_by(history.c.sale_id)).all())


def _rows_of_other_tables(connection: Connection) -> list[str]:
    """Every row of the runtime's tables and of those that should hold ids only, blobs read as text."""
    personal = {name for name, table in METADATA.tables.items() if "Eraser" in (table.comment or "")}
    names = set(inspect(connection).get_table_names()) - personal
    assert {"handled_request", "failed_request", "journal", "history", "erased_customer"} <= names
    return [
        " ".join(each.decode(errors="replace") if isinstance(each, bytes) else str(each) for each in row)
        for name in sorted(names)
        for row in connection.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608 - read from the schema
    ]


def _marks_in(texts: Any) -> list[str]:
    return [mark for each in texts for mark in MARKS if mark in each.lower()]
