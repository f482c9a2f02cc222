"""What comes of what scanners read: sales get their items, registers hear of it, faults are shown. The test types."""

from pathlib import Path

import pytest

from contracts.devices import Devices, DeviceState, ListDevices, RegisterScan, Scanned
from contracts.ids import DeviceId, RegisterId
from services.devices.scanners.watching import LineVoided, ScannerChanged
from services.devices.service import devices
from services.devices.settings import DevicesSettings, ScannerSettings, ScanRule
from tests.services.devices.hands import Hands
from tests.services.devices.neighbours import Checkout, Neighbour
from tests.under_test import StoreUnderTest, store_under_test, until

SETTINGS = DevicesSettings(
    scanners=tuple(
        ScannerSettings(
            device=DeviceId(f"scanner-{number}"), register=RegisterId(f"till-{number}"), serial=f"S{number}"
        )
        for number in (1, 2)
    ),
    scan_rules=(
        ScanRule("customer_code", "C-"),
        ScanRule("staff_badge", "B-"),
        ScanRule("voucher", "V-"),
        ScanRule("receipt", "R-"),
    ),
)
EAN = "4006381333931"


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


@pytest.mark.parametrize(
    ("scanned", "code", "kind"),
    [
        ("]A0C-77", "C-77", "customer_code"),
        ("B-12", "B-12", "staff_badge"),
        ("V-9", "V-9", "voucher"),
        ("R-till-1-000123", "R-till-1-000123", "receipt"),
    ],
)
async def test_what_is_no_item_is_told_to_its_register_alone(
    store: StoreUnderTest, hands: Hands, scanned: str, code: str, kind: str
) -> None:
    """The register attaches the customer, or names the staff member, as whoever is signed on there."""
    checkout = await start_devices(store, hands)

    hands.scan(scanned)
    await until(lambda: store.retained(RegisterScan, register="till-1") is not None)

    told = store.retained(RegisterScan, register="till-1")
    assert (told.kind, told.text, told.code, told.outcome, told.sequence) == (kind, scanned, code, "told", 1)
    assert store.retained(RegisterScan, register="till-2") is None
    assert checkout.applied == []
    assert [each.kind for each in store.told(Scanned)] == [kind]
    assert all(scanned.encode() not in each.payload for each in store.broker.published if "/event/" in each.topic)


async def test_of_a_gs1_symbol_the_sale_gets_the_item_and_the_register_all_of_it(
    store: StoreUnderTest, hands: Hands
) -> None:
    checkout = await start_devices(store, hands)

    hands.scan(f"]d201{EAN:0>14}1727013110AB\x1d21S9")
    await until(lambda: store.retained(RegisterScan, register="till-1") is not None)

    told = store.retained(RegisterScan, register="till-1")
    assert [each.text for each in checkout.applied] == [EAN]
    assert [(each.ai, each.value) for each in told.elements] == [
        ("01", f"0{EAN}"),
        ("17", "270131"),
        ("10", "AB"),
        ("21", "S9"),
    ]
    assert (told.symbology, told.outcome) == ("datamatrix", "line_added")


async def test_a_misread_ean_never_reaches_a_sale(store: StoreUnderTest, hands: Hands) -> None:
    checkout = await start_devices(store, hands)

    hands.scan("4006381333932")
    await until(lambda: store.retained(RegisterScan, register="till-1") is not None)

    told = store.retained(RegisterScan, register="till-1")
    assert (told.kind, told.outcome) == ("unknown", "check_digit_wrong")
    assert checkout.applied == []


async def test_a_scanner_of_another_layout_is_shown_until_it_reads_rightly(store: StoreUnderTest, hands: Hands) -> None:
    """A French scanner read as an American one types its digits as signs."""
    checkout = await start_devices(store, hands)

    hands.scan("$))^#*!###(#!")
    await until(lambda: condition(store) == ("fault", "wrong_layout"))
    before = list(checkout.applied)
    hands.scan(EAN)
    await until(lambda: condition(store) == ("ready", "none"))

    assert before == []
    assert [each.text for each in checkout.applied] == [EAN]


async def test_every_device_is_listed_with_how_it_is(store: StoreUnderTest, hands: Hands) -> None:
    await start_devices(store, hands)
    hands.tell(ScannerChanged("scanner-2", "fault", "no_permission"))
    await until(lambda: condition(store, "scanner-2") == ("fault", "no_permission"))

    listed = await store.send(ListDevices())

    assert isinstance(listed, Devices)
    assert [(each.device, each.kind, each.state, each.reason, each.register) for each in listed.devices] == [
        ("scanner-1", "scanner", "absent", "not_connected", "till-1"),
        ("scanner-2", "scanner", "fault", "no_permission", "till-2"),
    ]
