"""Dispatch: a request comes in, exactly one answer goes out.

The order of checks is fixed: decode, caller, handled ids, expiry, token. Rejections become
replies here and nowhere else; a fault is told as ``unavailable``, a bug as ``internal-error``
with the message kept for a person. Nothing that arrives stops the service.
"""

import asyncio
import math
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy.dialects.sqlite import insert

from contracts.base import (
    AnswerTooLarge,
    ApprovalInvalid,
    Busy,
    Expired,
    IdMissing,
    IdReused,
    InternalError,
    NotYourReply,
    Rejection,
    Reply,
    TokenInvalid,
    Unavailable,
    UnknownRequest,
)
from contracts.topics import Topics
from services.runtime import once, tables
from services.runtime.asking import Ask
from services.runtime.bus import LARGEST_PAYLOAD, Bus, Incoming, Outgoing
from services.runtime.clock import Clock, stamp
from services.runtime.database import is_database_fault
from services.runtime.ids import is_uuid
from services.runtime.log import Log
from services.runtime.malformed import malformed
from services.runtime.requester import ABOUT, FOR, Asker, Requester
from services.runtime.service import Route
from services.runtime.session_uses import SessionUses
from services.runtime.settings import RuntimeSettings
from services.runtime.shapes import shape_of
from services.runtime.tokens import Approval, Claims
from services.runtime.transactions import Request, StaleFacts, Surroundings, Tx, View
from services.runtime.turns import Turns
from services.runtime.writer import DatabaseFault, Scope, Writer

X = TypeVar("X", bound=Tx)
V = TypeVar("V", bound=View)

DEFAULT_PATIENCE_S = 30
COMMANDS_AT_WORK = 64
QUERIES_AT_WORK = 16
PREPARATIONS = 3
SALE = "sale_id"
"""The field that says what a request is about; an approval names the same."""
LIBRARIES = "/site-packages/"
PROJECT = str(Path(__file__).parents[2]) + "/"
"""Where our own code lies; a library's lines tell nothing of a bug of ours, and its path is this machine's."""
IDS_SEEN = 10_000
"""How many ids of commands that ask others are remembered, to tell a repeated one."""


@dataclass(slots=True)
class _Asked:
    """A request on its way through."""

    route: Route
    request: Any
    caller: str
    message_id: str
    token: str | None
    approval: str | None
    passed_on_for: str | None
    """The login for which a service passes it on, whose token and approval are judged."""
    about: str | None
    """The sale that it is about."""
    digest: bytes
    correlation: bytes | None
    deadline: float
    lane: str
    prepared: int = 0

    @property
    def asker(self) -> str:
        """Whose request it is in the end."""
        return self.passed_on_for or self.caller


