"""Erasure: a customer is forgotten in every service, for good, after every restore, and it can be shown."""

import asyncio
import hashlib
import hmac
import logging
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Table, select

from contracts.base import Rejected
from contracts.customers import CreateCustomer
from contracts.customers.asking import GetCustomerHistory, SearchCustomers
from contracts.customers.balances import CustomerLedger
from contracts.customers.consent import MarketingList
from contracts.customers.ledgers.watching import ListLateCaptures
from contracts.customers.merging import MergeReversed, UndoMerge
from contracts.customers.privacy.erasing import (
    EraseCustomer,
    Erasure,
    ErasureCertificate,
    ErasureId,
    ErasureReason,
    GetErasure,
    GetErasureCertificate,
    ListErasures,
    ServiceErasure,
)
from contracts.customers.privacy.keeping import BuyerRecordId, GetBuyerRecord
from contracts.customers.privacy.noting import AccessLog, ReadAccessLog
from contracts.customers.privacy.telling import CustomerErased, ErasuresState
from contracts.ids import CustomerId
from services.customers.erased_file import NAME, Erased, ErasedFile
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.customers.store.ledger_tables import account_terms, loyalty_member, loyalty_sale
from services.customers.store.tables import METADATA
from services.runtime.clock import SetClock, stamp
from services.runtime.requester import NoAnswer
from services.runtime.service import Follow, Service
from services.runtime.transactions import Tx, View
from services.runtime.wiping import REBUILT_AT_ONCE_BYTES
from tests.services.customers.examples import MARKS
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_line, a_tender, refusal, sale_id
from tests.services.customers.privacy.conftest import AT, FINNISH, Opened
from tests.services.customers.privacy.people import (
    ANJA,
    ANNA,
    ANNE,
    MAIL,
    NOBODY,
    answer,
    ask,
    fields_of,
    merge,
    own_part_done,
    profile,
    put_on_file,
)
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
PATIENCE_S = 10.0


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


def own(erasure: Erasure) -> ServiceErasure:
    """How far this service's own part is."""
    return next(each for each in erasure.services if each.service == "customers")


async def own_part(shop: LedgerShop, erasure: Erasure) -> ServiceErasure:
    return own(await ask(shop, GetErasure(erasure.erasure_id)))


