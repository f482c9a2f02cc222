"""Cash drawers: opened by a sale in cash or by somebody who may, told with who and why, never late, never elsewhere."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.base import Rejected
from contracts.checkout.completed import CompletedTender
from contracts.devices import DeviceState
from contracts.devices.printing import DrawerOpened, OpenDrawer, PrintJob
from contracts.ids import PrintJobId, TenderId
from services.devices.service import devices
from services.devices.settings import DevicesSettings
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.clock import SetClock
from tests.services.devices.neighbours import Checkout
from tests.services.devices.shop import (
    CASHIER,
    NOBODYS_PORT,
    TILL_2,
    an_id,
    printer_at,
    reprint,
    settings,
    states,
    troubles,
)
from tests.under_test import StoreUnderTest, until

SOMEBODY, MANAGER = (f"01912f4e-0000-7000-8000-0000000000{place}" for place in (71, 72))


def tender(kind: Any, amount: int = 1675) -> tuple[CompletedTender, ...]:
    return (CompletedTender(TenderId(an_id()), kind, amount),)


async def open_drawer(store: StoreUnderTest, **how: Any) -> PrintJob | Rejected:
    command = OpenDrawer(PrintJobId(how.pop("job_id", an_id())), "change_money")
    return await store.send(command, **({"token": store.token("drawer.open", staff_id=SOMEBODY)} | how))


def _more_opened_than(store: StoreUnderTest, before: int) -> bool:
    return len(store.told(DrawerOpened)) > before


def _two_more_unknown_than(store: StoreUnderTest, before: int) -> bool:
    return states(store).count(("unknown", "never_confirms")) == before + 2


def _looked_again(printer: VirtualPrinter, before: int) -> bool:
    return printer.looks > before + 2


async def test_a_sale_in_cash_opens_the_drawer_as_a_job_of_its_own(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))

    sale = await checkout.complete(street, tenders=tender("cash"))
    paper = await printer.next_paper()
    await until(lambda: len(states(street)) == 6)

    (opened,) = street.told(DrawerOpened)
    assert paper.drawer_opened
    assert (opened.register, opened.printer, opened.reason, opened.certain) == ("till-1", "printer-1", "sale", True)
    assert (opened.staff_id, opened.approved_by, opened.sale_id) == (CASHIER, None, sale.sale_id)
    assert (printer.papers_out, printer.drawer_pulses) == (1, 1)


async def test_a_sale_in_cash_that_wants_no_paper_opens_the_drawer_all_the_same(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))

    await checkout.complete(street, tenders=tender("cash", -500), receipt="none")
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    assert (printer.papers_out, printer.drawer_pulses) == (0, 1)


@pytest.mark.parametrize(("drawer", "kind"), [(True, "card"), (False, "cash")])
async def test_no_drawer_is_opened_without_cash_or_without_a_drawer(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, *, drawer: bool, kind: str
) -> None:
    await street.start(devices(settings(printer_at(printer.port, drawer=drawer))))

    await checkout.complete(street, tenders=tender(kind))
    await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    assert street.told(DrawerOpened) == []
    assert printer.drawer_pulses == 0


async def test_a_drawer_opened_by_hand_is_told_with_who_and_why(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))
    job_id = an_id()

    job = await open_drawer(street, job_id=job_id)
    await until(lambda: street.told(DrawerOpened))
    again = await open_drawer(street, job_id=job_id)

    (opened,) = street.told(DrawerOpened)
    assert isinstance(job, PrintJob)
    assert isinstance(again, PrintJob)
    assert (job.kind, job.state, job.sale_id, again.state) == ("drawer", "accepted", None, "printed")
    assert (opened.reason, opened.staff_id, opened.approved_by) == ("change_money", SOMEBODY, None)
    assert (printer.drawer_pulses, checkout.applied) == (1, [])


async def test_who_may_not_open_the_drawer_needs_somebody_who_may(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))
    token = street.token(needs_approval=("drawer.open",), staff_id=SOMEBODY)
    message_id = an_id()

    denied = await open_drawer(street, token=street.token("sale.sell"))
    alone = await open_drawer(street, token=token)
    approval = street.approval("drawer.open", message_id, approved_by=MANAGER)
    approved = await open_drawer(street, token=token, message_id=message_id, approval=approval)
    await until(lambda: street.told(DrawerOpened))

    assert isinstance(denied, Rejected)
    assert isinstance(alone, Rejected)
    assert (denied.code, alone.code) == ("permission-denied", "approval-needed")
    assert isinstance(approved, PrintJob)
    (opened,) = street.told(DrawerOpened)
    assert (opened.staff_id, opened.approved_by) == (SOMEBODY, MANAGER)
    assert (printer.drawer_pulses, checkout.applied) == (1, [])


async def test_a_register_opens_no_drawer_but_its_own(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))

    refused = await open_drawer(
        street, caller=TILL_2, token=street.token("drawer.open", caller=TILL_2, staff_id=SOMEBODY)
    )

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details) == ("drawer-not-found", {"register": "till-2"})
    assert (printer.drawer_pulses, checkout.applied) == (0, [])


async def test_a_drawer_that_could_not_be_opened_at_once_stays_shut(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock
) -> None:
    async with VirtualPrinter(fault="cover_open") as printer, VirtualPrinter() as other:
        shop = settings(
            printer_at(printer.port, drawer=True, fallback="printer-2", fallback_after_s=0),
            printer_at(other.port, "printer-2", TILL_2, drawer=True),
        )
        await street.start(devices(shop))
        await open_drawer(street)
        await until(lambda: ("accepted", "cover_open") in states(street))

        clock.move(10)
        await until(lambda: states(street)[-1:] == [("expired", "cover_open")])

        assert (printer.drawer_pulses, other.drawer_pulses) == (0, 0)
        assert (street.told(DrawerOpened), checkout.applied) == ([], [])


async def test_change_can_be_given_while_the_printer_has_no_paper(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "paper_out"
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))
    await checkout.complete(street, tenders=tender("card"))
    await until(lambda: ("accepted", "paper_out") in states(street))

    await checkout.complete(street, tenders=tender("cash"))
    await until(lambda: street.told(DrawerOpened))

    assert [each.certain for each in street.told(DrawerOpened)] == [False]
    assert (printer.drawer_pulses, printer.papers_out) == (1, 0)
    assert street.retained(DeviceState, device="printer-1").reason == "paper_out"
    assert "drawer" not in [kind for kind, _, _ in troubles(street)]


async def test_a_printer_that_never_answers_in_turn_gets_every_receipt_and_drawer_and_is_shown_so_throughout(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "mute_in_turn"
    await street.start(devices(settings(printer_at(printer.port, drawer=True), finish_s=0.1, answer_s=0.1)))

    for _ in range(3):
        before = states(street).count(("unknown", "never_confirms"))
        await checkout.complete(street, tenders=tender("cash"))
        await printer.next_paper()
        await until(partial(_two_more_unknown_than, street, before))
        await until(partial(_looked_again, printer, printer.looks))

    shown = street.retained(DeviceState, device="printer-1")
    assert (printer.papers_out, printer.drawer_pulses) == (3, 3)
    assert (shown.state, shown.reason) == ("fault", "never_confirms")
    assert shown.revision == 3


async def test_a_printer_that_is_set_to_confirm_nothing_has_printed_when_it_took_all(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "mute_in_turn"
    await street.start(devices(settings(printer_at(printer.port, drawer=True, confirms=False))))

    for _ in range(2):
        await checkout.complete(street, tenders=tender("cash"))
        await printer.next_paper()
    await until(lambda: states(street).count(("printed", "none")) == 4)

    assert [each.certain for each in street.told(DrawerOpened)] == [False, False]
    assert street.retained(DeviceState, device="printer-1").state == "ready"
    assert (printer.papers_out, printer.drawer_pulses, troubles(street)) == (2, 2, [])


async def test_a_drawer_is_opened_at_once_while_receipts_wait_for_checkout(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))
    sale = await checkout.complete(street)
    await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])
    await street.stop("checkout")
    await street.unwell("checkout")
    await reprint(street, sale.sale_id)
    await until(lambda: ("accepted", "receipt_awaited") in states(street))

    await open_drawer(street)
    await until(lambda: street.told(DrawerOpened))

    assert (printer.drawer_pulses, printer.papers_out) == (1, 1)


async def test_a_drawer_opens_past_a_receipt_that_a_printer_without_paper_keeps(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    """The paper ends in mid job: the printer keeps the rest, and would keep a drawer's command behind it."""
    printer.rows_left = 5
    await street.start(devices(settings(printer_at(printer.port, drawer=True), finish_s=0.5)))
    await checkout.complete(street)
    await until(lambda: states(street)[-1:] == [("unknown", "paper_out")])

    await checkout.complete(street, tenders=tender("cash"))
    await until(lambda: street.told(DrawerOpened))

    assert (printer.drawer_pulses, printer.papers_out) == (1, 0)


