"""Runs inside the lab's machine: real USB devices made of the kernel's gadgets, and the scanners' reader beside them.

Without arguments it keeps the devices and does what the test says; with ``--reader`` it is the
process that reads the scanners. They are two, so that the reader can be held still.
"""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

GADGETS = Path("/sys/kernel/config/usb_gadget")
SCANNER, KEYBOARD = "05e0:1200", "046d:c31c"
AT_KEYBOARD = "0001:0001"
EVIOCGRAB = 0x40044590  # linux/input.h

# USB Device Class Definition for Human Interface Devices 1.11, appendix B.1: the boot keyboard's report descriptor.
_BOOT_KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503910395067508"
    "150025650507190029658100c0"
)
# USB HID Usage Tables, page 7: 1 to 9, then 0, are 0x1e to 0x27; Enter is 0x28.
_USAGES = {**{digit: 0x1E + place for place, digit in enumerate("1234567890")}, "\n": 0x28}


def tell(**message: Any) -> None:
    """Send the test a message."""
    os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


def read_scanners() -> None:
    """Read scanners for ever and tell what is heard.

    The settings even name the PS/2 keyboard, which no reader may open. The imports stand here
    because only the reader needs them and the machine is slow.
    """
    from contracts.ids import DeviceId, RegisterId  # noqa: PLC0415
    from services.devices.scanners import Heard, Scanners  # noqa: PLC0415
    from services.devices.settings import ScannerSettings  # noqa: PLC0415
    from services.runtime.log import Log  # noqa: PLC0415

    def heard(what: Heard) -> None:
        told = {name: getattr(what, name) for name in what.__slots__}
        tell(heard=type(what).__name__, **told)

    async def read() -> None:
        wanted = [
            ScannerSettings(device=DeviceId(device), register=RegisterId("till-1"), usb=usb)
            for device, usb in (("scanner-1", SCANNER), ("trap", AT_KEYBOARD))
        ]
        scanners = Scanners(wanted, heard, Log("lab"), sweep_s=3600)
        scanners.start()
        tell(reading=True)
        await asyncio.Event().wait()

    asyncio.run(read())


def make_gadget(name: str, usb: str, serial: str, controller: str) -> None:
    """Make a USB keyboard with that vendor, product and serial number; it is plugged in by ``plug``."""
    gadget = GADGETS / name
    function, configuration = gadget / "functions" / f"hid.{name}", gadget / "configs" / "c.1"
    for folder in (gadget, gadget / "strings" / "0x409", configuration, function):
        folder.mkdir()
    vendor, _, product = usb.partition(":")
    for attribute, text in (
        ("idVendor", f"0x{vendor}"),
        ("idProduct", f"0x{product}"),
        ("strings/0x409/serialnumber", serial),
        ("strings/0x409/product", name),
    ):
        (gadget / attribute).write_text(text)
    for attribute, text in (("protocol", "1"), ("subclass", "1"), ("report_length", "8")):
        (function / attribute).write_text(text)
    (function / "report_desc").write_bytes(_BOOT_KEYBOARD)
    (configuration / function.name).symlink_to(function)
    plug(name, controller)


def plug(name: str, controller: str) -> None:
    """Plug a device in, or with an empty controller out."""
    (GADGETS / name / "UDC").write_text(controller + "\n")


def type_text(name: str, text: str) -> None:
    """Type digits and Enter on a device, each key pressed and let go as fast as the bus takes it."""
    minor = (GADGETS / name / "functions" / f"hid.{name}" / "dev").read_text().strip().partition(":")[2]
    with open(f"/dev/hidg{minor}", "wb", buffering=0) as keys:  # noqa: PTH123 - unbuffered, a report a write
        for character in text:
            keys.write(bytes([0, 0, _USAGES[character], 0, 0, 0, 0, 0]))
            keys.write(bytes(8))


def nodes() -> dict[str, str]:
    """Every input device that types, by vendor and product, and its node."""
    found = {}
    for event in Path("/sys/class/input").glob("event*"):
        ids = event / "device" / "id"
        usb = f"{(ids / 'vendor').read_text().strip()}:{(ids / 'product').read_text().strip()}"
        if usb in (SCANNER, KEYBOARD, AT_KEYBOARD):
            found[usb] = f"/dev/input/{event.name}"
    return found


def opened_by(process: int) -> list[str]:
    """Which of those devices a process has open."""
    by_node = {node: usb for usb, node in nodes().items()}
    links = [str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir() if link.exists()]
    return sorted(by_node[link] for link in links if link in by_node)


def is_grabbed(usb: str) -> bool:
    """Whether somebody holds that device for himself."""
    descriptor = os.open(nodes()[usb], os.O_RDONLY | os.O_NONBLOCK)
    try:
        fcntl.ioctl(descriptor, EVIOCGRAB, 1)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def keep() -> None:
    """Keep the devices and do what the test says, until it says no more."""
    tell(up=True)
    controllers = sorted(path.name for path in Path("/sys/class/udc").iterdir())
    with subprocess.Popen([sys.executable, "-m", "tests.lab.guest", "--reader"]) as reader:
        for line in sys.stdin:
            command = json.loads(line)
            match command["do"]:
                case "make":
                    make_gadget(command["name"], command["usb"], command["serial"], controllers.pop())
                case "plug":
                    plug(command["name"], command["controller"])
                case "type":
                    type_text(command["name"], command["text"])
                case "type-while-reader-is-held":
                    reader.send_signal(signal.SIGSTOP)
                    type_text(command["name"], command["text"])
                    reader.send_signal(signal.SIGCONT)
            tell(
                done=command["do"],
                there=sorted(nodes()),
                opened=opened_by(reader.pid),
                controllers={path.name: (path / "UDC").read_text().strip() for path in GADGETS.iterdir()},
                grabbed=sorted(filter(is_grabbed, nodes())) if command["do"] == "look" else [],
            )


if __name__ == "__main__":
    read_scanners() if "--reader" in sys.argv else keep()