async def until_own_part(shop: LedgerShop, erasure: Erasure, wanted: Callable[[ServiceErasure], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not wanted(await own_part(shop, erasure)):
            await asyncio.sleep(0.01)


def make_large(folder: Path) -> None:
    """Let the database's file be larger than one that is rebuilt at any hour."""
    with closing(sqlite3.connect(folder / "customers.sqlite3", isolation_level=None, timeout=PATIENCE_S)) as database:
        database.execute("CREATE TABLE room (bytes BLOB)")
        database.execute("INSERT INTO room VALUES (zeroblob(?))", (REBUILT_AT_ONCE_BYTES,))
        database.execute("DROP TABLE room")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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


def all_bytes(folder: Path) -> bytes:
    """All that the database's files hold."""
    return b"".join(each.read_bytes() for each in folder.glob("customers.sqlite3*"))


async def back_up(shop: LedgerShop, folder: Path) -> None:
    """Keep a copy of the database as it is now."""
    await shop.store.stop("customers")
    shutil.copy(folder / "customers.sqlite3", folder / "copy")
    await shop.store.start(customers(CustomersSettings(**FINNISH)))


async def restore(shop: LedgerShop, folder: Path) -> None:
    """Start again with the copy."""
    await shop.store.stop("customers")
    put_back(folder)
    await shop.store.start(customers(CustomersSettings(**FINNISH)))


async def follow(shop: LedgerShop) -> None:
    """Let checkout follow customers."""
    await shop.store.stop("checkout")
    await shop.store.start(a_follower())


async def certificate(shop: LedgerShop, erasure_id: ErasureId) -> ErasureCertificate:
    """The certificate, once the erasure is finished."""
    while not (await ask(shop, GetErasure(erasure_id))).finished_at:
        pass
    made = await ask(shop, GetErasureCertificate(erasure_id))
    assert isinstance(made, ErasureCertificate), made
    return made


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
    assert [set(each.customer_ids) for each in ErasedFile(tmp_path).read()] == [{ANNA, ANNE}]


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
    paper = await ask(following, GetErasureCertificate(erased.erasure_id, language="de"))
    assert paper.services == ("checkout", "customers")
    assert ANNA in paper.text
    assert "gelöscht" in paper.text
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


async def test_a_large_database_is_rebuilt_at_night_or_when_half_of_the_time_has_passed(
    following: LedgerShop, tmp_path: Path
) -> None:
    """At noon it waits, and says for what; a quarter past midnight it is not night yet, but half a day has passed."""
    make_large(tmp_path)
    await put_on_file(following, ANNA, NAME_OF_ALL)
    erased = await erase(following, ANNA)

    await until_own_part(following, erased, lambda part: part.waits_for == "night")
    following.clock.move(11.9 * HOUR_S)
    assert (await own_part(following, erased)).waits_for == "night"
    following.clock.move(0.35 * HOUR_S)

    await until_own_part(following, erased, lambda part: part.acknowledged_at is not None)


async def test_a_large_database_is_rebuilt_in_the_night(following: LedgerShop, tmp_path: Path) -> None:
    make_large(tmp_path)
    following.clock.move(10 * HOUR_S)  # ten in the evening
    await put_on_file(following, ANNA, NAME_OF_ALL)
    erased = await erase(following, ANNA)

    await until_own_part(following, erased, lambda part: part.waits_for == "night")
    following.clock.move(3.5 * HOUR_S)

    await until_own_part(following, erased, lambda part: part.acknowledged_at is not None)


async def test_who_was_erased_before_a_box_was_switched_off_is_gone_once_it_is_on_again(
    following: LedgerShop, tmp_path: Path
) -> None:
    make_large(tmp_path)
    await put_on_file(following, ANNA, NAME_OF_ALL)
    erased = await erase(following, ANNA)
    await until_own_part(following, erased, lambda part: part.waits_for == "night")

    await following.store.stop("customers")
    following.clock.move(1)
    await following.store.start(customers(CustomersSettings(**FINNISH)))

    await until_own_part(following, erased, lambda part: part.acknowledged_at is not None)


async def test_an_erasure_says_that_it_waits_for_the_sales_of_before(opened: Opened) -> None:
    async with opened() as shop:
        await put_on_file(shop, ANNA, NAME_OF_ALL)
        await shop.store.stop("checkout")
        erased = await erase(shop, ANNA)

        [listed] = (await ask(shop, ListErasures(unfinished_only=True))).erasures

    assert (listed.erasure_id, own(listed).waits_for) == (erased.erasure_id, "sales")


async def test_a_restored_backup_forgets_again_before_it_answers(following: LedgerShop, tmp_path: Path) -> None:
    """The same erasure once more: of that time, for that reason, with the same seal on its certificate."""
    store = following.store
    await put_on_file(following, ANNA, NAME_OF_ALL, **MARKED)
    await put_on_file(following, ANNE, "Anne")
    await merge(following, ANNA, ANNE)
    await back_up(following, tmp_path)
    erased = await erase(following, ANNA, reason="retention")
    await follow(following)
    paper = await certificate(following, erased.erasure_id)
    following.clock.move(24 * HOUR_S)

    await restore(following, tmp_path)

    assert refusal(await ask(following, GetCustomerHistory(ANNA)))[0] == "customer-not-found"
    assert refusal(await ask(following, GetCustomerHistory(ANNE)))[0] == "customer-not-found"
    again = await ask(following, GetErasure(erased.erasure_id))
    assert (again.reason, again.erased_at) == ("retention", erased.erased_at)
    assert (await certificate(following, erased.erasure_id)).seal == paper.seal
    assert holds_marks(tmp_path) == {}
    told = [(set(each.customer_ids), each.erased_at) for each in store.told(CustomerErased)]
    assert told == [({ANNA, ANNE}, erased.erased_at)] * 2


async def test_a_restored_backup_writes_to_nobody_who_asked_to_be_forgotten(
    following: LedgerShop, tmp_path: Path
) -> None:
    await put_on_file(following, ANNE, "Anne", emails=(MAIL,))
    await put_on_file(following, ANNA, "Anna", emails=(MAIL,))
    await answer(following, ANNE, "yes")
    await back_up(following, tmp_path)
    await erase(following, ANNA)

    await restore(following, tmp_path)

    assert (await ask(following, MarketingList("email"))).addresses == ()


async def test_what_a_restored_backup_owes_the_erased_is_given_up_again_once_its_sales_are_booked(
    shop: LedgerShop, tmp_path: Path
) -> None:
    """Of 10.00 in the backup 4.00 were spent in a sale since, and 6.00 given up; both are booked again, and no more."""
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await put_on_file(shop, ANNE, "Anne")
    await shop.give(ANNE, "store_credit", 1000)
    await back_up(shop, tmp_path)
    await merge(shop, ANNA, ANNE)
    await shop.reserve("store_credit", 400, ANNA)
    await shop.sell(1, a_tender(1, "store_credit", 400), customer_id=ANNA)
    erased = await erase(shop, ANNA, give_up_balances=True)

    await restore(shop, tmp_path)
    await own_part_done(shop, erased.erasure_id)

    audited = await shop.audit()
    assert (audited.differences, audited.store_credit) == ((), 0)


async def test_a_restored_backup_seals_the_buyers_of_sales_that_it_does_not_know(
    shop: LedgerShop, tmp_path: Path
) -> None:
    """They bought after the backup and were erased then; checkout's journal tells of it, and the backup who it was."""
    await put_on_file(shop, ANNA, NAME_OF_ALL, **MARKED)
    await put_on_file(shop, ANNE, "Anne", last_name="Virtanen")
    await back_up(shop, tmp_path)
    record_ids = [BuyerRecordId(IDS.new()) for _ in (1, 2)]
    for number, record_id in enumerate(record_ids, 1):
        invoice: dict[str, Any] = {"sealed_buyer_id": record_id, "sealed_reason": "invoice"}
        await shop.sell(number, a_tender(number, "cash", 900), customer_id=(ANNA, ANNE)[number - 1], **invoice)
    await merge(shop, ANNA, ANNE)
    erased = await erase(shop, ANNA)
    before = [await ask(shop, GetBuyerRecord(each)) for each in record_ids]

    await restore(shop, tmp_path)
    await own_part_done(shop, erased.erasure_id)

    again = [await ask(shop, GetBuyerRecord(each)) for each in record_ids]
    assert [(each.customer_id, each.name, each.keep_until) for each in again] == [
        (each.customer_id, each.name, each.keep_until) for each in before
    ]
    assert (tmp_path / "customers.sqlite3").read_bytes().count(b"Zyxwvut") == 1


@pytest.mark.parametrize("erased_id", [ANNE, ANNA])
async def test_a_restored_backup_parts_whom_it_has_as_one_before_it_forgets_either(
    following: LedgerShop, tmp_path: Path, erased_id: CustomerId
) -> None:
    """Nothing of who was erased stays with the other, and nothing of the other goes with them."""
    marked, other = ((each, f"of-{each[-2:]}@example.com") for each in (erased_id, ANNE if erased_id == ANNA else ANNA))
    for customer_id, mail in (marked, other):
        await put_on_file(following, customer_id, f"Name {mail[3:5]}", emails=(mail,), notes=f"Note {mail[3:5]}.")
        await answer(following, customer_id, "yes", mail)
    inner = await merge(following, ANNA, ANNE)
    await put_on_file(following, ANJA, "Anja")
    outer = await merge(following, ANJA, ANNA)
    await back_up(following, tmp_path)
    for each in (outer, inner):
        assert isinstance(await ask(following, UndoMerge(each)), MergeReversed)
    before = await profile(following, other[0])
    erased = await erase(following, erased_id, reason="mistaken_record")
    following.clock.move(40 * 24 * HOUR_S)

    await restore(following, tmp_path)

    assert fields_of(await profile(following, other[0])) == fields_of(before)
    assert (await profile(following, ANJA)).emails == ()
    assert [each.address for each in (await ask(following, MarketingList("email"))).addresses] == [other[1]]
    assert refusal(await ask(following, GetCustomerHistory(erased_id)))[0] == "customer-not-found"
    await own_part_done(following, erased.erasure_id)
    data = all_bytes(tmp_path)
    assert marked[1].encode() not in data
    assert other[1].encode() in data


@pytest.mark.parametrize("erased_id", [ANNE, ANNA])
async def test_balances_of_whom_a_restored_backup_parts_go_back_once_its_sales_are_booked(
    shop: LedgerShop, tmp_path: Path, erased_id: CustomerId
) -> None:
    """As one they spent 4.00 of the 10.00 that came from Anne: 6.00 go back to her and 5.00 stay with Anna."""
    for each in (ANNA, ANNE):
        await put_on_file(shop, each, "Anna")
    await shop.give(ANNE, "store_credit", 1000, expires_on="2027-06-30")
    await shop.give(ANNA, "store_credit", 500)
    await shop.terms(ANNE, 900)
    merge_id = await merge(shop, ANNA, ANNE)
    await back_up(shop, tmp_path)
    for number in (1, 2):
        reserved = (await shop.reserve("store_credit", 200, ANNA, sale=number, tender=number)).reserved
        await shop.sell(number, a_tender(number, "store_credit", 200, reserved), customer_id=ANNA)
    await ask(shop, UndoMerge(merge_id))
    erased = await erase(shop, erased_id, give_up_balances=True)
    left = ANNE if erased_id == ANNA else ANNA
    before = (await profile(shop, left)).balances

    await restore(shop, tmp_path)
    await own_part_done(shop, erased.erasure_id)

    assert (await profile(shop, left)).balances == before
    audited = await shop.audit()
    assert (audited.differences, audited.store_credit) == ((), before.store_credit if before else None)


async def test_a_service_that_passed_other_events_by_these_numbers_has_not_acknowledged(
    following: LedgerShop, tmp_path: Path
) -> None:
    """A restored journal gives its numbers again; what checkout heard under them was something else."""
    await put_on_file(following, ANNA, NAME_OF_ALL)
    await follow(following)
    await back_up(following, tmp_path)
    erased = await erase(following, ANNA)
    for number in range(5):
        await put_on_file(following, CustomerId(f"0190a000-0000-7000-8000-{number + 5000:012d}"), f"Person {number}")
    await following.store.followed("customers", "checkout")
    hears_again = threading.Event()
    busy = asyncio.create_task(
        following.store.services["checkout"].writer.run(lambda _scope: hears_again.wait(PATIENCE_S))
    )

    await restore(following, tmp_path)
    await own_part_done(following, erased.erasure_id)

    waits = await ask(following, GetErasure(erased.erasure_id))
    assert [each.service for each in waits.services if each.acknowledged_at is None] == ["checkout"]
    hears_again.set()
    assert await busy
    assert (await certificate(following, erased.erasure_id)).services == ("checkout", "customers")


async def test_an_erasure_is_written_down_before_it_is_answered(opened: Opened, tmp_path: Path) -> None:
    async with opened(privacy_every_s=3600.0) as shop:
        await put_on_file(shop, ANNA, NAME_OF_ALL, **MARKED)

        erased = await erase(shop, ANNA)

        assert [each.customer_ids for each in ErasedFile(tmp_path).read()] == [(ANNA,)]
        await shop.store.stop("customers")
        await shop.store.start(customers(CustomersSettings(**FINNISH)))
        await own_part_done(shop, erased.erasure_id)
        assert holds_marks(tmp_path) == {}


async def test_nobody_is_erased_whom_the_disk_does_not_take_down(shop: LedgerShop, tmp_path: Path) -> None:
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    (tmp_path / NAME).mkdir()

    with pytest.raises(NoAnswer, match="unavailable"):
        await erase(shop, ANNA)

    assert (await profile(shop, ANNA)).first_name == NAME_OF_ALL


async def test_on_a_new_machine_the_copy_beside_the_backups_forgets_them_again(
    following: LedgerShop, tmp_path: Path
) -> None:
    """What is put back is a backup of before, and the copy of the list that the last backup laid beside it."""
    await put_on_file(following, ANNA, NAME_OF_ALL, **MARKED)
    await back_up(following, tmp_path)
    erased = await erase(following, ANNA)
    await following.store.stop("customers")
    (tmp_path / "backups").mkdir(exist_ok=True)
    (tmp_path / NAME).rename(tmp_path / "backups" / NAME)
    put_back(tmp_path)

    await following.store.start(customers(CustomersSettings(**FINNISH)))
    await own_part_done(following, erased.erasure_id)

    assert holds_marks(tmp_path) == {}
    (tmp_path / "backups" / NAME).unlink()
    assert [each.erasure_id for each in ErasedFile(tmp_path).read()] == [erased.erasure_id]


def as_of_before(*erased: Erased) -> str:
    """What the list said of erasures when a line was one id."""
    return "".join(
        f"{each} {erasure.erased_at} {erasure.erasure_id}\n" for erasure in erased for each in erasure.customer_ids
    )


@pytest.mark.parametrize("reason", ["asked_for", "retention"])
@pytest.mark.parametrize("is_of_before", [True, False])
async def test_a_list_that_is_lost_or_of_before_is_written_whole_from_the_database(
    following: LedgerShop, tmp_path: Path, reason: ErasureReason, *, is_of_before: bool
) -> None:
    """With the hashes of the addresses that an erasure suppressed, so that a backup of before knows them, too."""
    for each, mail in ((ANNA, MAIL), (ANNE, "other@example.com")):
        await put_on_file(following, each, NAME_OF_ALL, emails=(mail,), phones=("+358401234567",))
    await merge(following, ANNA, ANNE)
    await erase(following, ANNE, reason=reason)
    await following.store.stop("customers")
    (before,) = ErasedFile(tmp_path).read()
    (tmp_path / NAME).write_text(as_of_before(before) if is_of_before else "")

    await following.store.start(customers(CustomersSettings(**FINNISH)))

    (written,) = ErasedFile(tmp_path).read()
    assert sorted(written.suppressed or ()) == sorted(before.suppressed or ())
    assert bool(written.suppressed) is (reason == "asked_for")
    assert msgspec.structs.replace(written, suppressed=()) == msgspec.structs.replace(before, suppressed=())


async def test_a_restored_backup_forgets_whom_a_list_of_before_names_and_writes_to_them_no_more(
    following: LedgerShop, tmp_path: Path
) -> None:
    await put_on_file(following, ANJA, "Anja", emails=(MAIL,))
    await answer(following, ANJA, "yes")
    await put_on_file(following, ANNA, NAME_OF_ALL, **{**MARKED, "emails": (MAIL,)})
    await put_on_file(following, ANNE, NAME_OF_ALL)
    await back_up(following, tmp_path)
    await following.store.stop("customers")
    erased = Erased(ErasureId(IDS.new()), (ANNA, ANNE), "asked_for", stamp(AT))
    (tmp_path / NAME).write_text(as_of_before(erased))
    put_back(tmp_path)

    await following.store.start(customers(CustomersSettings(**FINNISH)))
    await own_part_done(following, erased.erasure_id)

    assert holds_marks(tmp_path) == {}
    assert [set(each.customer_ids) for each in following.store.told(CustomerErased)] == [{ANNA, ANNE}]
    assert (await ask(following, MarketingList("email"))).addresses == ()
    (written,) = ErasedFile(tmp_path).read()
    assert written.suppressed


async def test_lines_of_the_list_that_nobody_can_read_raise_the_alarm(
    following: LedgerShop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await following.store.stop("customers")
    (tmp_path / NAME).write_text(f"{ANNA} yesterday\n")

    with caplog.at_level(logging.ERROR):
        await following.store.start(customers(CustomersSettings(**FINNISH)))
        await until(lambda: "erased-list-unreadable" in [record.message for record in caplog.records])

    assert ANNA not in caplog.text


async def test_a_certificate_of_before_keeps_its_seal_even_when_a_backup_is_put_back(
    following: LedgerShop, tmp_path: Path
) -> None:
    await put_on_file(following, ANNA, NAME_OF_ALL)
    await follow(following)
    await back_up(following, tmp_path)
    erased = await erase(following, ANNA)
    new = await certificate(following, erased.erasure_id)
    finished = await ask(following, GetErasure(erased.erasure_id))
    told = msgspec.to_builtins(finished)
    services = [{name: part[name] for name in ("service", "acknowledged_at")} for part in told["services"]]
    said = msgspec.json.encode({"erasure": {**told, "services": services}, "kept": ()})
    seal = hmac.new(b"a key of the tests, 32 bytes long", b"certificate\0" + said, hashlib.sha256).hexdigest()
    await following.store.stop("customers")
    with closing(sqlite3.connect(tmp_path / "customers.sqlite3")) as connection, connection:
        connection.execute("UPDATE erasure SET seal = ''")  # as the migration marks it
    (tmp_path / NAME).write_text(as_of_before(*ErasedFile(tmp_path).read()))

    await following.store.start(customers(CustomersSettings(**FINNISH)))

    assert new.seal != seal
    assert (await certificate(following, erased.erasure_id)).seal == seal
    following.clock.move(24 * HOUR_S)
    await restore(following, tmp_path)
    assert (await certificate(following, erased.erasure_id)).seal == seal


def test_a_line_that_a_crash_cut_off_is_written_again(tmp_path: Path) -> None:
    file = ErasedFile(tmp_path)
    one, two = (Erased(ErasureId(IDS.new()), (each,), "asked_for", stamp(AT)) for each in (ANNA, ANNE))
    file.add([one])
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes() + msgspec.json.encode(two)[:70])

    file.add([one, two])

    assert file.read() == (one, two)


async def test_a_sale_that_comes_late_earns_nothing_for_whom_nobody_knows_any_more(shop: LedgerShop) -> None:
    """Nor does what comes back of an earlier one take points that were given up."""
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await shop.programme()
    await shop.join(ANNA)
    await shop.sell(1, a_tender(1, "cash", 5000), customer_id=ANNA)
    assert (await shop.balances(ANNA)).balances.loyalty_points == 50
    await erase(shop, ANNA, give_up_balances=True)

    await shop.sell(2, a_tender(2, "cash", 5000), customer_id=ANNA)
    assert (await shop.audit()).points == 0
    back = (a_line(301, -5000, returns=sale_id(1)),)
    await shop.sell(3, a_tender(3, "cash", -5000), customer_id=ANNA, lines=back)

    audited = await shop.audit()
    assert (audited.differences, audited.points) == ((), 0)

    def standing(connection: Connection) -> list[Table]:
        tables = (loyalty_member, loyalty_sale, account_terms)
        return [each for each in tables if connection.execute(select(each).where(each.c.customer_id == ANNA)).all()]

    assert await shop.store.read("customers", standing) == []


@pytest.mark.parametrize("ledger", ["loyalty", "store_credit"])
async def test_what_a_sale_spends_that_comes_after_the_erasure_is_finished_is_nobodys_debt(
    shop: LedgerShop, ledger: CustomerLedger
) -> None:
    """It was kept for the sale, ran out, and was given up; the till was away and completes the sale all the same."""
    await put_on_file(shop, ANNA, NAME_OF_ALL)
    await shop.programme(point_value=10)
    await shop.join(ANNA)
    await shop.give(ANNA, ledger, 20)
    reserved = (await shop.reserve(ledger, 200 if ledger == "loyalty" else 20, ANNA)).reserved
    shop.clock.move(24 * HOUR_S)
    while isinstance(erased := await erase(shop, ANNA, give_up_balances=True), Rejected):
        assert erased.details["reserved"], erased
    await own_part_done(shop, erased.erasure_id)

    await shop.sell(1, a_tender(1, ledger, 20, reserved), customer_id=ANNA)

    while (audited := await shop.audit()).points or audited.store_credit:
        pass
    assert audited.differences == ()
    (late,) = (await ask(shop, ListLateCaptures())).captures
    assert (late.ledger, late.holder_id) == (ledger, ANNA)


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
