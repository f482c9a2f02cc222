"""All that befell a customer is in their history, newest first, and the same after a replay."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from contracts.customers import CreateCustomer, UpdateCustomer
from contracts.customers.asking import CustomerHistory, GetCustomerHistory, HistoryEntry
from contracts.customers.privacy.copying import ExportCustomer
from contracts.ids import StaffId
from services.customers.store.aliases import point
from services.customers.store.history import HistoryStore
from services.runtime.ids import RandomIds
from services.runtime.writer import Scope
from tests.services.customers.counter import edit, look, saved
from tests.services.customers.examples import MATTI, customer_id
from tests.services.customers.test_service import a_sale
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest

NOTICE = RandomIds().new()


async def history(shop: StoreUnderTest) -> CustomerHistory:
    reply = await look(shop, GetCustomerHistory(MATTI.customer_id))
    assert isinstance(reply, CustomerHistory)
    return reply


async def test_changes_are_in_the_history_by_name_of_the_detail_and_by_whom(shop: StoreUnderTest) -> None:
    staff_id = StaffId(customer_id(900))
    token = shop.token("customer.edit", "customer.details", "customer.grant", staff_id=staff_id)
    await edit(shop, MATTI, token=token)
    await edit(shop, UpdateCustomer(MATTI.customer_id, 1, phones=(), notes="Likes blue."), token=token)
    await edit(shop, UpdateCustomer(MATTI.customer_id, 2, notes="Likes blue."), token=token)

    changed, created = (await history(shop)).entries

    assert (created.kind, created.fields, created.staff_id) == ("created", (), staff_id)
    assert (changed.kind, changed.fields, changed.staff_id) == ("changed", ("phones", "notes"), staff_id)
    assert (changed.sale_id, changed.total) == (None, None)


async def test_sales_returns_and_notes_stand_in_one_order(shop: StoreUnderTest, checkout: Teller) -> None:
    await saved(shop, MATTI)

    def note(scope: Scope) -> None:
        for _ in range(2):
            HistoryStore(scope.connection).note(
                "payment",
                MATTI.customer_id,
                datetime(2026, 3, 2, 12, tzinfo=UTC),
                note_id=NOTICE,
                amount=500,
                currency="EUR",
                reference="account",
            )

    await shop.services["customers"].writer.run(note)
    await checkout.tell(
        a_sale(1, MATTI.customer_id, at="2026-03-02T11:00:00Z"),
        msgspec.structs.replace(
            a_sale(3, MATTI.customer_id, at="2026-03-02T11:30:00Z"), transaction_kind="return", total=-400
        ),
        a_sale(2, MATTI.customer_id, at="2026-03-02T13:00:00Z"),
    )
    await shop.followed("checkout", "customers")

    assert [(each.kind, each.total) for each in (await history(shop)).entries] == [
        ("sale", 1002),
        ("payment", 500),
        ("return", -400),
        ("sale", 1001),
        ("created", None),
    ]


async def test_a_history_wiped_and_replayed_is_the_same_notes_and_all(shop: StoreUnderTest, checkout: Teller) -> None:
    await saved(shop, MATTI)
    await saved(shop, UpdateCustomer(MATTI.customer_id, 1, tags=("regular",)))
    await checkout.tell(*(a_sale(number, MATTI.customer_id) for number in range(5)))
    await shop.followed("checkout", "customers")
    live = await history(shop)

    (follower,) = [each for each in shop.services["customers"].followers if each.follow.name == "history"]
    await follower.rebuild()
    await shop.followed("checkout", "customers")

    assert len(live.entries) == 7
    assert await history(shop) == live


async def test_pages_join_without_a_gap_whatever_they_hold(shop: StoreUnderTest, checkout: Teller) -> None:
    await saved(shop, CreateCustomer(MATTI.customer_id, first_name="Matti"))
    for number in range(1, 6):
        await saved(shop, UpdateCustomer(MATTI.customer_id, number, notes=str(number)))
    await checkout.tell(*(a_sale(number, MATTI.customer_id) for number in range(5)))
    await shop.followed("checkout", "customers")
    whole = (await history(shop)).entries

    paged: list[HistoryEntry] = []
    following = None
    while not paged or following is not None:
        page = await look(shop, GetCustomerHistory(MATTI.customer_id, 2, following))
        paged += page.entries
        following = page.next

    assert len(whole) == 11
    assert tuple(paged) == whole


async def test_whoever_stands_for_hundreds_of_ids_has_one_history_and_a_copy(
    shop: StoreUnderTest, checkout: Teller, tmp_path: Path
) -> None:
    (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
    await saved(shop, MATTI)
    merged = [customer_id(number) for number in range(5000, 5600)]

    def merge(scope: Scope) -> None:
        for each in merged:
            point(scope.connection, each, MATTI.customer_id, RandomIds().new())

    await shop.services["customers"].writer.run(merge)
    await checkout.tell(*(a_sale(number, each) for number, each in enumerate((merged[0], merged[-1]), 1)))
    await shop.followed("checkout", "customers")

    page = await history(shop)
    copy = await look(shop, ExportCustomer(MATTI.customer_id), token=shop.token("customer.export"))

    assert [each.kind for each in page.entries].count("sale") == 2
    assert len(copy.document["history"]) == len(page.entries)
    assert len(copy.document["other_ids"]) == 600
