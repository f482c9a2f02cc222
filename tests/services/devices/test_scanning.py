"""What comes of what scanners read: sales get their items, registers hear of it, faults are shown. The test types."""

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from contracts.checkout.selling import ScanOutcome
from contracts.devices import Devices, DeviceState, ListDevices, VoidedScan
from contracts.devices.scanning import InjectScan, RegisterScan, Scanned, ScanVoided
from contracts.ids import DeviceId, RegisterId, ScanId
from services.devices.scanners.watching import LineRead, LineVoided, ScannerChanged
from services.devices.scanning import LATE_S
from services.devices.service import devices
from services.devices.settings import DevicesSettings, ScannerSettings, ScanRule
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
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
UNPAIRED = msgspec.structs.replace(
    SETTINGS, scanners=(*SETTINGS.scanners, ScannerSettings(device=DeviceId("scanner-3"), serial="S3"))
)
EAN = "4006381333931"


@pytest.fixture
def hands() -> Hands:
    return Hands()


async def start_devices(store: StoreUnderTest, hands: Hands, settings: DevicesSettings = SETTINGS) -> Checkout:
    checkout = Checkout()
    await checkout.start(store)
    await Neighbour("staff").start(store)
    await store.start(devices(settings, hands.make))
    await until(lambda: hands.type is not None)
    return checkout


def told_to_the_till(store: StoreUnderTest) -> list[RegisterScan]:
    """Every scan that till-1 was told of, in order."""
    topic = store.topics.private(RegisterScan, "till-1")
    return [
        msgspec.json.decode(each.payload, type=RegisterScan)
        for each in store.broker.published
        if each.topic == topic and each.payload
    ]


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
    assert {each.outcome for each in store.told(Scanned)} == {"line_added"}
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


async def test_a_device_says_since_when_it_is_so(tmp_path: Path, hands: Hands) -> None:
    clock = SetClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
    async with store_under_test(tmp_path, clock) as store:
        await start_devices(store, hands)
        await until(lambda: store.retained(DeviceState, device="scanner-1") is not None)

        clock.move(60)
        hands.tell(ScannerChanged("scanner-1", "ready", "none"))
        await until(lambda: condition(store) == ("ready", "none"))
        clock.move(60)
        hands.tell(ScannerChanged("scanner-1", "ready", "none"))
        hands.tell(ScannerChanged("scanner-2", "ready", "none"))
        await until(lambda: condition(store, "scanner-2") == ("ready", "none"))

        since = [store.retained(DeviceState, device=f"scanner-{number}").since for number in (1, 2)]
        assert [each[11:16] for each in since] == ["09:01", "09:02"]


async def test_lost_keys_are_a_fault_until_the_next_whole_scan(store: StoreUnderTest, hands: Hands) -> None:
    checkout = await start_devices(store, hands)

    hands.tell(LineVoided("scanner-1", "events_lost", 4, None))
    await until(lambda: condition(store) == ("fault", "events_lost"))
    before = list(checkout.applied)
    hands.scan(EAN)
    await until(lambda: condition(store) == ("ready", "none"))

    assert before == []
    assert [each.text for each in checkout.applied] == [EAN]


async def test_a_scan_that_was_too_slow_is_told_and_is_no_fault_of_the_scanner(
    store: StoreUnderTest, hands: Hands
) -> None:
    checkout = await start_devices(store, hands)
    hands.tell(ScannerChanged("scanner-1", "ready", "none"))

    hands.tell(LineVoided("scanner-1", "too_slow", 4, None))
    hands.scan(EAN)
    await until(lambda: len(told_to_the_till(store)) == 2)

    assert [(each.outcome, each.text) for each in told_to_the_till(store)] == [("too_slow", ""), ("line_added", EAN)]
    assert len(checkout.applied) == 1
    assert store.retained(DeviceState, device="scanner-1").revision == 2


