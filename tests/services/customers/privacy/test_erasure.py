"""Erasure: a customer is forgotten in every service, for good, after every restore, and it can be shown."""

import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from contracts.customers import CreateCustomer, GetCustomerHistory, SearchCustomers
from contracts.customers.merging import UndoMerge
from contracts.customers.privacy import (
    AccessLog,
    CustomerErased,
    EraseCustomer,
    Erasure,
    ErasureId,
    ErasuresState,
    GetErasure,
    GetErasureCertificate,
    ListErasures,
    ReadAccessLog,
)
from contracts.ids import CustomerId
from services.customers.erased_file import NAME, Erased, ErasedFile
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.customers.store.tables import METADATA
from services.runtime.clock import SetClock, stamp
from services.runtime.service import Follow, Service
from services.runtime.tables import failed_request
from services.runtime.transactions import Tx, View
from services.runtime.writer import Scope
from tests.services.customers.examples import MARKS
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_tender, refusal
from tests.services.customers.privacy.conftest import AT, FINNISH, Opened
from tests.services.customers.privacy.people import ANNA, ANNE, NOBODY, answer, ask, merge, profile, put_on_file
from tests.services.policy.teller import MIGRATIONS, Teller
from tests.under_test import store_under_test, until

MARKED: dict[str, Any] = {
    "last_name": "Zyxwvut",
    "company": "Markerbirdco",
    "emails": ("markedperson@markedhost.example.com",),
    "phones": ("+4930901820",),
    "codes": ("MARKEDCODE-77",),
    "notes": "Quetzal feathers",
    "tags": ("zyxw-tag",),
}
NAME_OF_ALL = "Quetzalcoatlina"
HOUR_S = 3600.0


def a_follower() -> Service[Tx, View]:
    """Checkout, as far as it follows customers."""
    return Service(
        name="checkout",
        migrations=MIGRATIONS,
        transaction=Tx,
        view=View,
        routes=(),
        follows=(Follow("customers", "open-sales", "reaction", on={CustomerErased: lambda _event, _tx: None}),),
    )