async def test_a_drawer_opens_while_a_receipt_before_it_takes_longer_than_a_drawer_lives(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock, printer: VirtualPrinter
) -> None:
    """As one with a logo does: what was taken slowly may be printed slowly."""
    printer.rows_left = 5
    await street.start(devices(settings(printer_at(printer.port, drawer=True), finish_s=3600.0)))
    await checkout.complete(street)
    await until(lambda: printer.fault == "paper_out")

    for _ in range(2):
        before = len(street.told(DrawerOpened))
        await checkout.complete(street, tenders=tender("cash"), receipt="none")
        await until(partial(_more_opened_than, street, before))
        clock.move(10)
    printer.fault = None
    await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    assert [each.certain for each in street.told(DrawerOpened)] == [False, False]
    assert (printer.drawer_pulses, printer.papers_out) == (2, 1)
    assert street.retained(DeviceState, device="printer-1").state == "ready"


def test_by_default_a_drawer_outlives_a_receipt_that_stands_before_it() -> None:
    assert DevicesSettings().finish_s < DevicesSettings().drawer_lives_s


async def test_a_drawer_whose_printer_takes_too_long_to_answer_stays_shut(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock
) -> None:
    class Dawdling(VirtualPrinter):
        patient = True

        def _status(self, which: int) -> int:
            clock.move(0 if self.patient else 10)
            return super()._status(which)

    async with Dawdling() as printer:
        await street.start(devices(settings(printer_at(printer.port, drawer=True), look_every_s=3600.0)))
        await until(lambda: getattr(street.retained(DeviceState, device="printer-1"), "state", "") == "ready")
        printer.patient = False
        await open_drawer(street)
        await until(lambda: states(street)[-1:] == [("expired", "none")])

        assert (printer.drawer_pulses, street.told(DrawerOpened), checkout.applied) == (0, [], [])


