"""Runs inside the lab's machine: real USB devices made of the kernel's gadgets, and the scanners' reader beside them.

Without arguments it keeps the devices and does what the test says; with ``--reader`` it is the
process that reads the scanners. They are two, so that the reader can be held still. It knows no
layout: the test tells which keys a character takes.
"""

import asyncio
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GADGETS = Path("/sys/kernel/config/usb_gadget")
SCANNER, KEYBOARD, SERIAL, PRINTER = "05e0:1200", "046d:c31c", "0c2e:0b6a", "04b8:0202"
AT_KEYBOARD = "0001:0001"
TTY = Path("/dev/serial/by-id/usb-Lab_Serial_Scanner_H9-if00")
EVIOCGRAB = 0x40044590  # linux/input.h
WITHIN_S = 10.0
BLOCKED_S = 2.0
KEY_S, HAND_S = 0.01, 0.12
"""Pauses between two keys, as scanners can be set to, and between two codes of one scanner; no hand is that fast.

A scanner at its fastest leaves a reader 40 ms before the kernel loses keys, and this machine is some twenty times
slower than a shop's.
"""
READS: list[dict[str, Any]] = [
    {"device": "scanner-1", "usb": SCANNER, "serial": "S1"},
    {"device": "scanner-2", "usb": SCANNER, "serial": "S2"},
    {"device": "german", "usb": SCANNER, "serial": "DE", "layout": "de"},
    {"device": "french", "usb": SCANNER, "serial": "FR", "layout": "fr"},
    {"device": "no-suffix", "usb": SCANNER, "serial": "NS", "end": "pause"},
    {"device": "serial", "tty": str(TTY), "several_codes": True},
    {"device": "trap", "usb": AT_KEYBOARD},
]
"""The settings of the reader; they even name the PS/2 keyboard, which no reader may open."""

# USB Device Class Definition for Human Interface Devices 1.11, appendix B.1: the boot keyboard's report descriptor.
_BOOT_KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503910395067508"
    "150025650507190029658100c0"
)
_FUNCTIONS: dict[str, tuple[str, dict[str, bytes]]] = {
    "keys": (
        "hid",
        {"protocol": b"1", "subclass": b"1", "report_length": b"8", "report_desc": _BOOT_KEYBOARD},
    ),
    "serial": ("acm", {}),
    "printer": ("printer", {"pnp_string": b"MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;"}),
}


# ESC/POS: DLE EOT 1, 2, 3 and 4, all of which a printer without a fault answers alike; GS r 1 in its turn.
_BARRIER = b"\x1dr\x01"
_ANSWERS = {**{b"\x10\x04" + bytes([n]): b"\x12" for n in (1, 2, 3, 4)}, _BARRIER: b"\x00"}


def tell(**message: Any) -> None:
    """Send the test a message."""
    os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


def read_scanners() -> None:
    """Read scanners for ever and tell what is heard.

    The imports stand here because only the reader needs them and the machine is slow.
    """
    import msgspec  # noqa: PLC0415

    from services.devices.scanners.input_devices import InputSource, read_identity  # noqa: PLC0415
    from services.devices.scanners.watching import Heard, Scanners  # noqa: PLC0415
    from services.devices.settings import ScannerSettings  # noqa: PLC0415
    from services.runtime.log import Log  # noqa: PLC0415

    def heard(what: Heard) -> None:
        told = {name: getattr(what, name) for name in what.__slots__ if name != "at"}  # no two scans have one moment
        tell(heard=type(what).__name__, **told)

    wanted = msgspec.convert(READS, list[ScannerSettings])

    def open_another() -> None:
        """Take the keyboard for the first scanner, as if it had got that one's number between two looks."""
        keyboard, first = (Path(nodes()[serial]) for serial in ("K1", "S1"))
        identity = read_identity(Path("/sys/class/input") / first.name)
        assert identity is not None
        try:
            InputSource(keyboard, identity, wanted[0])
        except OSError as error:
            tell(heard=type(error).__name__)
        else:
            tell(heard="the keyboard")

    async def read() -> None:
        scanners = Scanners(wanted, heard, Log("lab"), sweep_s=0.5)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, time.sleep, BLOCKED_S)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, open_another)
        scanners.start()
        tell(reading=True)
        await asyncio.Event().wait()

    asyncio.run(read())


