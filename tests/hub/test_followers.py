"""An older file of checkout is put back: all that follow it agree with it again, and no fact is forgotten."""

import shutil
from functools import partial
from operator import eq

import pytest

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.decided import CheckoutDecided
from contracts.devices.printing import FindPrintJobs
from tests.hub.parts import Parts
from tests.hub.shop import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLLOWED = (CheckoutDecided, SaleCompleted)


async def put_back(parts: Parts, copy: str) -> None:
    """Stop checkout, put an older copy of its database in place, and start it again."""
    await parts.stop("checkout")
    for beside in parts.data.glob("checkout.sqlite3-*"):
        beside.unlink()
    shutil.copyfile(parts.data / copy, parts.data / "checkout.sqlite3")
    await parts.start("checkout")


async def orphans(parts: Parts, service: str, follower: str) -> set[str]:
    """The events that a follower lists for a person, since checkout no longer has them."""
    rows = parts.shop.rows(service, "SELECT event_id FROM orphan_event WHERE follower = ?", follower)
    return {row[0] for row in rows}


async def test_followers_agree_with_an_older_file_and_list_what_it_lacks(parts: Parts) -> None:
    shop = parts.shop
    till = await shop.register("till-1")
    customer_id = await shop.customer(till)
    kept = await till.sell(customer_id, receipt="print")
    await parts.stop("checkout")
    shutil.copyfile(parts.data / "checkout.sqlite3", parts.data / "older")
    await parts.start("checkout")
    known = {entry.event_id for entry in await shop.journal("checkout")}
    lost = [await till.sell(customer_id, receipt="print") for _ in range(3)]
    await shop.is_told_once(till, [kept, *lost])
    await shop.decisions_are_kept()
    since = [entry for entry in await shop.journal("checkout") if entry.event_id not in known]
    decisions = shop.rows("policy", "SELECT count(*) FROM decision")

    await put_back(parts, "older")

    told = {kind.wire_name(): {each.event_id for each in since if each.name == kind.wire_name()} for kind in FOLLOWED}
    assert all(told.values())
    for service, follower, kinds in (
        ("policy", "decisions", (CheckoutDecided, SaleCompleted)),
        ("devices", "printing", (SaleCompleted,)),
        ("customers", "history", (SaleCompleted,)),
        ("staff", "attributed-totals", (SaleCompleted,)),
    ):
        await until(
            partial(orphans, parts, service, follower),
            partial(eq, set().union(*(told[kind.wire_name()] for kind in kinds))),
            f"{service} to list what checkout no longer has",
        )
    await shop.is_told_once(till, [kept])
    assert shop.rows("policy", "SELECT count(*) FROM decision") == decisions
    for sale in (kept, *lost):
        assert len((await till.ask(FindPrintJobs(sale.sale_id))).jobs) == 1

    again = await till.sell(customer_id)

    assert again.receipt_number == lost[0].receipt_number  # a person must look: two papers bear it
    await shop.is_told_once(till, [kept, again])
    for service in ("policy", "customers", "staff", "devices"):
        assert shop.rows(service, "SELECT count(*) FROM parked_event") == [(0,)]


async def test_followers_that_were_away_notice_another_past_behind_newer_sales(parts: Parts) -> None:
    shop = parts.shop
    till = await shop.register("till-2")
    customer_id = await shop.customer(till)
    kept = await till.sell(customer_id)
    await shop.is_told_once(till, [kept])
    await parts.stop("checkout")
    shutil.copyfile(parts.data / "checkout.sqlite3", parts.data / "older")
    await parts.start("checkout")
    head = (await shop.journal("checkout"))[-1].number
    lost = await till.sell(customer_id)
    await shop.is_told_once(till, [kept, lost])
    gone = {entry.event_id for entry in await shop.journal("checkout") if entry.name == SaleCompleted.wire_name()}
    await parts.stop("staff")

    await put_back(parts, "older")
    sold = [await till.sell(customer_id) for _ in range(3)]
    journal = await shop.journal("checkout")
    assert journal[-1].number > head + 3
    await parts.start("staff")

    gone -= {entry.event_id for entry in journal}
    assert len(gone) == 1
    await until(partial(orphans, parts, "staff", "attributed-totals"), gone.issubset, "staff to list what is gone")
    await shop.is_told_once(till, [kept, *sold])