async def test_a_scan_that_was_thrown_away_is_told_to_all_who_watch_with_its_scanner_and_why(
    store: StoreUnderTest, hands: Hands
) -> None:
    """Of a scanner that belongs to no register, too: who looks for what is wrong with it sees no other sign."""
    await start_devices(store, hands, UNPAIRED)

    hands.tell(LineVoided("scanner-1", "too_slow", 4, None))
    hands.tell(LineVoided("scanner-3", "unknown_key", 2, 240))
    await until(lambda: len(store.told(ScanVoided)) == 2)

    told = {(each.device, each.register, each.reason) for each in store.told(ScanVoided)}
    assert told == {("scanner-1", "till-1", "too_slow"), ("scanner-3", None, "unknown_key")}
    assert {each.scan_id for each in told_to_the_till(store)} <= {each.scan_id for each in store.told(ScanVoided)}


async def test_the_list_says_of_each_scanner_why_its_last_scan_was_thrown_away(tmp_path: Path, hands: Hands) -> None:
    clock = SetClock(datetime(2026, 11, 22, 9, tzinfo=UTC))
    async with store_under_test(tmp_path, clock) as store:
        await start_devices(store, hands)
        for reason in ("too_long", "too_slow"):
            hands.tell(LineVoided("scanner-1", reason, 4, None))
        await until(lambda: len(store.told(ScanVoided)) == 2)

        listed = await store.send(ListDevices())

    assert isinstance(listed, Devices)
    assert [each.voided for each in listed.devices] == [VoidedScan("too_slow", "2026-11-22T09:00:00.000000Z"), None]


async def test_of_scans_in_one_burst_each_is_told(store: StoreUnderTest, hands: Hands) -> None:
    await start_devices(store, hands)

    for code in ("V-1", "V-2", "V-3", EAN):
        hands.scan(code)
    await until(lambda: len(told_to_the_till(store)) == 4)

    assert [each.text for each in told_to_the_till(store)] == ["V-1", "V-2", "V-3", EAN]


async def test_a_scan_that_waited_too_long_is_thrown_away_and_told(store: StoreUnderTest, hands: Hands) -> None:
    checkout = await start_devices(store, hands)

    hands.tell(LineRead("scanner-1", "A-1", time.monotonic() - LATE_S - 1))
    hands.scan(EAN)
    await until(lambda: len(told_to_the_till(store)) == 2)

    assert [each.outcome for each in told_to_the_till(store)] == ["too_late", "line_added"]
    assert [each.text for each in checkout.applied] == [EAN]


