"""The addresses of this machine, as another one on the same network would use them."""

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SIOCGIFADDR: Final = 0x8915  # linux/sockios.h
_IFREQ_NAME_BYTES: Final = 16
_IFREQ_ADDRESS: Final = slice(20, 24)  # netdevice(7): the name, then a sockaddr_in: family, port, address
_IPV6: Final = Path("/proc/net/if_inet6")
_GLOBAL_SCOPE: Final = "00"


def of_listener(bind: str) -> tuple[str, ...]:
    """Where others reach what listens on that address; nothing unless it listens on all of this machine's.

    Loopback is left out, so a machine without a network has none.
    """
    if bind == "0.0.0.0":  # noqa: S104 - looked for, not listened on
        return tuple(_ipv4())
    if bind == "::":
        return tuple(_ipv6())
    return ()


def _ipv4() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _, name in socket.if_nameindex():
            wanted = struct.pack(f"{_IFREQ_NAME_BYTES}s240x", name.encode())
            try:
                found = fcntl.ioctl(any_socket, SIOCGIFADDR, wanted)
            except OSError:
                continue  # an interface without an address
            address = ipaddress.IPv4Address(found[_IFREQ_ADDRESS])
            if not address.is_loopback:
                yield str(address)


def _ipv6() -> Iterator[str]:
    if not _IPV6.exists():
        return
    for line in _IPV6.read_text(encoding="ascii").splitlines():
        digits, _index, _prefix, scope, *_ = line.split()
        if scope == _GLOBAL_SCOPE:
            yield str(ipaddress.IPv6Address(bytes.fromhex(digits)))
