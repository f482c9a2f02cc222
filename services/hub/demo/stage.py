"""Where the scene plays: who asks, what is told of each step, and how a fact of another process is waited for.

Never here: what happens in the scene.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from contracts.base import Command, Reply
from contracts.base import Request as RequestMessage
from contracts.checkout import RegisterSale, Sale
from services.hub.client import Client
from services.hub.running_hub import DEMO_REGISTER, RunningHub
from services.runtime.secret_fields import without_secrets

R = TypeVar("R", bound=Reply)
T = TypeVar("T")

PATIENCE_S: Final = 20.0
"""How long a fact of another process is waited for: a print, an entry in a history."""
BETWEEN_LOOKS_S: Final = 0.05


class DemoFailed(Exception):
    """Something of the scene did not happen; the sentence says what."""


@dataclass(frozen=True)
class Step:
    """One step of the scene: a sentence, and the message it consists of, if it is one.

    ``answer`` is what came back in a few words. Payloads are without secret fields.
    """

    sentence: str
    topic: str = ""
    payload: str = ""
    answer: str = ""


Narrate = Callable[[Step], None]


@dataclass
class Stage:
    """A hub and who speaks on it."""

    hub: RunningHub
    narrate: Narrate
    administrator: Client
    """A client with the hub's own login: it stands for scanner and back office."""
    till: Client
    """The register that the scene plays on."""
    token: str | None = None
    """Of the seller, once they have signed on."""
    revision: int = 0
    """Of the sale as the last command on it left it."""

    async def ask(
        self,
        sentence: str,
        request: RequestMessage[R],
        told: Callable[[R], str],
        *,
        by: Client | None = None,
        token: str | None = None,
    ) -> R:
        """Ask as the register or by another client, and tell of it as a step; ``told`` says the answer in few words."""
        client = by or self.till
        reply = await client.ask(request, token=token or (self.token if by is None else None))
        topic = self.hub.topics.request(request.owner(), type(request), client.caller)
        payload = msgspec.json.encode(without_secrets(request)).decode()
        self.narrate(Step(sentence, topic, payload, told(reply)))
        if isinstance(reply, Sale) and isinstance(request, Command):
            self.revision = reply.revision
        return reply

    async def sale_shown(self, wanted: Callable[[Sale], bool]) -> Sale:
        """Wait until the register's private state shows the sale as wanted."""
        topic = self.hub.topics.private(RegisterSale, DEMO_REGISTER)
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for message in self.till.watch():
                    if message.topic == topic and message.payload:
                        sale = msgspec.json.decode(message.payload, type=RegisterSale).sale
                        if sale is not None and wanted(sale):
                            return sale
        except TimeoutError as error:
            raise DemoFailed(f"the register was not shown the sale within {PATIENCE_S:.0f} s") from error
        raise DemoFailed("the register's login was removed in mid-scene")

    async def until(self, what: str, look: Callable[[], Awaitable[T]], wanted: Callable[[T], bool]) -> T:
        """Look again and again until what another process does is there; ``what`` names it if it never is."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not wanted(found := await look()):  # noqa: ASYNC110 - another process's fact has no event here
                    await asyncio.sleep(BETWEEN_LOOKS_S)
                return found
        except TimeoutError as error:
            raise DemoFailed(f"{what} did not show the sale within {PATIENCE_S:.0f} s") from error
