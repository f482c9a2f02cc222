"""Asking others: publish a request, wait for its reply, and repeat it with the same id until the answer is final.

Repeating is safe because whoever answers knows the id. Every attempt has correlation data of
its own; a late reply to an earlier one is dropped, for the next brings the same answer.
"""

import asyncio
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from contracts.base import Command, Rejected, Reply
from contracts.base import Request as RequestMessage
from contracts.topics import Topics
from services.runtime.bus import Bus, Incoming, NotConnected, Outgoing, PublishRefused, Subscription
from services.runtime.ids import Ids
from services.runtime.log import Log

R = TypeVar("R", bound=Reply)

PAUSE_S = 0.05
UNHEARD: Final = b""
"""Stands for a request that reached nobody: no connection, or no service subscribed."""
UNHEARD_PAUSE_S = 0.1
FOR: Final = "for"
ABOUT: Final = "about"
"""The user properties by which a service says for whom it passes a request on, and about which sale."""
WORTH_REPEATING = frozenset({"busy", "unavailable", "expired"})


class Refused(Exception):
    """The request was rejected for good; ``rejected`` says why."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.code)
        self.rejected = rejected


class NoAnswer(Exception):
    """Nobody gave a final answer in time; the request may have been carried out or not.

    ``last`` is the last answer that was not final, if there was one.
    """

    def __init__(self, request: str, last: Rejected | None) -> None:
        super().__init__(f"{request}: {last.code if last else 'silence'}")
        self.last = last


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sent a command, what proves who is signed on there and who approved it, and which sale it is about."""

    client: str
    token: str | None = None
    approval: str | None = None
    about: str | None = None


class _Kind(msgspec.Struct):
    type: str = ""


class Requester:
    """Asks other services on behalf of one client."""

    def __init__(self, client: str, topics: Topics, bus: Bus, ids: Ids) -> None:
        self.log = Log(client)
        self._client = client
        self._topics = topics
        self._bus = bus
        self._ids = ids
        self._run = secrets.token_hex(4)  # a late reply to an earlier run of this client is not taken for one of this
        self._attempts = itertools.count(1)
        self._waiting: dict[bytes, asyncio.Future[bytes | None]] = {}

    def subscriptions(self) -> list[Subscription]:
        """Where the replies come."""
        return [Subscription(self._topics.replies_to(self._client), retained=False)]

    def on_message(self, message: Incoming) -> None:
        """Take a reply; one that nobody waits for any more is dropped."""
        waiting = self._waiting.get(message.correlation or b"")
        if waiting is not None and not waiting.done():
            waiting.set_result(message.payload)

    async def ask(  # noqa: PLR0913 - the options of one call, all named
        self,
        request: RequestMessage[R],
        *,
        service: str | None = None,
        message_id: str | None = None,
        token: str | None = None,
        approval: str | None = None,
        asker: Asker | None = None,
        patience_s: float = 5.0,
        attempts: int = 3,
    ) -> R:
        """Ask a service and return its answer.

        Args:
            request: the command or query.
            service: whom to ask; the request's owner unless it is one that every service answers.
            message_id: the command's id; repeating a command with the same id changes nothing twice.
            token: proves who is signed on, where that is needed.
            approval: proves that somebody approved this command, where that is needed.
            asker: for whom a service passes the request on; it is judged by that one's token and approval.
            patience_s: how long to wait for the answer to one attempt.
            attempts: how often to try in all.

        Raises:
            Refused: rejected for good.
            NoAnswer: no final answer came.
            PublishRefused: this login may not ask that.
        """
        payload = msgspec.json.encode(request)
        if isinstance(request, Command) and message_id is None:
            message_id = self._ids.new()
        raw = await self.ask_raw(
            service or request.owner(),
            request.wire_name(),
            payload,
            message_id=message_id,
            token=token,
            approval=approval,
            asker=asker,
            patience_s=patience_s,
            attempts=attempts,
        )
        try:
            answer: R = _decoder(type(request))(raw)
        except msgspec.DecodeError as error:  # an answer that does not fit the contract is none
            raise NoAnswer(f"{request.owner()} {request.wire_name()}", None) from error
        return answer

    async def ask_raw(  # noqa: PLR0913 - the options of one call, all named
        self,
        service: str,
        name: str,
        payload: bytes,
        *,
        message_id: str | None,
        token: str | None = None,
        approval: str | None = None,
        asker: Asker | None = None,
        patience_s: float = 5.0,
        attempts: int = 3,
    ) -> bytes:
        """Ask with a payload that is encoded already; the same rules as ``ask``."""
        given: tuple[tuple[str, str | None], ...] = (("id", message_id), ("token", token), ("approval", approval))
        if asker is not None:
            proofs = (("token", asker.token), ("approval", asker.approval))
            given = (("id", message_id), *proofs, (FOR, asker.client), (ABOUT, asker.about))
        properties = tuple((key, text) for key, text in given if text is not None)
        last: Rejected | None = None
        for attempt in range(attempts):
            if attempt:
                await asyncio.sleep(PAUSE_S * attempt)
            raw = await self._attempt(service, name, payload, properties, patience_s)
            if raw is None:
                continue
            try:
                rejected = read_rejection(raw)
            except msgspec.DecodeError:  # what cannot be read is no answer
                continue
            if rejected is None:
                return raw
            if rejected.code not in WORTH_REPEATING:
                raise Refused(rejected)
            last = rejected
        raise NoAnswer(f"{service} {name}", last)

    async def _attempt(
        self, service: str, name: str, payload: bytes, properties: tuple[tuple[str, str], ...], patience_s: float
    ) -> bytes | None:
        """Send until somebody listens, then wait for the answer; None when patience ends first."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience_s
        while (left_s := end - loop.time()) > 0:
            answer = await self._send_once(service, name, payload, properties, left_s)
            if answer is not UNHEARD:
                return answer
            await asyncio.sleep(min(UNHEARD_PAUSE_S, left_s))
        return None

    async def _send_once(
        self, service: str, name: str, payload: bytes, properties: tuple[tuple[str, str], ...], patience_s: float
    ) -> bytes | None:
        loop = asyncio.get_running_loop()
        correlation = f"{self._run}-{next(self._attempts)}".encode()
        waiting: asyncio.Future[bytes | None] = loop.create_future()

        def settle(answer: bytes | None) -> None:
            if not waiting.done():
                waiting.set_result(answer)

        def acknowledged(sent: "asyncio.Future[bool]") -> None:
            error = None if sent.cancelled() else sent.exception()
            if isinstance(error, PublishRefused) and not waiting.done():
                waiting.set_exception(error)
            elif sent.cancelled() or error is not None or not sent.result():
                settle(UNHEARD)

        self._waiting[correlation] = waiting
        timer = loop.call_later(patience_s, settle, None)
        try:
            self._bus.send(
                Outgoing(
                    self._topics.request(service, name, self._client),
                    payload,
                    response_topic=self._topics.reply(self._client, service),
                    correlation=correlation,
                    expiry_s=max(1, round(patience_s)),
                    properties=properties,
                )
            ).add_done_callback(acknowledged)
            return await waiting
        except NotConnected:
            return UNHEARD
        finally:
            timer.cancel()
            del self._waiting[correlation]


def read_rejection(raw: bytes) -> Rejected | None:
    """Read a reply as a rejection, or None when it is a result."""
    if msgspec.json.decode(raw, type=_Kind).type != "rejected":
        return None
    return msgspec.json.decode(raw, type=Rejected)


@cache
def _decoder(request: type[RequestMessage[Any]]) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(request.reply_type()).decode
