"""Scan to pair: a code by a register assigns whatever scanner reads it, for good."""

from typing import Any

import pytest

from contracts.base import Rejected, Request
from contracts.devices import DeviceState
from contracts.devices.scanning import (
    InjectScan,
    MakePairingCode,
    PairingCode,
    PairScanner,
    RegisterScan,
    Scanned,
    ScannerPaired,
    ScanTaken,
)
from contracts.ids import DeviceId, RegisterId, ScanId
from services.devices.scanners.watching import ScannerChanged
from services.devices.service import devices
from services.devices.settings import DevicesSettings, ScannerSettings
from services.runtime.ids import RandomIds
from tests.services.devices.hands import Hands
from tests.services.devices.neighbours import Checkout, Neighbour
from tests.under_test import StoreUnderTest, until

EAN = "4006381333931"
TILL_1, TILL_2 = RegisterId("till-1"), RegisterId("till-2")
ASSIGNED, NEW = DeviceId("scanner-1"), DeviceId("scanner-2")
pytestmark = pytest.mark.usefixtures("checkout")

SETTINGS = DevicesSettings(
    scanners=(
        ScannerSettings(device=ASSIGNED, register=TILL_1, serial="S1"),
        ScannerSettings(device=NEW, serial="S2"),
    )
)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def checkout(store: StoreUnderTest, hands: Hands) -> Checkout:
    """A store with two registers, in which devices is at work."""
    checkout = Checkout()
    for register in (TILL_1, TILL_2):
        store.add_register(register)
    await checkout.start(store)
    await Neighbour("staff").start(store)
    await start(store, hands)
    return checkout


async def start(store: StoreUnderTest, hands: Hands) -> None:
    await store.start(devices(SETTINGS, hands.make))
    await until(lambda: hands.type is not None)


async def code_of(store: StoreUnderTest, register: RegisterId, **how: bool) -> str:
    made = await store.send(MakePairingCode(register, **how), caller="hub")
    assert isinstance(made, PairingCode)
    return made.code


def register_of(store: StoreUnderTest, device: str) -> str | None:
    shown: DeviceState = store.retained(DeviceState, device=device)
    return shown.register


async def test_a_scanner_that_reads_a_registers_code_belongs_to_it_from_then_on(
    store: StoreUnderTest, hands: Hands, checkout: Checkout
) -> None:
    hands.tell(ScannerChanged(NEW, "ready", "none"))
    code = await code_of(store, TILL_2)

    hands.scan(code, NEW)
    await until(lambda: register_of(store, NEW) == TILL_2)
    hands.scan(EAN, NEW)
    await until(lambda: checkout.applied)

    assert [(each.device, each.register, each.text) for each in checkout.applied] == [(NEW, TILL_2, EAN)]
    assert next((each.kind, each.register) for each in store.told(Scanned)) == ("pairing", TILL_2)


async def test_the_register_is_told_and_the_code_itself_is_not(
    store: StoreUnderTest, hands: Hands, checkout: Checkout
) -> None:
    code = await code_of(store, TILL_2)

    hands.scan(code, NEW)
    await until(lambda: store.retained(RegisterScan, register=TILL_2) is not None)

    told = store.retained(RegisterScan, register=TILL_2)
    assert (told.kind, told.outcome) == ("pairing", "paired")
    assert checkout.applied == []
    topics = [each.topic for each in store.broker.published if code.encode() in each.payload]
    assert all("/reply/hub/" in topic for topic in topics)


async def test_a_pairing_beats_the_settings_and_outlives_a_restart(
    store: StoreUnderTest, hands: Hands, checkout: Checkout
) -> None:
    hands.scan(await code_of(store, TILL_2), ASSIGNED)
    await until(lambda: register_of(store, ASSIGNED) == TILL_2)
    await store.stop("devices")

    await start(store, hands)
    hands.scan(EAN, ASSIGNED)
    await until(lambda: checkout.applied)

    assert register_of(store, ASSIGNED) == TILL_2
    assert checkout.applied[0].register == TILL_2


async def test_a_code_is_read_in_whatever_case_caps_lock_makes_of_it(store: StoreUnderTest, hands: Hands) -> None:
    hands.scan((await code_of(store, TILL_2)).lower(), NEW)

    await until(lambda: register_of(store, NEW) == TILL_2)


