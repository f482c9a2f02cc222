"""Which device is a scanner, and that nothing is opened that the settings do not name.

Folders stand for ``/dev/input`` and ``/sys/class/input``; real devices are read in ``tests/lab/``.
"""

import asyncio
import ctypes
import os
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from evdev import ecodes

from contracts.ids import DeviceId, RegisterId
from services.devices.scanners.input_devices import Identity, read_identity
from services.devices.scanners.watching import RETRY_S, Heard, ScannerChanged, Scanners
from services.devices.settings import ScannerSettings
from services.runtime.log import Log

KEYS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
"""What Linux prints for a USB boot keyboard."""
NEVER_S = 3600.0
FOLDER_ITSELF = ""
UNREADABLE = Path("/proc/sys/vm/compact_memory")
"""A file that nobody may read, not even root."""


def scanner(device: str = "scanner-1", **marks: Any) -> ScannerSettings:
    return ScannerSettings(device=DeviceId(device), register=RegisterId("till-1"), **marks)


class Machine:
    """Folders that look like those of a kernel with input devices."""

    def __init__(self, root: Path) -> None:
        self.input = root / "dev" / "input"
        self.sys = root / "sys" / "class" / "input"
        (root / "dev").mkdir()
        self.sys.mkdir(parents=True)

    def plug(
        self,
        event: str,
        *,
        bus: int = ecodes.BUS_USB,
        usb: str = "05e0:1200",
        keys: str = KEYS,
        node: Path | None = None,
    ) -> Path:
        """Plug in a device; its node is a pipe, so that opening it for reading can be told, unless another is given."""
        attributes = {
            "id/bustype": f"{bus:04x}",
            "id/vendor": usb[:4],
            "id/product": usb[5:],
            "uniq": "S1234",
            "phys": "usb-0000:00:04.0-1/input0",
            "capabilities/key": keys,
        }
        for name, text in attributes.items():
            file = self.sys / event / "device" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n", encoding="utf-8")
        self.input.mkdir(exist_ok=True)
        if node is not None:
            self.input.joinpath(event).symlink_to(node)
        else:
            os.mkfifo(self.input / event)
        return self.input / event

    def notice(self) -> None:
        """Have the kernel tell that something happened to a node, as when udev sets its group."""
        self.input.joinpath("mice").touch()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@asynccontextmanager
async def scanners_of(
    machine: Machine, *wanted: ScannerSettings, sweep_s: float = NEVER_S, retry_s: float = RETRY_S
) -> AsyncIterator["asyncio.Queue[Heard]"]:
    """Scanners at work, and what is heard of them."""
    heard: asyncio.Queue[Heard] = asyncio.Queue()
    scanners = Scanners(
        wanted,
        heard.put_nowait,
        Log("devices"),
        sweep_s=sweep_s,
        retry_s=retry_s,
        input_folder=machine.input,
        sys_folder=machine.sys,
    )
    scanners.start()
    try:
        yield heard
    finally:
        await scanners.stop()


@contextmanager
def opened_in(folder: Path) -> Iterator[list[str]]:
    """Which files of a folder are opened meanwhile, as the kernel tells it (inotify, IN_OPEN); filled at the end."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.inotify_init1(os.O_NONBLOCK)
    libc.inotify_add_watch(descriptor, os.fsencode(folder), 0x20)
    opened: list[str] = []
    try:
        yield opened
        notices = os.read(descriptor, 65536)
        while notices:
            (length,) = struct.unpack_from("I", notices, 12)
            opened.append(notices[16 : 16 + length].rstrip(b"\0").decode())
            notices = notices[16 + length :]
    finally:
        os.close(descriptor)


def test_identity_is_read_without_opening_the_device(machine: Machine) -> None:
    machine.plug("event3")

    identity = read_identity(machine.sys / "event3")

    assert identity is not None
    assert (identity.bus, identity.usb, identity.serial) == (ecodes.BUS_USB, "05e0:1200", "S1234")
    assert identity.port == "usb-0000:00:04.0-1"
    assert {ecodes.KEY_1, ecodes.KEY_0, ecodes.KEY_ENTER, ecodes.KEY_KP0} <= identity.keys
    assert ecodes.BTN_LEFT not in identity.keys


def test_a_device_that_is_gone_has_no_identity(machine: Machine) -> None:
    assert read_identity(machine.sys / "event9") is None


@pytest.mark.parametrize(
    ("marks", "fits"),
    [
        ({"usb": "05e0:1200"}, True),
        ({"usb": "05e0:1300"}, False),
        ({"serial": "S1234"}, True),
        ({"serial": "S12345"}, False),
        ({"port": "usb-0000:00:04.0-1"}, True),
        ({"port": "usb-0000:00:04.0-2"}, False),
        ({"usb": "05e0:1200", "serial": "S1"}, False),
    ],
)
def test_every_mark_that_is_given_must_fit(machine: Machine, marks: dict[str, str], fits: bool) -> None:
    machine.plug("event3")
    identity = read_identity(machine.sys / "event3")

    assert identity is not None
    assert identity.fits(scanner(**marks)) is fits


def test_a_keyboard_on_the_ps2_port_is_never_a_scanner(machine: Machine) -> None:
    machine.plug("event0", bus=ecodes.BUS_I8042, usb="0001:0001")
    identity = read_identity(machine.sys / "event0")

    assert identity is not None
    assert not identity.fits(scanner(usb="0001:0001"))


def test_the_media_keys_of_a_scanner_are_not_the_scanner() -> None:
    media_keys = Identity(ecodes.BUS_USB, "05e0:1200", "", "", frozenset({ecodes.KEY_VOLUMEUP, ecodes.KEY_ENTER}))

    assert not media_keys.fits(scanner(usb="05e0:1200"))


def test_a_scanner_without_a_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="scanner-1 needs one of usb, serial, port and tty"):
        scanner()


async def test_a_machine_without_input_devices_is_survived(machine: Machine) -> None:
    async with scanners_of(machine, scanner(usb="05e0:1200")) as heard:
        changed = await heard.get()
        assert any(thread.name == "scanner-watch" for thread in threading.enumerate())

    assert changed == ScannerChanged("scanner-1", "absent", "not_connected")


async def test_nothing_runs_after_stop(machine: Machine) -> None:
    async with scanners_of(machine, scanner(usb="05e0:1200")):
        pass

    assert not any(thread.name.startswith("scanner") for thread in threading.enumerate())


async def test_only_what_the_settings_name_is_opened(machine: Machine) -> None:
    machine.plug("event0", usb="046d:c31c")
    with opened_in(machine.input) as opened:
        async with scanners_of(machine, scanner(usb="05e0:1200")) as heard:
            await heard.get()
            machine.plug("event1")
            await heard.get()

    assert set(opened) - {FOLDER_ITSELF} == {"event1"}


async def test_a_device_that_is_plugged_in_is_noticed_at_once(machine: Machine) -> None:
    """The sweep comes once an hour here, so the notice is the kernel's; the pipe is no input device."""
    async with scanners_of(machine, scanner(usb="05e0:1200")) as heard:
        await heard.get()
        machine.plug("event3")

        assert await heard.get() == ScannerChanged("scanner-1", "fault", "offline")