async def test_a_drawer_that_may_be_open_or_not_is_told_as_uncertain(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    printer.fault = "close_in_mid_job"
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))

    await open_drawer(street)
    await until(lambda: street.told(DrawerOpened))

    assert [each.certain for each in street.told(DrawerOpened)] == [False]
    assert states(street)[-1] == ("unknown", "closed_in_mid_job")
    assert checkout.applied == []


async def test_a_sale_heard_of_late_opens_no_drawer(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port, drawer=True))))

    await checkout.complete(street, tenders=tender("cash"), completed_at="2026-11-22T12:59:49Z")
    await printer.next_paper()
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    assert states(street)[0] == ("expired", "none")
    assert printer.drawer_pulses == 0


async def test_who_opened_a_drawer_is_kept_over_a_restart(
    street: StoreUnderTest, checkout: Checkout, tmp_path: Path
) -> None:
    shop = settings(printer_at(NOBODYS_PORT, drawer=True))
    await street.start(devices(shop))
    await open_drawer(street)
    await until(lambda: ("accepted", "not_connected") in states(street))
    await street.stop("devices")

    async with VirtualPrinter() as printer:
        await street.start(devices(settings(printer_at(printer.port, drawer=True))))
        await until(lambda: street.told(DrawerOpened))

    assert [each.staff_id for each in street.told(DrawerOpened)] == [SOMEBODY]
    assert (tmp_path / "devices.sqlite3").exists()
    assert checkout.applied == []
