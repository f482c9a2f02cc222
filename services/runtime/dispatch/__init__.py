"""Dispatch: a request comes in, exactly one answer goes out.

The order of checks is fixed: decode, caller, handled ids, expiry, token. Rejections become
replies in this folder and nowhere else; a fault is told as ``unavailable``, a bug as ``internal-error``
with the message kept for a person. Nothing that arrives stops the service. Never here: what a request means.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

import msgspec

from contracts.base import Busy, Expired, IdReused, Rejection, Reply
from contracts.topics import Topics
from services.runtime.asking import Ask
from services.runtime.bus import Bus, Incoming
from services.runtime.clock import Clock, stamp
from services.runtime.database import is_database_fault
from services.runtime.dispatch import once
from services.runtime.dispatch.answers import Answers
from services.runtime.dispatch.asked import Asked, RequestReader
from services.runtime.dispatch.proving import Proving
from services.runtime.dispatch.turns import Turns
from services.runtime.log import Log
from services.runtime.requester import Asker, Requester
from services.runtime.service import Route
from services.runtime.session_uses import SessionUses
from services.runtime.settings import RuntimeSettings
from services.runtime.transactions import Request, StaleFacts, Surroundings, Tx, View
from services.runtime.writer import DatabaseFault, Scope, Writer

X = TypeVar("X", bound=Tx)
V = TypeVar("V", bound=View)

COMMANDS_AT_WORK = 64
QUERIES_AT_WORK = 16
PREPARATIONS = 3
IDS_SEEN = 10_000
"""How many ids of commands that ask others are remembered, to tell a repeated one."""


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
        self._service = settings.service
        self._transaction = transaction
        self._view = view
        self._around = around
        self._writer = writer
        self._topics = topics
        self._requester = requester
        self._clock = clock
        self._log = log
        self._reader = RequestReader(
            settings.service, routes, topics=topics, ids=around.ids, clock=clock, digest_key=digest_key
        )
        self._proving = Proving(around.verifier, uses, clock)
        self._answers = Answers(settings.service, bus=bus, topics=topics, writer=writer, clock=clock, log=log)
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
            asked = self._reader.read(topic.name, topic.caller, message)
        except Rejection as rejection:
            self._log.info("rejected", request=topic.name, caller=topic.caller, code=rejection.code)
            self._answers.reject_unread(topic.caller, message.correlation, rejection)
            return
        self._proving.note_use(asked)
        if asked.route.from_memory:
            self._answer_from_memory(asked)
            return
        turns, begin = (
            (self._commands, self._begin_command) if asked.route.is_command else (self._queries, self._begin_query)
        )
        if not turns.admit(asked.caller, asked.lane, lambda: begin(asked)):
            self._answers.reject(asked, Busy())

    async def stop(self) -> None:
        """Let go of everything that waits for others."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Commands

    def _begin_command(self, asked: Asked) -> None:
        if asked.route.prepare is None:
            self._submit(asked, lambda tx: asked.route.handle(asked.request, tx))
        elif asked.route.at_once:
            self._submit(asked, lambda tx: asked.route.handle(asked.request, None, tx))
        else:
            self._run(self._prepare(asked, asked.route.prepare))

    async def _prepare(self, asked: Asked, prepare: Callable[..., Any]) -> None:
        """Ask others first; what goes wrong there is told in the transaction, after the check of handled ids."""
        try:
            if not asked.prepared and await self._is_handled(asked):
                self._submit(asked, _answered_again)
                return
            view = self._view(self._around, self._proving.proved(asked))
            facts = await prepare(asked.request, view, self._ask_for(asked))
        except Exception as error:  # noqa: BLE001 - settled in the transaction: rejection, fault or bug
            # As a fault told by name it is this command's alone; raised as it is, the whole batch would fall with it.
            problem = DatabaseFault(type(error).__name__) if is_database_fault(error) else error

            def fail(_tx: X) -> Reply:
                raise problem

            self._submit(asked, fail)
        else:
            self._submit(asked, lambda tx: asked.route.handle(asked.request, facts, tx))

    async def _is_handled(self, asked: Asked) -> bool:
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

    def _submit(self, asked: Asked, handle: Callable[[X], Reply]) -> None:
        self._writer.submit(
            lambda scope: self._in_transaction(asked, handle, scope),
            lambda answer, error: self._finish_command(asked, answer, error),
        )

    def _in_transaction(self, asked: Asked, handle: Callable[[X], Reply], scope: Scope) -> bytes:
        connection = scope.connection
        handled = once.find(connection, asked.caller, asked.message_id)
        if handled is not None:
            return self._answer_again(asked, handled, scope)
        self._still_wanted(asked)
        try:
            reply = handle(self._transaction(scope, self._around, self._proving.proved(asked)))
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

    def _answer_again(self, asked: Asked, handled: once.Handled, scope: Scope) -> bytes:
        if handled.digest != asked.digest:
            raise IdReused(id=asked.message_id)
        if handled.reply is not None:
            return handled.reply
        rebuild = asked.route.rebuild
        if rebuild is None:
            raise LookupError(f"{asked.route.request.__name__} cannot give its reply again")
        again = self._proving.proved(asked) if asked.route.prove_again else self._proving.by_login(asked)
        tx = self._transaction(scope, self._around, again)
        return msgspec.json.encode(rebuild(asked.request, tx))

    def _finish_command(self, asked: Asked, answer: bytes | None, error: BaseException | None) -> None:
        if isinstance(error, StaleFacts) and asked.route.prepare is not None:
            asked.prepared += 1
            if asked.prepared < PREPARATIONS:
                self._run(self._prepare(asked, asked.route.prepare))
                return
            error = Busy()
        self._commands.finished(asked.caller, asked.lane)
        if error is not None:
            self._answers.fail(asked, error)
        elif answer is not None:
            self._answers.answer(asked, answer)

    # Queries

    def _answer_from_memory(self, asked: Asked) -> None:
        """Answer what waits for nothing, so that it costs no task and no turn."""
        try:
            reply = asked.route.handle(asked.request, self._view(self._around, self._proving.proved(asked)))
        except Exception as error:  # noqa: BLE001 - settled in ``fail``: rejection, fault or bug
            self._answers.fail(asked, error)
        else:
            self._answers.answer(asked, msgspec.json.encode(reply))

    def _begin_query(self, asked: Asked) -> None:
        self._run(self._query(asked))

    async def _query(self, asked: Asked) -> None:
        try:
            self._still_wanted(asked)
            view = self._view(self._around, self._proving.proved(asked))
            others = (self._ask_for(asked),) if asked.route.asks else ()
            reply = await asked.route.handle(asked.request, view, *others)
        except Exception as error:  # noqa: BLE001 - settled in ``fail``: rejection, fault or bug
            self._answers.fail(asked, error)
        else:
            self._answers.answer(asked, msgspec.json.encode(reply))
        finally:
            self._queries.finished(asked.caller, asked.lane)

    # Both

    def _ask_for(self, asked: Asked) -> Ask:
        """What a handler asks others with, under ids that follow from this request's."""
        asker = Asker(asked.asker, asked.token, asked.approval, asked.about)
        return Ask(self._requester, self._around.ids, asked.message_id, asked.route.request.rejections, asker)

    def _still_wanted(self, asked: Asked) -> None:
        if self._clock.monotonic() > asked.deadline:
            raise Expired

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _answered_again(_tx: Tx) -> Reply:
    """Stands for the handler of a command whose answer is there; its answer goes out before this is called."""
    raise StaleFacts
