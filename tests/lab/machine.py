"""A virtual machine with a real Linux kernel, on which real input devices can be plugged in.

QEMU emulates it (TCG: no KVM, no privileges but root for mounting), Debian's own kernel runs in
it with an initramfs of busybox and a few modules, and the host's file system is its root,
read-only under a writable layer in memory: this checkout and its Python are simply there. What takes long
is made once and kept under ``~/.cache``. A boot takes about five seconds.
"""

import hashlib
import json
import lzma
import os
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PACKAGES = ("qemu-system-x86", "busybox-static", "kmod")
"""What the Debian packages are called that this needs."""

HOST, GUEST = "10.0.2.2", "10.0.2.15"
"""The addresses of QEMU's user network: at the first the machine reaches the host's loopback."""

BOOT_WITHIN_S = 40.0
BOOTS = 3
_MODULES = {
    "virtio_pci": "",
    "9pnet_virtio": "",
    "9p": "",
    "overlay": "",
    "evdev": "",
    "usbhid": "",
    "hid_generic": "",
    "configfs": "",
    "libcomposite": "",
    "dummy_hcd": "num=6",
    "usb_f_hid": "",
    "usb_f_acm": "",
    "cdc_acm": "",
    "usb_f_printer": "",
    "usblp": "",
    "virtio_net": "",
}
_INIT = """#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t sysfs sys /sys; $B mount -t devtmpfs dev /dev
while read module arguments; do $B insmod /mod/$module $arguments; done < /mod/order
$B mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /host
$B mount -t tmpfs tmpfs /writable; $B mkdir /writable/upper /writable/work
$B mount -t overlay -o lowerdir=/host,upperdir=/writable/upper,workdir=/writable/work overlay /new
for each in proc sys dev; do $B mount --move /$each /new/$each; done
$B mount -t configfs none /new/sys/kernel/config
$B mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none share /new/mnt
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
exec $B switch_root /new /bin/sh /mnt/start.sh
"""
_COMMAND_LINE = "quiet panic=-1 nokaslr mitigations=off no_timer_check random.trust_cpu=on"


class LabNotPossible(Exception):
    """This computer cannot run the machine; the sentence says what is missing."""


@dataclass(frozen=True)
class Prepared:
    """A kernel and an initramfs, ready to boot."""

    kernel: Path
    initramfs: Path


def prepare() -> Prepared:
    """Fetch the kernel and build the initramfs, unless that was done before.

    Raises:
        LabNotPossible: a program is missing, or Debian's kernel cannot be fetched.
    """
    programs = ("qemu-system-x86_64", "busybox", "modprobe", "depmod", "apt-get", "dpkg-deb")
    missing = [program for program in programs if shutil.which(program, path=_path()) is None]
    if missing:
        raise LabNotPossible(f"{', '.join(missing)} not found: apt-get install {' '.join(PACKAGES)}")
    if os.geteuid() != 0:
        raise LabNotPossible("only root can give the machine the host's file system")
    recipe = hashlib.sha256(repr((_MODULES, _INIT)).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tillwire-lab" / recipe
    if not cache.is_dir():
        cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache.parent) as unfinished:
            _build(Path(unfinished))
            Path(unfinished, "ready").rename(cache)
    return Prepared(cache / "vmlinux", cache / "initramfs.cpio")


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _run(*command: str | Path, folder: Path) -> str:
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, "PATH": _path()},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
    except subprocess.CalledProcessError as error:
        raise LabNotPossible(f"{command[0]} failed: {error.stderr}") from error
    except subprocess.TimeoutExpired as error:
        raise LabNotPossible(f"{command[0]} took longer than {error.timeout:.0f} s") from error
    return done.stdout


def _build(folder: Path) -> None:
    depends = _run("apt-cache", "depends", "linux-image-amd64", folder=folder)
    package = next((line.split()[-1] for line in depends.splitlines() if "Depends:" in line), None)
    if package is None:
        raise LabNotPossible("apt knows no linux-image-amd64: apt-get update, on Debian for x86-64")
    _run("apt-get", "download", package, folder=folder)
    (archive,) = folder.glob("*.deb")
    _run("dpkg-deb", "-x", archive, "kernel", folder=folder)
    version = package.removeprefix("linux-image-")
    tree = folder / "kernel"
    _run("depmod", "-b", tree, version, folder=folder)
    ready = folder / "ready"
    ready.mkdir()
    (ready / "vmlinux").write_bytes(_unpacked_kernel((tree / "boot" / f"vmlinuz-{version}").read_bytes()))
    (ready / "initramfs.cpio").write_bytes(_initramfs(tree, version))


def _unpacked_kernel(packed: bytes) -> bytes:
    """The kernel itself out of its self-extracting file: unpacking it under emulation costs three seconds a boot."""
    begin = packed.find(b"\xfd7zXZ\x00")
    if begin < 0:
        raise LabNotPossible("the kernel is not packed with xz")
    return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed[begin:])