def make_gadget(name: str, kind: str, usb: str, serial: str, controller: str) -> None:
    """Make a USB device with that vendor, product and serial number, and plug it in."""
    gadget = GADGETS / name
    for folder in (gadget, gadget / "strings" / "0x409", gadget / "configs" / "c.1"):
        folder.mkdir()
    vendor, _, product = usb.partition(":")
    for attribute, text in (
        ("idVendor", f"0x{vendor}"),
        ("idProduct", f"0x{product}"),
        ("strings/0x409/serialnumber", serial),
        ("strings/0x409/product", name),
    ):
        (gadget / attribute).write_text(text)
    give_function(name, kind)
    plug(name, controller)


def give_function(name: str, kind: str) -> None:
    """Give a device that is not plugged in what it does, anew where it had that before."""
    function_kind, attributes = _FUNCTIONS[kind]
    function = GADGETS / name / "functions" / f"{function_kind}.{name}"
    used = GADGETS / name / "configs" / "c.1" / function.name
    if used.is_symlink():
        used.unlink()
        function.rmdir()
    function.mkdir()
    for attribute, content in attributes.items():
        (function / attribute).write_bytes(content)
    used.symlink_to(function)


def plug(name: str, controller: str) -> None:
    """Plug a device in, or with an empty controller out; a port gets the lasting name that udev would give it."""
    (GADGETS / name / "UDC").write_text(controller + "\n")
    if (GADGETS / name / "functions" / f"acm.{name}").exists():
        TTY.unlink(missing_ok=True)
        if controller:
            wait_for(lambda: any(Path("/dev").glob("ttyACM*")))
            TTY.parent.mkdir(parents=True, exist_ok=True)
            TTY.symlink_to(next(Path("/dev").glob("ttyACM*")))


def wait_for(fact: Callable[[], object]) -> None:
    """Wait until the kernel has done something."""
    until = time.monotonic() + WITHIN_S
    while not fact():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.01)


def press(name: str, keys: list[list[int]], pause_s: float = KEY_S) -> None:
    """Press keys on a device and let each go; a key is its modifiers and its usage."""
    minor = (GADGETS / name / "functions" / f"hid.{name}" / "dev").read_text().strip().partition(":")[2]
    with open(f"/dev/hidg{minor}", "wb", buffering=0) as reports:  # noqa: PTH123 - unbuffered, a report a write
        for modifiers, usage in keys:
            reports.write(bytes([modifiers, 0, usage, 0, 0, 0, 0, 0]))
            reports.write(bytes(8))
            time.sleep(pause_s)
    time.sleep(HAND_S)


def press_at_once(keys: dict[str, list[list[int]]], times: int) -> None:
    """Have several devices press their keys over and over, all at the same time."""

    def work(name: str) -> None:
        for _ in range(times):
            press(name, keys[name])

    workers = [threading.Thread(target=work, args=(name,)) for name in keys]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def send_serially(data: str) -> None:
    """Have the serial scanner send bytes."""
    port = os.open("/dev/ttyGS0", os.O_WRONLY | os.O_NOCTTY)
    try:
        os.write(port, data.encode())
    finally:
        os.close(port)


def nodes() -> dict[str, str]:
    """Every input device that types, by serial number or else by vendor and product, and its node."""
    found = {}
    for event in Path("/sys/class/input").glob("event*"):
        device = event / "device"
        usb = f"{(device / 'id/vendor').read_text().strip()}:{(device / 'id/product').read_text().strip()}"
        if usb in (SCANNER, KEYBOARD, AT_KEYBOARD):
            found[(device / "uniq").read_text().strip() or usb] = f"/dev/input/{event.name}"
    return found


def opened_by(process: int) -> list[str]:
    """Which of those devices a process has open."""
    by_node = {node: name for name, node in nodes().items()}
    links = [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir() if link.exists()]
    return sorted(by_node[link] for link in links if link in by_node)


def is_grabbed(node: str) -> bool:
    """Whether somebody holds that device for himself."""
    descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.ioctl(descriptor, EVIOCGRAB, 1)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def press_and_unplug(name: str, keys: list[list[int]]) -> None:
    """Press keys on a device and pull it out at once."""
    press(name, keys)
    plug(name, "")


