"""What others add to a receipt: the cashier's name, the customer's printed fields; never its end, and kept nowhere."""

import pytest

from contracts.customers.fields import PrintedCustomerField
from contracts.ids import CustomerId
from contracts.staff.signing_on import GetStaffLabel, StaffLabel
from services.devices.service import devices
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.transactions import View
from tests.services.devices.neighbours import Checkout, Customers, Staff
from tests.services.devices.shop import CASHIER, an_id, printer_at, reprint, settings, states
from tests.under_test import StoreUnderTest, until

MIA = CustomerId("01912f4e-0000-7000-8000-000000000051")


@pytest.mark.parametrize(
    ("labels", "served"), [({CASHIER: "Nora"}, "Es bediente Sie Nora\n"), ({CASHIER: ""}, ""), ({}, "")]
)
async def test_a_receipt_has_the_cashiers_short_name_where_staff_knows_one(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, labels: dict[str, str], served: str
) -> None:
    await street.stop("staff")
    await Staff(**labels).start(street)
    await street.start(devices(settings(printer_at(printer.port))))

    await checkout.complete(street)
    paper = await printer.next_paper()

    assert "Summe" in paper.text
    assert served in paper.text
    assert ("bediente" in paper.text) == bool(served)


async def test_a_receipt_is_printed_without_the_cashier_while_staff_is_away(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    await street.start(devices(settings(printer_at(printer.port))))
    await street.stop("staff")

    await checkout.complete(street)
    paper = await printer.next_paper()

    assert "Summe" in paper.text
    assert "bediente" not in paper.text


async def test_a_receipt_ends_with_its_customers_printed_fields_which_are_written_down_nowhere_else(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, caplog: pytest.LogCaptureFixture
) -> None:
    customers = Customers(
        MIA, PrintedCustomerField("Schuhe", "text", "Quuxgröße 38"), PrintedCustomerField("Seit", "date", "2019-05-04")
    )
    await customers.start(street)
    await street.start(devices(settings(printer_at(printer.port))))

    theirs = await checkout.complete(street, customer_id=MIA)
    paper = await printer.next_paper()
    others = await _printed(street, checkout, printer, customer_id=CustomerId(an_id()))
    nobodys = await _printed(street, checkout, printer, customer_id=None)
    await reprint(street, theirs.sale_id)
    copy = await printer.next_paper()
    await until(lambda: states(street).count(("printed", "none")) == 4)

    ending = ["Kasse till-1", "Schuhe: Quuxgröße 38", "Seit: 04.05.2019", "Vielen Dank!"]
    assert [row.strip() for row in paper.text.splitlines()][-4:] == ending
    assert [row.strip() for row in others.splitlines()][-2:] == [ending[0], ending[-1]]
    assert nobodys == others
    assert "Quuxgröße 38" in copy.text
    assert [customers.asked[0], *customers.asked[2:]] == [MIA, MIA]
    assert requests_to("customers", street) == 3
    said = [each.payload for each in street.broker.published if "/reply/devices/customers" not in each.topic]
    kept = [each.read_bytes() for each in street.folder.glob("devices.sqlite3*")]
    logged = [f"{record.message} {vars(record)}".encode() for record in caplog.records]
    assert not any(b"Quux" in each for each in (*said, *kept, *logged))


async def test_staff_and_customers_are_asked_at_once_so_that_neither_waits_for_the_other(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    customers = Customers(MIA, PrintedCustomerField("Schuhe", "text", "38"))

    class Patient(Staff):
        """Answers only when customers was asked, too."""

        async def _label(self, asked: GetStaffLabel, view: View) -> StaffLabel:
            await until(lambda: customers.asked)
            return await super()._label(asked, view)

    await street.stop("staff")
    await Patient(**{CASHIER: "Nora"}).start(street)
    await customers.start(street)
    await street.start(devices(settings(printer_at(printer.port))))

    paper = await _printed(street, checkout, printer, customer_id=MIA)

    assert "Es bediente Sie Nora\nSchuhe: 38\n" in paper


@pytest.mark.parametrize("how", ["gone", "unwell"])
async def test_a_receipt_is_printed_without_its_customers_fields_while_customers_is_away(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, how: str
) -> None:
    await Customers(MIA, PrintedCustomerField("Schuhe", "text", "38")).start(street)
    await street.start(devices(settings(printer_at(printer.port))))
    await street.stop("customers")
    if how == "unwell":
        await street.unwell("customers")

    paper = await _printed(street, checkout, printer, customer_id=MIA)
    await until(lambda: states(street)[-1:] == [("printed", "none")])

    assert "Summe" in paper
    assert "Schuhe" not in paper


def requests_to(service: str, street: StoreUnderTest) -> int:
    """How often devices asked a service."""
    return sum(f"/request/{service}/" in each.topic for each in street.broker.published)


async def _printed(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, *, customer_id: CustomerId | None
) -> str:
    """What the receipt of a new sale says."""
    await checkout.complete(street, customer_id=customer_id)
    return (await printer.next_paper()).text


async def test_what_stands_in_a_receipt_that_cannot_be_set_is_not_in_the_log(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter, caplog: pytest.LogCaptureFixture
) -> None:
    await Customers(MIA, PrintedCustomerField("Seit", "date", "Quuxtag")).start(street)
    await street.start(devices(settings(printer_at(printer.port))))

    await checkout.complete(street, customer_id=MIA)
    await until(lambda: states(street)[-1:] == [("failed", "receipt_not_set")])

    assert printer.papers_out == 0
    (record,) = [record for record in caplog.records if record.message == "receipt-not-set"]
    assert "receipt.py" in record.fields["fault"]  # type: ignore[attr-defined] # Log puts it there
    assert "Quuxtag" not in caplog.text