async def test_a_code_that_finds_a_bug_costs_itself_alone(
    store: StoreUnderTest, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    checkout = await start_devices(store, hands)

    hands.tell(LineRead("scanner-1", 40063))  # type: ignore[arg-type] # what no scanner reads stands for a bug
    hands.scan(EAN)
    await until(lambda: len(store.told(Scanned)) == 1)

    assert [each.text for each in checkout.applied] == [EAN]
    assert any(record.message == "bug" for record in caplog.records)


async def test_a_scan_rule_that_takes_too_long_is_told_to_the_log_once_a_start_without_what_was_scanned(
    store: StoreUnderTest, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    slow = ScanRule("customer_code", pattern=r"[789]?(1|11)+[XY]")
    settings = msgspec.structs.replace(SETTINGS, scan_rules=(*SETTINGS.scan_rules, slow))
    codes = [first + "1" * 40 for first in "789"]

    def told() -> list[dict[str, object]]:
        return [record.fields for record in caplog.records if record.message == "scan-rule-too-slow"]  # type: ignore[attr-defined] # Log puts them there

    checkout = await start_devices(store, hands, settings)
    hands.scan(codes[0])
    hands.scan(codes[1])
    await until(lambda: len(store.told(Scanned)) == 2)
    once = told()
    await store.stop("devices")
    await store.start(devices(settings, hands.make))
    await store.send(InjectScan(ScanId(RandomIds().new()), RegisterId("till-1"), codes[2]), caller="hub")

    assert once == [{"rule": 5, "kind": "customer_code", "device": "scanner-1", "limit_ms": 20}]
    assert told() == [*once, once[0] | {"device": "injected"}]
    assert [each.text for each in checkout.applied] == codes
    assert not any(code in f"{record.message} {vars(record)}" for code in codes for record in caplog.records)


async def test_more_scans_than_anyone_waits_for_are_dropped(
    store: StoreUnderTest, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    checkout = await start_devices(store, hands)

    for number in range(40):
        hands.scan(f"A-{number}")
    hands.tell(ScannerChanged("scanner-1", "absent", "not_connected"))
    await until(lambda: len(store.told(Scanned)) == 32)
    await until(lambda: condition(store) == ("absent", "not_connected"))

    assert len(checkout.applied) == 32
    assert sum(record.message == "scan-dropped" for record in caplog.records) == 8
    assert [each.outcome for each in told_to_the_till(store)].count("dropped") == 1


async def test_no_thread_reads_when_the_settings_name_no_scanner(tmp_path: Path, hands: Hands) -> None:
    async with store_under_test(tmp_path) as store:
        await store.start(devices(DevicesSettings(), hands.make))

        assert hands.type is None


@pytest.mark.parametrize(
    ("scanned", "code", "kind"),
    [
        ("V-9", "V-9", "voucher"),
        ("R-till-1-000123", "R-till-1-000123", "receipt"),
    ],
)
async def test_what_is_no_item_is_told_to_its_register_alone(
    store: StoreUnderTest, hands: Hands, scanned: str, code: str, kind: str
) -> None:
    """The register itself acts on a voucher and a receipt."""
    checkout = await start_devices(store, hands)

    hands.scan(scanned)
    await until(lambda: store.retained(RegisterScan, register="till-1") is not None)

    told = store.retained(RegisterScan, register="till-1")
    assert (told.kind, told.text, told.code, told.outcome, told.sequence) == (kind, scanned, code, "told", 1)
    assert store.retained(RegisterScan, register="till-2") is None
    assert checkout.applied == []
    assert [each.kind for each in store.told(Scanned)] == [kind]
    assert all(scanned.encode() not in each.payload for each in store.broker.published if "/event/" in each.topic)


@pytest.mark.parametrize(
    ("scanned", "code", "kind", "outcome"),
    [
        ("]A0C-77", "C-77", "customer_code", "customer_attached"),
        ("B-12", "B-12", "staff_badge", "staff_named"),
        ("B-1 2", "B-1 2", "staff_badge", "unknown_badge"),
    ],
)
async def test_a_card_goes_to_the_sale_of_its_register(  # noqa: PLR0917 - what is read and what comes of it
    store: StoreUnderTest, hands: Hands, scanned: str, code: str, kind: str, outcome: ScanOutcome
) -> None:
    checkout = await start_devices(store, hands)
    checkout.outcomes[kind] = outcome

    hands.scan(scanned)
    await until(lambda: store.retained(RegisterScan, register="till-1") is not None)

    told = store.retained(RegisterScan, register="till-1")
    assert (told.kind, told.text, told.code, told.outcome) == (kind, scanned, code, outcome)
    assert [(each.kind, each.text, each.register) for each in checkout.applied] == [(kind, code, "till-1")]
    assert all(scanned.encode() not in each.payload for each in store.broker.published if "/event/" in each.topic)


async def test_a_card_at_a_scanner_without_a_register_goes_to_no_sale(store: StoreUnderTest, hands: Hands) -> None:
    checkout = await start_devices(store, hands, UNPAIRED)

    hands.scan("C-77", "scanner-3")
    hands.scan(EAN)
    await until(lambda: len(store.told(Scanned)) == 1)

    assert [each.text for each in checkout.applied] == [EAN]


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