async def test_a_device_that_no_notice_told_of_is_found_by_the_sweep(machine: Machine, tmp_path: Path) -> None:
    """The whole folder is moved into its place, of which a watch on the folder hears nothing."""
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Machine(tmp_path / "elsewhere")
    elsewhere.plug("event3")
    machine.plug("event3")
    machine.input.joinpath("event3").unlink()
    machine.input.rmdir()

    async with scanners_of(machine, scanner(usb="05e0:1200"), sweep_s=0.05) as heard:
        await heard.get()
        elsewhere.input.rename(machine.input)

        assert await heard.get() == ScannerChanged("scanner-1", "fault", "offline")


async def test_a_device_that_udev_has_yet_to_give_away_is_tried_again_before_it_is_told(
    machine: Machine, tmp_path: Path
) -> None:
    """The other scanner is looked at after it, so that what is told of that says that it was tried."""
    node = tmp_path / "node"
    node.symlink_to(UNREADABLE)
    wanted = (scanner(usb="05e0:1200"), scanner("scanner-2", usb="0c2e:0b6a"))
    async with scanners_of(machine, *wanted, retry_s=NEVER_S) as heard:
        absent = [await heard.get() for _ in wanted]
        machine.plug("event1", node=node)
        machine.plug("event2", usb="0c2e:0b6a")
        first = await heard.get()
        os.mkfifo(tmp_path / "pipe")
        tmp_path.joinpath("pipe").replace(node)
        machine.notice()
        while (given := await heard.get()).device != "scanner-1":
            pass

    assert {each.device for each in absent} == {"scanner-1", "scanner-2"}
    assert first == ScannerChanged("scanner-2", "fault", "offline")
    assert given == ScannerChanged("scanner-1", "fault", "offline")


async def test_a_device_that_may_not_be_opened_is_told_after_some_tries_that_no_notice_calls_for(
    machine: Machine,
) -> None:
    machine.plug("event1", node=UNREADABLE)

    async with scanners_of(machine, scanner(usb="05e0:1200"), retry_s=0.001) as heard:
        while (told := await heard.get()) == ScannerChanged("scanner-1", "absent", "not_connected"):
            pass

    assert told == ScannerChanged("scanner-1", "fault", "no_permission")


async def test_the_scanner_that_more_is_said_of_chooses_first(machine: Machine) -> None:
    wanted = (scanner("any", usb="05e0:1200"), scanner("this", usb="05e0:1200", serial="S1234"))
    async with scanners_of(machine, *wanted) as heard:
        absent = [await heard.get() for _ in wanted]
        machine.plug("event3")
        told = await heard.get()

    assert {each.device for each in absent} == {"any", "this"}
    assert told == ScannerChanged("this", "fault", "offline")


async def test_a_scanner_that_could_not_be_opened_is_absent_once_it_is_unplugged(machine: Machine) -> None:
    node = machine.plug("event3")
    async with scanners_of(machine, scanner(usb="05e0:1200"), sweep_s=0.05) as heard:
        refused = await heard.get()
        node.unlink()
        while (now := await heard.get()) == refused:
            pass

    assert refused == ScannerChanged("scanner-1", "fault", "offline")
    assert now == ScannerChanged("scanner-1", "absent", "not_connected")