def _initramfs(tree: Path, version: str) -> bytes:
    files: dict[str, bytes] = {}
    order: list[str] = []
    for module, arguments in _MODULES.items():
        listed = _run("modprobe", "-d", tree, "-S", version, "--show-depends", module, folder=tree)
        for line in listed.splitlines():
            action, _, file = line.strip().partition(" ")
            path = Path(file.split()[0]) if action == "insmod" else None
            if path is None or f"mod/{path.name}" in files:
                continue
            data = path.read_bytes()
            files[f"mod/{path.name}"] = lzma.decompress(data) if path.suffix == ".xz" else data
            order.append(f"{path.name} {arguments if path.name.split('.')[0] == module else ''}\n")
    files["mod/order"] = "".join(order).encode()
    busybox = shutil.which("busybox")
    if busybox is None:
        raise LabNotPossible("busybox not found")
    files["bin/busybox"] = Path(busybox).read_bytes()
    files["init"] = _INIT.encode()
    return _cpio(("bin", "mod", "proc", "sys", "dev", "host", "writable", "new"), files)


def _cpio(folders: tuple[str, ...], files: dict[str, bytes]) -> bytes:
    """Pack an archive in the "newc" format (Linux, Documentation/driver-api/early-userspace/buffer-format.rst)."""
    packed = bytearray()
    entries = [(name, 0o040755, b"") for name in folders] + [(name, 0o100755, data) for name, data in files.items()]
    for number, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], start=1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        packed += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        packed += bytes(-len(packed) % 4) + data
        packed += bytes(-len(packed) % 4)
    return bytes(packed)


class Machine:
    """A running machine, which runs one program; they speak lines of JSON over its serial port.

    Args:
        prepared: What to boot.
        program: The command that runs in the machine, with the host's paths.
        folder: The folder that it runs in.
    """

    def __init__(self, prepared: Prepared, program: list[str], folder: Path) -> None:
        self._prepared = prepared
        self._program = program
        self._folder = folder
        self._received = b""
        self._channel = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> Self:
        """Boot, in at most ``BOOTS`` attempts of ``BOOT_WITHIN_S`` each."""
        for attempt in range(1, BOOTS + 1):
            try:
                self._boot()
                if self.next(within_s=BOOT_WITHIN_S) == {"up": True}:
                    return self
            except (TimeoutError, EOFError) as error:
                said = self.said
                self._stop()
                if attempt == BOOTS:
                    raise TimeoutError(f"the machine did not come up in {BOOTS} boots; it said: {said}") from error
        raise AssertionError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def said(self) -> str:
        """What the program in the machine wrote to its standard error."""
        log = self._share / "stderr.log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def send(self, message: dict[str, Any]) -> None:
        """Send the program a message."""
        self._channel.sendall(json.dumps(message).encode() + b"\n")

    def next(self, *, within_s: float = 20.0) -> dict[str, Any]:
        """The program's next message.

        Raises:
            TimeoutError: none came in time.
            EOFError: the machine is gone.
        """
        deadline = time.monotonic() + within_s
        while True:
            line, newline, rest = self._received.partition(b"\n")
            if newline:
                self._received = rest
                if line.startswith(b"{"):
                    message: dict[str, Any] = json.loads(line)
                    return message
                continue
            self._channel.settimeout(max(0.01, deadline - time.monotonic()))
            data = self._channel.recv(4096)
            if not data:
                raise EOFError(f"the machine went down; it said: {self.said}")
            self._received += data

    def _boot(self) -> None:
        self._channel.close()
        self._place = tempfile.TemporaryDirectory(prefix="tillwire-lab-")
        place = Path(self._place.name)
        self._share = place / "share"
        self._share.mkdir()
        (self._share / "start.sh").write_text(
            "stty -F /dev/ttyS0 raw -echo\n"
            f"busybox ifconfig lo up; busybox ifconfig eth0 {GUEST} up\n"
            f"cd {self._folder}\n"
            f"{' '.join(self._program)} </dev/ttyS0 >/dev/ttyS0 2>/mnt/stderr.log\n"
            "busybox poweroff -f\n",
            encoding="utf-8",
        )
        self._received = b""
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(place / "channel"))
            listening.listen(1)
            listening.settimeout(BOOT_WITHIN_S)
            self._process = subprocess.Popen(
                self._command(place), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            self._channel, _ = listening.accept()

    def _command(self, place: Path) -> list[str]:
        shared = [
            part
            for name, path, more in (
                ("host", "/", ",readonly=on,multidevs=remap"),
                ("share", str(self._share), ""),
            )
            for part in (
                "-fsdev",
                f"local,id={name},path={path},security_model=none{more}",
                "-device",
                f"virtio-9p-pci,fsdev={name},mount_tag={name}",
            )
        ]
        machine = (
            "-M pc -accel tcg,thread=multi -cpu max -smp 1 -m 512 -nodefaults -no-user-config -display none -no-reboot"
        )
        return [
            "qemu-system-x86_64",
            *machine.split(),
            "-kernel",
            str(self._prepared.kernel),
            "-initrd",
            str(self._prepared.initramfs),
            "-append",
            _COMMAND_LINE,
            "-chardev",
            f"socket,id=serial,path={place / 'channel'}",
            "-serial",
            "chardev:serial",
            "-netdev",
            "user,id=net",
            "-device",
            "virtio-net-pci,netdev=net,romfile=",
            *shared,
        ]

    def _stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._channel.close()
        self._place.cleanup()
