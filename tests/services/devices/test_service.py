"""Devices as others meet it: receipts printed once, scans told, devices shown; real printers' faults included."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from contracts.base import Rejected
from contracts.devices import Devices, DeviceState, ListDevices
from contracts.devices.scanning import InjectScan, RegisterScan, Scanned, ScanTaken
from contracts.ids import DeviceId, ScanId
from services.devices.service import devices
from services.devices.settings import ScannerSettings, ScanRule
from services.devices.store.tables import METADATA
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.requester import NoAnswer
from tests.services.devices.neighbours import Checkout
from tests.services.devices.shop import TILL_1, an_id, printer_at, settings
from tests.under_test import StoreUnderTest, until

ROOT = Path(__file__).parents[3]


async def inject(store: StoreUnderTest, text: str) -> ScanTaken | Rejected:
    return await store.send(InjectScan(ScanId(an_id()), TILL_1, text), caller="hub")


async def test_an_items_code_goes_to_checkout_and_to_its_register_alone(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    await street.start(devices(settings()))

    taken = await inject(street, "]E04006381333931")
    await inject(street, "4006381333931")
    await until(lambda: getattr(street.retained(RegisterScan, register="till-1"), "revision", 0) == 2)

    assert isinstance(taken, ScanTaken)
    assert taken.outcome == "line_added"
    assert [(each.register, each.text) for each in checkout.applied] == [("till-1", "4006381333931")] * 2
    first, second = street.told(Scanned)
    assert (first.kind, first.symbology, first.length, first.sequence) == ("item", "ean", 16, 1)
    assert (second.symbology, second.sequence) == (None, 2)
    last = street.retained(RegisterScan, register="till-1")
    assert (last.text, last.outcome) == ("4006381333931", "line_added")


async def test_what_a_scan_says_is_told_to_no_one_but_its_register(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings(scan_rules=(ScanRule("customer_code", "C-"),))))

    await inject(street, "C-77-SECRET")
    await until(lambda: street.retained(RegisterScan, register="till-1") is not None)

    assert [each.text for each in checkout.applied] == ["C-77-SECRET"]
    topics = {each.topic for each in street.broker.published if b"SECRET" in each.payload}
    assert {topic.split("/")[3] for topic in topics} == {"private", "request"}
    assert street.retained(RegisterScan, register="till-1").code == "C-77-SECRET"


@pytest.mark.parametrize("text", ["10AB\x1dhello", "two words", "tee-grün", "x" * 129])
async def test_a_code_that_no_item_can_have_is_not_asked_for(
    street: StoreUnderTest, checkout: Checkout, text: str
) -> None:
    await street.start(devices(settings()))

    taken = await inject(street, text)

    assert isinstance(taken, ScanTaken)
    assert taken.outcome == "no_item_code"
    assert checkout.applied == []


async def test_a_scan_while_checkout_is_away_may_be_repeated(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings()))
    await street.stop("checkout")
    await street.unwell("checkout")
    scan = InjectScan(ScanId(an_id()), TILL_1, "4006381333931")
    message_id = an_id()

    with pytest.raises(NoAnswer, match="unavailable"):
        await street.send(scan, caller="hub", message_id=message_id)
    await checkout.start(street)
    taken = await street.send(scan, caller="hub", message_id=message_id)

    assert isinstance(taken, ScanTaken)
    assert taken.outcome == "line_added"


async def test_every_device_of_the_settings_is_shown_and_no_other(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    nobodys = ScannerSettings(device=DeviceId("scanner-1"), register=TILL_1, serial="no such serial number")
    shop = settings(printer_at(printer.port), scanners=(nobodys,))
    await street.start(devices(shop))
    await until(lambda: getattr(street.retained(DeviceState, device="printer-1"), "state", "") == "ready")
    scanner = street.retained(DeviceState, device="scanner-1")
    before = street.retained(DeviceState, device="printer-1")
    await street.stop("devices")

    await street.start(devices(settings(printer_at(printer.port))))
    await until(lambda: street.retained(DeviceState, device="scanner-1") is None)

    assert (scanner.kind, scanner.state, scanner.reason) == ("scanner", "absent", "not_connected")
    assert street.retained(DeviceState, device="printer-1") == before
    assert checkout.applied == []


async def test_migrations_make_the_tables_of_the_store(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings()))
    assert checkout.applied == []

    def of_the_store(_thing: object, name: str, kind: str, *_: object) -> bool:
        return kind != "table" or name in METADATA.tables

    def differences(connection: Connection) -> list[Any]:
        ours = MigrationContext.configure(connection, opts={"include_object": of_the_store})
        return list(compare_metadata(ours, METADATA))

    assert await street.read("devices", differences) == []


async def test_a_device_that_comes_back_into_the_settings_goes_on_where_its_revision_was(
    street: StoreUnderTest, checkout: Checkout, printer: VirtualPrinter
) -> None:
    """Who has seen a higher revision would ignore all that is told of it from then on."""
    shop = settings(printer_at(printer.port))
    await street.start(devices(shop))
    await until(lambda: getattr(street.retained(DeviceState, device="printer-1"), "state", "") == "ready")
    before = street.retained(DeviceState, device="printer-1").revision
    await street.stop("devices")

    await street.start(devices(settings()))
    gone = await street.send(ListDevices(), caller="hub")
    await until(lambda: street.retained(DeviceState, device="printer-1") is None)
    await street.stop("devices")
    printer.fault = "paper_out"
    await street.start(devices(shop))
    await until(lambda: getattr(street.retained(DeviceState, device="printer-1"), "reason", "") == "paper_out")

    assert gone == Devices(())
    assert street.retained(DeviceState, device="printer-1").revision > before
    assert checkout.applied == []


MODULES = {"ttyACM": "cdc_acm", "ttyUSB": "usbserial", "usb": "usbcore"}
"""Which of the kernel's modules brings which name to /proc/devices; the other names are always there."""


@pytest.mark.parametrize("unit", ["tillwire.service", "tillwire@.service"])
def test_systemd_knows_every_kind_of_port_before_it_says_which_may_be_opened(unit: str) -> None:
    """systemd.resource-control(5): a name that is not there when the unit starts is not allowed later either."""
    lines = (ROOT / "deploy" / "systemd" / unit).read_text(encoding="utf-8").splitlines()
    said = [line.partition("=") for line in lines]
    allowed = {value.split()[0].removeprefix("char-") for key, _, value in said if key == "DeviceAllow"}

    assert allowed == {*MODULES, "input", "ttyS", "ttyAMA"}
    for order in ("After", "Wants"):
        units = {name for key, _, value in said if key == order for name in value.split()}
        assert {f"modprobe@{module}.service" for module in MODULES.values()} <= units


@pytest.mark.parametrize("unit", ["tillwire.service", "tillwire@.service"])
def test_systemd_lets_the_service_open_every_kind_of_serial_port(unit: str) -> None:
    """As /proc/devices calls them; ttyAMA is the port on a Raspberry Pi's own pins."""
    allowed = (ROOT / "deploy" / "systemd" / unit).read_text(encoding="utf-8").splitlines()

    assert {f"DeviceAllow=char-{port} rw" for port in ("ttyS", "ttyUSB", "ttyACM", "ttyAMA")} <= set(allowed)