async def test_what_an_unpaired_scanner_reads_goes_nowhere(
    store: StoreUnderTest, hands: Hands, checkout: Checkout, caplog: pytest.LogCaptureFixture
) -> None:
    hands.scan(EAN, NEW)
    hands.scan(await code_of(store, TILL_2), NEW)
    await until(lambda: register_of(store, NEW) == TILL_2)

    assert checkout.applied == []
    assert len(store.told(Scanned)) == 1
    assert any(record.message == "scanner-not-paired" for record in caplog.records)


async def test_a_register_keeps_its_code_until_a_new_one_voids_it(store: StoreUnderTest, hands: Hands) -> None:
    first = await code_of(store, TILL_2)
    same = await code_of(store, TILL_2)
    other = await code_of(store, TILL_1)
    new = await code_of(store, TILL_2, anew=True)
    hands.scan(first, ASSIGNED)
    await until(lambda: store.retained(RegisterScan, register=TILL_1) is not None)

    assert first == same
    assert len({first, other, new}) == 3
    assert store.retained(RegisterScan, register=TILL_1).outcome == "unknown_pairing_code"
    assert register_of(store, ASSIGNED) == TILL_1


async def test_making_a_code_anew_twice_with_one_id_makes_one(store: StoreUnderTest) -> None:
    message_id = RandomIds().new()

    first = await store.send(MakePairingCode(TILL_2, anew=True), caller="hub", message_id=message_id)
    again = await store.send(MakePairingCode(TILL_2, anew=True), caller="hub", message_id=message_id)

    assert first == again


async def test_a_pairing_code_lies_in_no_kept_reply(store: StoreUnderTest) -> None:
    code = await code_of(store, TILL_2)

    rows = await store.read(
        "devices", lambda connection: connection.exec_driver_sql("SELECT * FROM handled_request").all()
    )

    assert rows
    assert all(code not in str(row) for row in rows)


async def test_a_scanner_can_be_assigned_by_command_and_given_back_to_the_settings(store: StoreUnderTest) -> None:
    assigned = await store.send(PairScanner(ASSIGNED, TILL_2), caller="hub")
    shown = register_of(store, ASSIGNED)
    back = await store.send(PairScanner(ASSIGNED, None), caller="hub")

    assert assigned == ScannerPaired(ASSIGNED, TILL_2)
    assert shown == TILL_2
    assert back == ScannerPaired(ASSIGNED, TILL_1)
    assert register_of(store, ASSIGNED) == TILL_1


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (MakePairingCode(RegisterId("till-9")), "register-not-found"),
        (PairScanner(ASSIGNED, RegisterId("till-9")), "register-not-found"),
        (PairScanner(DeviceId("scanner-9"), TILL_1), "scanner-not-found"),
        (PairScanner(DeviceId("scanner-9"), None), "scanner-not-found"),
    ],
)
async def test_what_is_not_there_is_refused_by_name(store: StoreUnderTest, request_: Request[Any], code: str) -> None:
    refused = await store.send(request_, caller="hub")

    assert isinstance(refused, Rejected)
    assert refused.code == code


async def test_a_code_that_is_typed_pairs_nothing(store: StoreUnderTest) -> None:
    """Who injects a scan is no scanner."""
    code = await code_of(store, TILL_2)

    taken = await store.send(InjectScan(ScanId(RandomIds().new()), TILL_1, code), caller="hub")

    assert isinstance(taken, ScanTaken)
    assert taken.outcome == "told"
    assert register_of(store, ASSIGNED) == TILL_1


async def test_pairing_a_scanner_that_is_away_changes_nothing_of_how_long_it_has_been(store: StoreUnderTest) -> None:
    before: DeviceState = store.retained(DeviceState, device=NEW)

    await store.send(PairScanner(NEW, TILL_2), caller="hub")
    await until(lambda: register_of(store, NEW) == TILL_2)

    after: DeviceState = store.retained(DeviceState, device=NEW)
    assert (after.state, after.since, after.revision) == ("absent", before.since, before.revision + 1)
