"""Registers that the settings name and that have no login: told at the start, and in the list of devices."""

import msgspec
import pytest

from contracts.devices import Devices, ListDevices
from contracts.devices.scanning import PairScanner
from contracts.ids import DeviceId, RegisterId
from services.devices.printers.settings import LineDisplaySettings
from services.devices.service import devices
from services.devices.settings import ScannerSettings
from tests.services.devices.hands import Hands
from tests.services.devices.neighbours import Checkout
from tests.services.devices.shop import NOBODYS_PORT, TILL_1, TILL_2, printer_at, settings
from tests.under_test import StoreUnderTest, until

MISSPELLED = RegisterId("till1")
SHOP = settings(
    printer_at(NOBODYS_PORT, register=MISSPELLED),
    scanners=(
        ScannerSettings(device=DeviceId("scanner-1"), register=TILL_1, serial="S1"),
        ScannerSettings(device=DeviceId("scanner-2"), register=MISSPELLED, serial="S2"),
        ScannerSettings(device=DeviceId("scanner-3"), serial="S3"),
    ),
    line_displays=(
        LineDisplaySettings(device=DeviceId("display-1"), register=MISSPELLED, host="127.0.0.1", port=NOBODYS_PORT + 1),
    ),
)
pytestmark = pytest.mark.usefixtures("checkout")


async def without_login(store: StoreUnderTest) -> dict[str, tuple[str, ...]]:
    """What the list says of each device that is meant for a register that is not there."""
    listed = await store.send(ListDevices())
    assert isinstance(listed, Devices)
    return {each.device: each.without_login for each in listed.devices if each.without_login}


async def test_a_register_that_the_settings_misspell_is_told_to_the_log_and_listed(
    street: StoreUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    street.add_register(TILL_1)

    await street.start(devices(SHOP, Hands().make))
    await until(lambda: sum(each.message == "register-without-login" for each in caplog.records) == 3)

    warned = [each.__dict__["fields"] for each in caplog.records if each.message == "register-without-login"]
    assert [(each["device"], each["register"]) for each in warned] == [
        ("scanner-2", MISSPELLED),
        ("printer-1", MISSPELLED),
        ("display-1", MISSPELLED),
    ]
    assert await without_login(street) == dict.fromkeys(("scanner-2", "printer-1", "display-1"), (MISSPELLED,))


async def test_a_login_that_is_made_later_ends_it_without_a_restart(street: StoreUnderTest) -> None:
    street.add_register(TILL_1)
    await street.start(devices(SHOP, Hands().make))
    before = await without_login(street)

    street.add_register(MISSPELLED)

    assert before
    assert await without_login(street) == {}


async def test_a_scanner_that_was_paired_serves_the_register_that_it_was_paired_with(street: StoreUnderTest) -> None:
    for register in (TILL_1, TILL_2):
        street.add_register(register)
    await street.start(devices(SHOP, Hands().make))

    await street.send(PairScanner(DeviceId("scanner-2"), TILL_2), caller="hub")
    listed = await street.send(ListDevices())

    assert isinstance(listed, Devices)
    assert [each.device for each in listed.devices if each.paired] == ["scanner-2"]
    assert "scanner-2" not in await without_login(street)


async def test_of_registers_that_are_to_come_nobody_is_warned(
    street: StoreUnderTest, caplog: pytest.LogCaptureFixture, checkout: Checkout
) -> None:
    """The demo's, say, which is made when somebody plays it."""
    shop = msgspec.structs.replace(SHOP, registers_to_come=(TILL_1,))

    await street.start(devices(shop, Hands().make))
    await until(lambda: any(each.message == "register-without-login" for each in caplog.records))

    assert TILL_1 not in str([each.__dict__["fields"] for each in caplog.records if hasattr(each, "fields")])
    assert set(await without_login(street)) == {"scanner-2", "printer-1", "display-1"}
    assert checkout.applied == []