@pytest.fixture
async def following(tmp_path: Path) -> AsyncIterator[LedgerShop]:
    """A store whose checkout does not follow customers yet."""
    clock = SetClock(AT)
    async with store_under_test(tmp_path, clock) as store:
        (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
        await Teller("checkout").start(store)
        await Teller("staff").start(store)
        await store.start(customers(CustomersSettings(**FINNISH)))
        yield LedgerShop(store, None, clock)  # type: ignore[arg-type] # nothing is sold here


async def erase(shop: LedgerShop, customer_id: CustomerId, **how: Any) -> Any:
    return await ask(shop, EraseCustomer(ErasureId(IDS.new()), customer_id, **how))


async def own_part_done(shop: LedgerShop, erasure_id: ErasureId) -> None:
    """Wait until this service has done its part."""

    async def done() -> bool:
        found = await ask(shop, GetErasure(erasure_id))
        return any(each.service == "customers" and each.acknowledged_at for each in found.services)

    while not await done():
        pass


def holds_marks(folder: Path) -> dict[str, set[str]]:
    """The files that hold something of the marked customer."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            data = file.read_bytes().lower()
            marks = {mark for mark in MARKS if mark.encode() in data}
            if marks:
                found[file.name] = marks
    return found


def put_back(folder: Path) -> None:
    """Put the copy in the place of the database."""
    for each in folder.glob("customers.sqlite3*"):
        each.unlink()
    (folder / "copy").rename(folder / "customers.sqlite3")


async def test_nobody_is_found_by_anything_afterwards(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL, **MARKED)

    erased = await erase(shop, ANNA)

    assert isinstance(erased, Erasure), erased
    assert refusal(await ask(shop, GetCustomerHistory(ANNA)))[0] == "customer-not-found"
    for text in (NAME_OF_ALL, "Zyxwvut", "Markerbirdco", "markedperson", "901820", "MARKEDCODE-77"):
        assert (await ask(shop, SearchCustomers(text))).hits == ()


async def test_no_byte_of_any_file_remembers_once_this_service_has_done_its_part(
    shop: LedgerShop, tmp_path: Path
) -> None:
    """Not the database, not its log, not what was deleted before, nor what a merge had kept."""
    for number in range(300):
        await put_on_file(shop, CustomerId(f"0190a000-0000-7000-8000-{number + 5000:012d}"), f"Person {number}")
    await put_on_file(shop, ANNA, NAME_OF_ALL, **MARKED)
    await put_on_file(shop, ANNE, f"{NAME_OF_ALL} B", emails=("markedperson2@markedhost.example.com",))
    await answer(shop, ANNA, "yes", "markedperson@markedhost.example.com")
    merge_id = await merge(shop, ANNA, ANNE)
    assert holds_marks(tmp_path)

    erased = await erase(shop, ANNA)
    await own_part_done(shop, erased.erasure_id)

    assert holds_marks(tmp_path) == {}
    assert refusal(await ask(shop, UndoMerge(merge_id)))[0] == "merge-buried-under"


async def test_every_id_that_was_merged_into_the_customer_is_told_and_written_down(
    shop: LedgerShop, tmp_path: Path
) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await put_on_file(shop, ANNE, "Anne")
    await merge(shop, ANNA, ANNE)

    erased = await erase(shop, ANNE)
    await own_part_done(shop, erased.erasure_id)

    told = shop.store.told(CustomerErased)
    assert [(each.erasure_id, set(each.customer_ids)) for each in told] == [(erased.erasure_id, {ANNA, ANNE})]
    assert {each.customer_id for each in ErasedFile(tmp_path).read()} == {ANNA, ANNE}


@pytest.mark.parametrize(
    "payload",
    [
        '{"first_name": "quetzalcoatlina"}',
        '{"last_name": "\\u005ayxwvut"}',
        '{"phones": ["030 / 90-18 20"]}',
        '{"text": "MARKEDPERSON@markedhost.example.com',
    ],
)
async def test_requests_that_met_a_bug_are_forgotten_with_whom_they_name(shop: LedgerShop, payload: str) -> None:
    """However a name or a phone was typed or escaped; what names somebody else stays for the person who looks."""
    await put_on_file(shop, ANNA, NAME_OF_ALL, **MARKED)
    running = shop.store.services["customers"]

    def keep(scope: Scope) -> None:
        for number, each in enumerate((payload, '{"first_name": "Bert"}')):
            scope.connection.execute(
                insert(failed_request).values(
                    caller="till-1", id=str(number), name="x", payload=each.encode(), fault="x", at=stamp(AT)
                )
            )

    await running.writer.run(keep)

    await erase(shop, ANNA)

    def kept(connection: Connection) -> list[bytes]:
        return list(connection.execute(select(failed_request.c.payload)).scalars())

    assert await shop.store.read("customers", kept) == [b'{"first_name": "Bert"}']


async def test_sales_totals_stand(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL, **MARKED)
    await shop.sell(1, a_tender(1, "cash", 1234), customer_id=ANNA)

    await erase(shop, ANNA)

    def total(connection: Any) -> int:
        amount: int = connection.exec_driver_sql("SELECT sum(total) FROM history").scalar()
        return amount

    assert await shop.store.read("customers", total) == 1234


async def test_what_is_had_or_owed_is_given_up_by_word_and_booked(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await shop.give(ANNA, "store_credit", 500)

    refused = await erase(shop, ANNA)
    assert (refused.code, refused.details["balances"]) == ("balance-open", {"store_credit": 500})
    assert (await profile(shop, ANNA)).first_name == NAME_OF_ALL
    await erase(shop, ANNA, give_up_balances=True)

    audited = await shop.audit()
    assert (audited.differences, audited.store_credit) == ((), 0)


async def test_what_is_kept_for_an_open_sale_blocks_an_erasure(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await shop.give(ANNA, "store_credit", 500)
    await shop.reserve("store_credit", 100, ANNA)

    refused = await erase(shop, ANNA, give_up_balances=True)

    assert (refused.code, refused.details["reserved"]) == ("balance-open", True)


async def test_an_erased_id_is_never_given_again(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await put_on_file(shop, ANNE, "Anne")
    await merge(shop, ANNA, ANNE)
    await erase(shop, ANNA)

    for each in (ANNA, ANNE):
        again = await ask(shop, CreateCustomer(each, first_name="Anna"))
        assert refusal(again) == ("customer-exists", "customer_id")


async def test_an_erasure_needs_its_permission_and_somebody_to_erase(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL)

    refused = await shop.ask(EraseCustomer(ErasureId(IDS.new()), ANNA), "customer.edit", "customer.view")

    assert refusal(refused)[0] == "permission-denied"
    assert refusal(await erase(shop, NOBODY))[0] == "customer-not-found"


async def test_the_same_erasure_sent_again_erases_once(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await put_on_file(shop, ANNE, "Anne")
    erasure_id = ErasureId(IDS.new())

    first = await ask(shop, EraseCustomer(erasure_id, ANNA))
    again = await ask(shop, EraseCustomer(erasure_id, ANNA))
    other = await ask(shop, EraseCustomer(erasure_id, ANNE))

    assert first.erased_at == again.erased_at
    assert refusal(other) == ("erasure-exists", "erasure_id")
    assert len(shop.store.told(CustomerErased)) == 1


async def test_an_erasure_is_finished_when_every_service_has_passed_what_tells_of_it(
    following: LedgerShop,
) -> None:
    await put_on_file(following, ANNA, NAME_OF_ALL)
    erased = await erase(following, ANNA)
    await own_part_done(following, erased.erasure_id)
    assert (await ask(following, GetErasure(erased.erasure_id))).finished_at is None
    assert refusal(await ask(following, GetErasureCertificate(erased.erasure_id)))[0] == "erasure-unfinished"

    await following.store.stop("checkout")
    await following.store.start(a_follower())

    def nobody_waits() -> bool:
        state = following.store.retained(ErasuresState)
        return state is not None and state.waiting == 0

    await until(nobody_waits)
    certificate = await ask(following, GetErasureCertificate(erased.erasure_id, language="de"))
    assert certificate.services == ("checkout", "customers")
    assert ANNA in certificate.text
    assert "gelöscht" in certificate.text
    assert (await ask(following, ListErasures(unfinished_only=True))).erasures == ()


async def test_a_service_that_does_not_acknowledge_raises_the_alarm(
    following: LedgerShop, caplog: pytest.LogCaptureFixture
) -> None:
    await put_on_file(following, ANNA, NAME_OF_ALL, **MARKED)
    erased = await erase(following, ANNA)
    assert following.store.retained(ErasuresState).overdue == 0

    with caplog.at_level(logging.ERROR):
        following.clock.move(25 * HOUR_S)
        await until(lambda: following.store.retained(ErasuresState).overdue == 1)

    assert "erasure-overdue" in [record.message for record in caplog.records]
    listed = await ask(following, ListErasures(unfinished_only=True))
    assert [(each.erasure_id, each.overdue) for each in listed.erasures] == [(erased.erasure_id, True)]


async def test_a_restored_backup_forgets_again_before_it_answers(following: LedgerShop, tmp_path: Path) -> None:
    store = following.store
    await put_on_file(following, ANNA, NAME_OF_ALL, **MARKED)
    await put_on_file(following, ANNE, "Anne")
    await merge(following, ANNA, ANNE)
    await store.stop("customers")
    shutil.copy(tmp_path / "customers.sqlite3", tmp_path / "copy")
    await store.start(customers(CustomersSettings(**FINNISH)))
    erased = await erase(following, ANNA)
    await own_part_done(following, erased.erasure_id)
    await store.stop("customers")
    put_back(tmp_path)
    assert set(holds_marks(tmp_path)) == {"customers.sqlite3"}

    await store.start(customers(CustomersSettings(**FINNISH)))

    assert refusal(await ask(following, GetCustomerHistory(ANNA)))[0] == "customer-not-found"
    assert refusal(await ask(following, GetCustomerHistory(ANNE)))[0] == "customer-not-found"
    await own_part_done(following, erased.erasure_id)
    assert holds_marks(tmp_path) == {}
    assert [set(each.customer_ids) for each in store.told(CustomerErased)] == [{ANNA, ANNE}, {ANNA, ANNE}]


async def test_an_erasure_that_a_stop_interrupted_goes_on_afterwards(opened: Opened, tmp_path: Path) -> None:
    async with opened(privacy_every_s=3600.0) as shop:
        await put_on_file(shop, ANNA, NAME_OF_ALL, **MARKED)
        erased = await erase(shop, ANNA)
        assert not (tmp_path / NAME).exists()
        await shop.store.stop("customers")

        await shop.store.start(customers(CustomersSettings(**FINNISH)))
        await own_part_done(shop, erased.erasure_id)

        assert holds_marks(tmp_path) == {}
        assert [each.customer_id for each in ErasedFile(tmp_path).read()] == [ANNA]


def test_a_line_that_a_crash_cut_off_is_written_again(tmp_path: Path) -> None:
    file = ErasedFile(tmp_path)
    one, two = (Erased(each, stamp(AT), IDS.new()) for each in (ANNA, ANNE))
    file.add([one])
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes() + f"{ANNE} 2026".encode())

    file.add([one, two])

    assert file.read() == (one, two)


async def test_every_table_with_a_customers_id_is_erased_or_says_why_not() -> None:
    for table in METADATA.tables.values():
        if "customer_id" in table.c:
            said = table.comment or ""
            assert "Eraser" in said or "No personal data" in said or "ids and amounts" in said, table.name


async def test_who_saw_details_is_noted_and_who_did_not_see_them_is_not(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await profile(shop, ANNA)
    await shop.ask(GetCustomerHistory(ANNA), "customer.view")

    async def notes() -> AccessLog:
        log = await ask(shop, ReadAccessLog(ANNA))
        assert isinstance(log, AccessLog), log
        return log

    while not (await notes()).notes:
        pass
    assert [(each.kind, each.caller, each.customer_id) for each in (await notes()).notes] == [
        ("viewed", "till-1", ANNA)
    ]