class Dispatch(Generic[X, V]):
    """Answers the requests to one service."""

    def __init__(  # noqa: PLR0913 - everything a request meets on its way is passed in here
        self,
        settings: RuntimeSettings,
        routes: tuple[Route, ...],
        *,
        transaction: Callable[[Scope, Surroundings, Request], X],
        view: Callable[[Surroundings, Request], V],
        around: Surroundings,
        writer: Writer,
        bus: Bus,
        topics: Topics,
        requester: Requester,
        clock: Clock,
        digest_key: bytes,
        uses: SessionUses,
        log: Log,
    ) -> None:
        self._uses = uses
        self._service = settings.service
        self._routes = {route.request.wire_name(): route for route in routes}
        self._transaction = transaction
        self._view = view
        self._around = around
        self._writer = writer
        self._bus = bus
        self._topics = topics
        self._requester = requester
        self._clock = clock
        self._digest_key = digest_key
        self._log = log
        bounds = {"most_per_caller": settings.most_waiting_per_caller, "most": settings.most_waiting}
        self._commands = Turns(**bounds, most_at_work=COMMANDS_AT_WORK)
        self._queries = Turns(**bounds, most_at_work=QUERIES_AT_WORK)
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: set[str] = set()

    def on_message(self, message: Incoming) -> None:
        """Take a request; whatever it is, at most one answer follows."""
        topic = self._topics.parse_request(message.topic)
        if topic is None or topic.service != self._service or message.retained or message.correlation is None:
            self._log.info("request-dropped", topic=message.topic, retained=message.retained)
            return
        try:
            asked = self._read(topic.name, topic.caller, message)
        except Rejection as rejection:
            self._log.info("rejected", request=topic.name, caller=topic.caller, code=rejection.code)
            self._reply(topic.caller, message.correlation, None, msgspec.json.encode(rejection.reply()))
            return
        self._used(asked)
        if asked.route.from_memory:
            self._answer_from_memory(asked)
            return
        turns, begin = (
            (self._commands, self._begin_command) if asked.route.is_command else (self._queries, self._begin_query)
        )
        if not turns.admit(asked.caller, asked.lane, lambda: begin(asked)):
            self._reject(asked, Busy())

    async def stop(self) -> None:
        """Let go of everything that waits for others."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _read(self, name: str, caller: str, message: Incoming) -> _Asked:
        if message.response_topic != self._topics.reply(caller, self._service):
            raise NotYourReply(response_topic=self._topics.reply(caller, self._service))
        route = self._routes.get(name)
        if route is None:
            raise UnknownRequest(request=name)
        try:
            request = route.decode(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise malformed(error, route.request) from error
        properties = message.properties or {}
        message_id = properties.get("id", "")
        if not is_uuid(message_id):
            if route.is_command:
                raise IdMissing
            message_id = self._around.ids.new()
        passed_on_for = properties.get(FOR) if caller in route.request.passed_on_by else None
        patience_s = message.expiry_s if message.expiry_s is not None else DEFAULT_PATIENCE_S
        return _Asked(
            route=route,
            request=request,
            caller=caller,
            message_id=message_id,
            token=properties.get("token") or None,
            approval=properties.get("approval") or None,
            passed_on_for=passed_on_for,
            about=properties.get(ABOUT) if passed_on_for else getattr(request, SALE, None),
            # Only commands are remembered.
            digest=once.digest(self._digest_key, name, msgspec.json.encode(request)) if route.is_command else b"",
            correlation=message.correlation,
            deadline=self._clock.monotonic() + patience_s,
            lane=route.lane(request, message_id) if route.is_command else f"query={message_id}",
        )

    # Commands

    def _begin_command(self, asked: _Asked) -> None:
        if asked.route.prepare is None:
            self._submit(asked, lambda tx: asked.route.handle(asked.request, tx))
        elif asked.route.at_once:
            self._submit(asked, lambda tx: asked.route.handle(asked.request, None, tx))
        else:
            self._run(self._prepare(asked, asked.route.prepare))

    async def _prepare(self, asked: _Asked, prepare: Callable[..., Any]) -> None:
        """Ask others first; what goes wrong there is told in the transaction, after the check of handled ids."""
        try:
            if not asked.prepared and await self._is_handled(asked):
                self._submit(asked, _answered_again)
                return
            view = self._view(self._around, self._proved(asked))
            asker = Asker(asked.asker, asked.token, asked.approval, asked.about)
            ask = Ask(self._requester, self._around.ids, asked.message_id, asked.route.request.rejections, asker)
            facts = await prepare(asked.request, view, ask)
        except Exception as error:  # noqa: BLE001 - settled in the transaction: rejection, fault or bug
            # As a fault told by name it is this command's alone; raised as it is, the whole batch would fall with it.
            problem = DatabaseFault(type(error).__name__) if is_database_fault(error) else error

            def fail(_tx: X) -> Reply:
                raise problem

            self._submit(asked, fail)
        else:
            self._submit(asked, lambda tx: asked.route.handle(asked.request, facts, tx))

    async def _is_handled(self, asked: _Asked) -> bool:
        """Whether the command was answered before, so that nobody is asked again.

        Only what was seen since the start is looked up; after a restart others are asked once more, which is harmless.
        """
        if asked.message_id not in self._seen:
            if len(self._seen) >= IDS_SEEN:
                self._seen.clear()
            self._seen.add(asked.message_id)
            return False
        return await self._around.readers.read(
            lambda connection: once.find(connection, asked.caller, asked.message_id) is not None
        )

    def _submit(self, asked: _Asked, handle: Callable[[X], Reply]) -> None:
        self._writer.submit(
            lambda scope: self._in_transaction(asked, handle, scope),
            lambda answer, error: self._finish_command(asked, answer, error),
        )

    def _in_transaction(self, asked: _Asked, handle: Callable[[X], Reply], scope: Scope) -> bytes:
        connection = scope.connection
        handled = once.find(connection, asked.caller, asked.message_id)
        if handled is not None:
            return self._answer_again(asked, handled, scope)
        self._still_wanted(asked)
        try:
            reply = handle(self._transaction(scope, self._around, self._proved(asked)))
        except Rejection as rejection:
            if not rejection.final:
                raise
            if not rejection.keep:
                scope.undo()
            payload = msgspec.json.encode(rejection.reply())
            self._log.info(
                "rejected", request=asked.route.request.wire_name(), caller=asked.caller, code=rejection.code
            )
            if rejection.personal or rejection.passed_on:
                return payload
            kept = once.Handled(asked.digest, "rejected", payload)
        else:
            payload = msgspec.json.encode(reply)
            kept = once.Handled(asked.digest, "result", None if reply.is_personal else payload)
        once.keep(connection, asked.caller, asked.message_id, kept, stamp(self._clock.now()))
        return payload

    def _answer_again(self, asked: _Asked, handled: once.Handled, scope: Scope) -> bytes:
        if handled.digest != asked.digest:
            raise IdReused(id=asked.message_id)
        if handled.reply is not None:
            return handled.reply
        rebuild = asked.route.rebuild
        if rebuild is None:
            raise LookupError(f"{asked.route.request.__name__} cannot give its reply again")
        again = self._proved(asked) if asked.route.prove_again else self._context(asked)
        tx = self._transaction(scope, self._around, again)
        return msgspec.json.encode(rebuild(asked.request, tx))

    def _finish_command(self, asked: _Asked, answer: bytes | None, error: BaseException | None) -> None:
        if isinstance(error, StaleFacts) and asked.route.prepare is not None:
            asked.prepared += 1
            if asked.prepared < PREPARATIONS:
                self._run(self._prepare(asked, asked.route.prepare))
                return
            error = Busy()
        self._commands.finished(asked.caller, asked.lane)
        if error is not None:
            self._fail(asked, error)
        elif answer is not None:
            self._answer(asked, answer)

    # Queries

    def _answer_from_memory(self, asked: _Asked) -> None:
        """Answer what waits for nothing, so that it costs no task and no turn."""
        try:
            reply = asked.route.handle(asked.request, self._view(self._around, self._proved(asked)))
        except Exception as error:  # noqa: BLE001 - settled in _fail: rejection, fault or bug
            self._fail(asked, error)
        else:
            self._answer(asked, msgspec.json.encode(reply))

    def _begin_query(self, asked: _Asked) -> None:
        self._run(self._query(asked))

    async def _query(self, asked: _Asked) -> None:
        try:
            self._still_wanted(asked)
            reply = await asked.route.handle(asked.request, self._view(self._around, self._proved(asked)))
        except Exception as error:  # noqa: BLE001 - settled in _fail: rejection, fault or bug
            self._fail(asked, error)
        else:
            self._answer(asked, msgspec.json.encode(reply))
        finally:
            self._queries.finished(asked.caller, asked.lane)

    # Both

    def _still_wanted(self, asked: _Asked) -> None:
        if self._clock.monotonic() > asked.deadline:
            raise Expired

    def _proved(self, asked: _Asked) -> Request:
        """The request as handlers see it, once the token is found to be right where one is needed.

        Where none is needed, one that is no longer valid is as good as none: whoever signs on again may send it along.

        Raises:
            TokenMissing, TokenInvalid, PermissionDenied, ApprovalNeeded, ApprovalInvalid.
        """
        verifier, caller, permission = self._around.verifier, asked.asker, asked.route.request.permission
        approval: Approval | ApprovalInvalid | None = None
        if asked.approval is not None:
            approval = verifier.approval(asked.approval, caller=caller, command=asked.message_id, sale=asked.about)
        claims: Claims | None = None
        try:
            claims = verifier.check(asked.token, caller=caller, permission=permission, approval=approval)
        except TokenInvalid:
            if permission is not None:
                raise
        return self._context(asked, claims, approval)

    def _used(self, asked: _Asked) -> None:
        """Note that a session is used; a token that is none says nothing."""
        with suppress(Rejection):
            claims = self._around.verifier.check(asked.token, caller=asked.asker, permission=None)
            if claims is not None:
                self._uses.note(claims.client, claims.session)

    def _context(
        self, asked: _Asked, claims: Claims | None = None, approval: Approval | ApprovalInvalid | None = None
    ) -> Request:
        return Request(
            now=self._clock.now(), caller=asked.asker, message_id=asked.message_id, claims=claims, approval=approval
        )

    def _fail(self, asked: _Asked, error: BaseException) -> None:
        """Tell a caller of an error; a bug is logged with its place, and the message is kept before it is told."""
        request = asked.route.request.wire_name()
        if isinstance(error, Rejection):
            self._reject(asked, error)
        elif isinstance(error, DatabaseFault) or is_database_fault(error):
            self._log.error("database-fault", request=request, fault=str(error))
            self._reject(asked, Unavailable(reason="database"))
        else:
            fault = fault_of(error)
            self._log.error("bug", request=request, caller=asked.caller, id=asked.message_id, fault=fault)
            self._keep_failed(asked, fault)

    def _keep_failed(self, asked: _Asked, fault: str) -> None:
        row = {
            "caller": asked.caller,
            "id": asked.message_id,
            "name": asked.route.request.wire_name(),
            "payload": msgspec.json.encode(shape_of(asked.request)),
            "fault": fault,
            "at": stamp(self._clock.now()),
        }

        def kept(_answer: Any, error: BaseException | None) -> None:
            if error is not None:
                self._log.error("failed-request-not-kept", id=asked.message_id, fault=type(error).__name__)
            self._reject(asked, InternalError(id=asked.message_id))

        self._writer.submit(
            lambda scope: scope.connection.execute(insert(tables.failed_request).values(row).on_conflict_do_nothing()),
            kept,
        )

    def _reject(self, asked: _Asked, rejection: Rejection) -> None:
        self._answer(asked, msgspec.json.encode(rejection.reply()))

    def _answer(self, asked: _Asked, payload: bytes) -> None:
        if len(payload) > LARGEST_PAYLOAD:
            payload = msgspec.json.encode(AnswerTooLarge(bytes=len(payload), most=LARGEST_PAYLOAD).reply())
        left = asked.deadline - self._clock.monotonic()
        self._reply(asked.caller, asked.correlation, max(1, math.ceil(left)), payload)

    def _reply(self, caller: str, correlation: bytes | None, expiry_s: int | None, payload: bytes) -> None:
        self._bus.post(
            Outgoing(self._topics.reply(caller, self._service), payload, correlation=correlation, expiry_s=expiry_s)
        )

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _answered_again(_tx: Tx) -> Reply:
    """Stands for the handler of a command whose answer is there; its answer goes out before this is called."""
    raise StaleFacts


def fault_of(error: BaseException) -> str:
    """Where a bug is: its kind and the lines it passed. Its own words are left out, for they may quote a customer."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(PROJECT) and LIBRARIES not in frame.filename]
    lines = [f"{frame.filename.removeprefix(PROJECT)}:{frame.lineno} {frame.name}" for frame in own[-8:]]
    return f"{type(error).__name__} at " + " > ".join(lines)