def opened_printer() -> int:
    """The inside of the USB printer, which cannot be opened before the other side has found the printer."""

    def opened() -> bool:
        try:
            # A read that blocks would never end when the printer is pulled out.
            found.append(os.open("/dev/g_printer0", os.O_RDWR | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    found: list[int] = []
    wait_for(opened)
    return found[0]


class Answering(threading.Thread):
    """What is inside of the USB printer: it says that all is well, and that what came before is printed.

    Once ``unplug_after`` is set, it is pulled out when so many bytes of a job came.
    """

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True)
        self._printer = name
        self.unplug_after: int | None = None

    def run(self) -> None:
        """Answer until it is pulled out, and tell the test what came."""
        came = bytearray()
        port = opened_printer()
        waiting = select.poll()
        waiting.register(port, select.POLLIN)
        try:
            while self.unplug_after is None or len(came) < self.unplug_after:
                if not waiting.poll(100):
                    continue
                data = os.read(port, 64 if self.unplug_after else 8192)
                came += data
                for question, answer in _ANSWERS.items():
                    for _ in range(data.count(question)):
                        os.write(port, answer)
                if _BARRIER in data:
                    tell(printed=came.hex())
                    came.clear()
        finally:
            os.close(port)
        plug(self._printer, "")
        # Linux 6.1 frees the half-read job of a printer that is unplugged, and reads on in it when that comes back.
        give_function(self._printer, "printer")
        tell(unplugged=self._printer)


class Desk:
    """The devices, and what reads them."""

    def __init__(self) -> None:
        self._controllers = sorted(path.name for path in Path("/sys/class/udc").iterdir())
        self._process: subprocess.Popen[bytes] | None = None
        self._answering: Answering | None = None
        self._held = -1
        self.deeds: dict[str, Callable[..., dict[str, Any] | None]] = {
            "read": self._read,
            "serve": self._serve,
            "make": self._make,
            "rename": self._rename,
            "plug": plug,
            "plug-and-hold": self._plug_and_hold,
            "let-go": self._let_go,
            "press": press,
            "press-and-unplug": press_and_unplug,
            "press-at-once": press_at_once,
            "press-while-reader-is-held": self._press_while_held,
            "press-while-loop-is-blocked": self._press_while_blocked,
            "send": send_serially,
            "answer": self._answer,
            "unplug-after": self._unplug_after,
            "look": self._look,
            "take-for-another": self._take_for_another,
        }

    def _read(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "tests.lab.guest", "--reader"])

    def _serve(self, environment: dict[str, str]) -> None:
        """Run the whole devices service; where it finds its broker and its data stands in the environment."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.devices"], env={**os.environ, **environment}, stdout=sys.stderr
        )

    def _answer(self, name: str) -> None:
        self._answering = Answering(name)
        self._answering.start()

    def _unplug_after(self, count: int) -> None:
        assert self._answering is not None
        self._answering.unplug_after = count

    def _make(self, name: str, kind: str, usb: str, serial: str) -> None:
        make_gadget(name, kind, usb, serial, self._controllers.pop())

    def _rename(self, name: str, serial: str) -> None:
        (GADGETS / name / "strings/0x409/serialnumber").write_text(serial)

    def _plug_and_hold(self, name: str, controller: str, serial: str) -> None:
        """Plug a device in and grab it before the reader can."""
        self._reader.send_signal(signal.SIGSTOP)
        plug(name, controller)
        wait_for(lambda: serial in nodes())
        self._held = os.open(nodes()[serial], os.O_RDONLY | os.O_NONBLOCK)
        fcntl.ioctl(self._held, EVIOCGRAB, 1)
        self._reader.send_signal(signal.SIGCONT)

    def _let_go(self) -> None:
        os.close(self._held)

    def _press_while_held(self, name: str, codes: list[list[list[int]]]) -> None:
        """Press codes as fast as the wire takes them, a hand's pause between them, before the reader hears of any."""
        self._reader.send_signal(signal.SIGSTOP)
        for keys in codes:
            press(name, keys, pause_s=0)
        self._reader.send_signal(signal.SIGCONT)

    def _take_for_another(self) -> None:
        self._reader.send_signal(signal.SIGUSR2)

    def _press_while_blocked(self, name: str, keys: list[list[int]], times: int) -> None:
        self._reader.send_signal(signal.SIGUSR1)
        press_at_once({name: keys}, times)

    def _look(self) -> dict[str, Any]:
        """How things are: which devices there are, which are open by the reader and which are grabbed."""
        return {
            "there": nodes(),
            "opened": opened_by(self._reader.pid) if self._process else [],
            "controllers": {path.name: (path / "UDC").read_text().strip() for path in GADGETS.iterdir()},
            "grabbed": sorted(name for name, node in nodes().items() if is_grabbed(node)),
        }

    @property
    def _reader(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process


def keep() -> None:
    """Keep the devices and do what the test says, until it says no more."""
    tell(up=True)
    desk = Desk()
    for line in sys.stdin:
        how = json.loads(line)
        deed = how.pop("do")
        tell(done=deed, **(desk.deeds[deed](**how) or {}))


if __name__ == "__main__":
    read_scanners() if "--reader" in sys.argv else keep()
