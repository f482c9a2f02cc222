"""PINs: hashed and compared with argon2id, in a thread, one at a time.

Never here: who a PIN belongs to, what a wrong one costs, any log.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

# OWASP Password Storage Cheat Sheet, 2025: argon2id with m=19 MiB, t=2, p=1.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1

NO_PIN = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"
"""A hash that no PIN is known to fit and that takes as long to compare with as any other."""


class Pins:
    """Hashes and compares PINs; 19 MiB at a time, and the event loop goes on meanwhile."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._turn = asyncio.Lock()

    async def hash(self, pin: str) -> str:
        """The salted hash by which a PIN is kept."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, pin)

    async def fits(self, pin_hash: str, pin: str) -> bool:
        """Whether a PIN is the one that was hashed."""
        async with self._turn:
            return await asyncio.to_thread(self._compare, pin_hash, pin)

    def _compare(self, pin_hash: str, pin: str) -> bool:
        try:
            return self._hasher.verify(pin_hash, pin)
        except VerifyMismatchError:
            return False
