"""What a caller is told: the reply, a rejection, a fault as ``unavailable``, a bug as ``internal-error``.

Never here: what a request changes, and whether it may.
"""

import math
from typing import Any

import msgspec
from sqlalchemy.dialects.sqlite import insert

from contracts.base import AnswerTooLarge, InternalError, Rejection, Unavailable
from contracts.topics import Topics
from services.runtime import tables
from services.runtime.bus import LARGEST_PAYLOAD, Bus, Outgoing
from services.runtime.clock import Clock, stamp
from services.runtime.database import is_database_fault
from services.runtime.dispatch.asked import Asked
from services.runtime.faults import fault_of
from services.runtime.log import Log
from services.runtime.shapes import shape_of
from services.runtime.writer import DatabaseFault, Writer


class Answers:
    """Answers the callers of one service."""

    def __init__(  # noqa: PLR0913 - what an answer passes on its way
        self, service: str, *, bus: Bus, topics: Topics, writer: Writer, clock: Clock, log: Log
    ) -> None:
        self._service = service
        self._bus = bus
        self._topics = topics
        self._writer = writer
        self._clock = clock
        self._log = log

    def answer(self, asked: Asked, payload: bytes) -> None:
        """Send a reply to whoever asked; it is of use for as long as the caller still waits."""
        if len(payload) > LARGEST_PAYLOAD:
            payload = msgspec.json.encode(AnswerTooLarge(bytes=len(payload), most=LARGEST_PAYLOAD).reply())
        left = asked.deadline - self._clock.monotonic()
        self._reply(asked.caller, asked.correlation, max(1, math.ceil(left)), payload)

    def reject(self, asked: Asked, rejection: Rejection) -> None:
        """Tell a caller that its request was rejected."""
        self.answer(asked, msgspec.json.encode(rejection.reply()))

    def reject_unread(self, caller: str, correlation: bytes, rejection: Rejection) -> None:
        """Tell a caller that its request cannot be read; how long it waits is not known."""
        self._reply(caller, correlation, None, msgspec.json.encode(rejection.reply()))

    def fail(self, asked: Asked, error: BaseException) -> None:
        """Tell a caller of an error; a bug is logged with its place, and the message is kept before it is told."""
        request = asked.route.request.wire_name()
        if isinstance(error, Rejection):
            self.reject(asked, error)
        elif isinstance(error, DatabaseFault) or is_database_fault(error):
            self._log.error("database-fault", request=request, fault=str(error))
            self.reject(asked, Unavailable(reason="database"))
        else:
            fault = fault_of(error)
            self._log.error("bug", request=request, caller=asked.caller, id=asked.message_id, fault=fault)
            self._keep_failed(asked, fault)

    def _keep_failed(self, asked: Asked, fault: str) -> None:
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
            self.reject(asked, InternalError(id=asked.message_id))

        self._writer.submit(
            lambda scope: scope.connection.execute(insert(tables.failed_request).values(row).on_conflict_do_nothing()),
            kept,
        )

    def _reply(self, caller: str, correlation: bytes | None, expiry_s: int | None, payload: bytes) -> None:
        self._bus.post(
            Outgoing(self._topics.reply(caller, self._service), payload, correlation=correlation, expiry_s=expiry_s)
        )
