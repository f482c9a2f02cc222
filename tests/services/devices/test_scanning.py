"""What comes of what scanners read: sales get their items, registers hear of it, faults are shown. The test types."""

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.devices import DeviceState, RegisterScan, Scanned
from contracts.ids import DeviceId, RegisterId
from services.devices.scanners import Heard, LineRead, LineVoided, ScannerChanged
from services.devices.service import devices
from services.devices.settings import DevicesSettings, ScannerSettings
from services.runtime.log import Log
from tests.services.devices.neighbours import Checkout, Neighbour
from tests.under_test import StoreUnderTest, store_under_test, until

SETTINGS = DevicesSettings(
    scanners=tuple(
        ScannerSettings(
            device=DeviceId(f"scanner-{number}"), register=RegisterId(f"till-{number}"), serial=f"S{number}"
        )
        for number in (1, 2)
    )
)
EAN = "4006381333931"


class Hands:
    """Plays both scanners: what is passed to ``type`` was read by one."""

    def __init__(self) -> None:
        self.type: Callable[[Heard], None] | None = None

    def make(self, settings: DevicesSettings, heard: Callable[[Heard], None], _log: Log) -> "Hands":
        """Take the place of what reads the scanners."""
        assert settings is SETTINGS
        self._heard = heard
        return self

    def start(self) -> None:
        self.type = self._heard

    async def stop(self) -> None:
        self.type = None

    def scan(self, text: str, device: str = "scanner-1") -> None:
        self.tell(LineRead(device, text))

    def tell(self, heard: Heard) -> None:
        assert self.type is not None
        self.type(heard)


@pytest.fixture
def hands() -> Hands:
    return Hands()


async def start_devices(store: StoreUnderTest, hands: Hands) -> Checkout:
    checkout = Checkout()
    await checkout.start(store)
    await Neighbour("staff").start(store)
    await store.start(devices(SETTINGS, hands.make))
    await until(lambda: hands.type is not None)
    return checkout


def condition(store: StoreUnderTest, device: str = "scanner-1") -> tuple[str, str]:
    """How a device is shown to be."""
    shown = store.retained(DeviceState, device=device)
    return shown.state, shown.reason


async def test_a_scan_goes_to_the_sale_of_its_register(store: StoreUnderTest, hands: Hands) -> None:
    checkout = await start_devices(store, hands)

    hands.scan(EAN, "scanner-2")
    hands.scan("]C1A-77", "scanner-1")
    await until(lambda: len(store.told(Scanned)) == 2)
    await until(lambda: store.retained(RegisterScan, register="till-1") is not None)

    assert {(each.device, each.register, each.text) for each in checkout.applied} == {
        ("scanner-1", "till-1", "A-77"),
        ("scanner-2", "till-2", EAN),
    }
    told = store.retained(RegisterScan, register="till-1")
    assert (told.text, told.outcome) == ("]C1A-77", "line_added")
    scan_ids = {each.scan_id for each in checkout.applied}
    assert {each.scan_id for each in store.told(Scanned)} == scan_ids
    assert len(scan_ids) == 2


async def test_scans_of_one_scanner_are_applied_in_order(store: StoreUnderTest, hands: Hands) -> None:
    checkout = await start_devices(store, hands)

    for number in range(20):
        hands.scan(f"A-{number}")
    await until(lambda: len(store.told(Scanned)) == 20)

    assert [each.text for each in checkout.applied] == [f"A-{number}" for number in range(20)]
    assert [each.sequence for each in store.told(Scanned)] == list(range(1, 21))


async def test_a_scan_without_checkout_says_unavailable(store: StoreUnderTest, hands: Hands) -> None:
    await start_devices(store, hands)
    await store.stop("checkout")

    hands.scan(EAN)
    await until(lambda: store.retained(RegisterScan, register="till-1") is not None)

    assert store.retained(RegisterScan, register="till-1").outcome == "unavailable"


async def test_sequence_numbers_and_revisions_rise_over_a_restart(store: StoreUnderTest, hands: Hands) -> None:
    await start_devices(store, hands)
    hands.scan(EAN)
    await until(lambda: len(store.told(Scanned)) == 1)
    await store.stop("devices")

    await store.start(devices(SETTINGS, hands.make))
    await until(lambda: hands.type is not None)
    hands.scan(EAN)
    await until(lambda: len(store.told(Scanned)) == 2)
    await until(lambda: getattr(store.retained(RegisterScan, register="till-1"), "revision", 0) == 2)

    assert [each.sequence for each in store.told(Scanned)] == [1, 2]


async def test_a_scanner_is_shown_as_it_comes_and_goes(store: StoreUnderTest, hands: Hands) -> None:
    await start_devices(store, hands)
    await until(lambda: store.retained(DeviceState, device="scanner-1") is not None)
    first = store.retained(DeviceState, device="scanner-1")

    hands.tell(ScannerChanged("scanner-1", "ready", "none"))
    await until(lambda: condition(store) == ("ready", "none"))
    hands.tell(ScannerChanged("scanner-1", "fault", "in_use"))
    await until(lambda: condition(store) == ("fault", "in_use"))
    last = store.retained(DeviceState, device="scanner-1")

    assert (first.state, first.reason, first.register, first.kind) == ("absent", "not_connected", "till-1", "scanner")
    assert last.revision == first.revision + 2
    assert condition(store, "scanner-2") == ("absent", "not_connected")


async def test_lost_keys_are_a_fault_until_the_next_whole_scan(store: StoreUnderTest, hands: Hands) -> None:
    checkout = await start_devices(store, hands)

    hands.tell(LineVoided("scanner-1", "events_lost", 4, None))
    await until(lambda: condition(store) == ("fault", "events_lost"))
    before = list(checkout.applied)
    hands.scan(EAN)
    await until(lambda: condition(store) == ("ready", "none"))

    assert before == []
    assert [each.text for each in checkout.applied] == [EAN]


async def test_a_scan_that_was_too_slow_is_no_fault_of_the_scanner(store: StoreUnderTest, hands: Hands) -> None:
    checkout = await start_devices(store, hands)
    hands.tell(ScannerChanged("scanner-1", "ready", "none"))

    hands.tell(LineVoided("scanner-1", "too_slow", 4, None))
    hands.scan(EAN)
    await until(lambda: len(store.told(Scanned)) == 1)

    assert len(checkout.applied) == 1
    assert store.retained(DeviceState, device="scanner-1").revision == 2


async def test_more_scans_than_anyone_waits_for_are_dropped(
    store: StoreUnderTest, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    checkout = await start_devices(store, hands)

    for number in range(40):
        hands.scan(f"A-{number}")
    await until(lambda: len(store.told(Scanned)) == 32)

    assert len(checkout.applied) == 32
    assert sum(record.message == "scan-dropped" for record in caplog.records) == 8


async def test_no_thread_reads_when_the_settings_name_no_scanner(tmp_path: Path, hands: Hands) -> None:
    async with store_under_test(tmp_path) as store:
        await store.start(devices(DevicesSettings(), hands.make))

        assert hands.type is None
