"""What a ``prepare_`` function, or a query that asks, asks others with.

Ids follow from the request's own, and refusals become rejections of it. Never here: topics, attempts, correlation.
"""

from typing import Final, TypeVar

from contracts.base import (
    ApprovalInvalid,
    ApprovalNeeded,
    IdReused,
    Malformed,
    PermissionDenied,
    Rejection,
    Reply,
    TokenInvalid,
    TokenMissing,
    Unavailable,
)
from contracts.base import Request as RequestMessage
from services.runtime.bus import PublishRefused
from services.runtime.ids import Ids
from services.runtime.requester import Asker, NoAnswer, Refused, Requester

R = TypeVar("R", bound=Reply)

JUDGED: Final[tuple[type[Rejection], ...]] = (
    Malformed,
    IdReused,
    TokenMissing,
    TokenInvalid,
    PermissionDenied,
    ApprovalNeeded,
    ApprovalInvalid,
)
"""What any request that is passed on may be refused for, beside its own rejections, by what its asker sent."""


class Ask:
    """What a handler asks others with; ids follow from those of its own request, so repeating is harmless.

    A rejection that its request's contract names is passed on to its caller as it is.
    """

    def __init__(
        self,
        requester: Requester,
        ids: Ids,
        message_id: str,
        rejections: tuple[type[Rejection], ...],
        asker: Asker | None = None,
    ) -> None:
        self._requester = requester
        self._ids = ids
        self._message_id = message_id
        self._passed_on = _by_code(rejections)
        self._asker = asker

    async def __call__(  # noqa: PLR0913 - the options of one call, all named
        self,
        request: RequestMessage[R],
        *,
        service: str | None = None,
        purpose: str = "",
        expects: tuple[type[Rejection], ...] = (),
        patience_s: float = 1.0,
        attempts: int = 2,
    ) -> R:
        """Ask and return the answer.

        Raises:
            Rejection: one that the asking command's contract names, or that ``expects`` does: whoever asks deals
                with it.
            Unavailable: no final answer came.
            Refused: rejected in a way the asking command does not know; a bug.
        """
        try:
            return await self._requester.ask(
                request,
                service=service,
                message_id=self._ids.derived(self._message_id, f"{request.wire_name()}/{purpose}"),
                patience_s=patience_s,
                attempts=attempts,
            )
        except (NoAnswer, PublishRefused) as silence:
            raise Unavailable(service=service or request.owner()) from silence
        except Refused as refusal:
            known = (self._passed_on | _by_code(expects)).get(refusal.rejected.code)
            if known is None:
                raise
            raise known(refusal.rejected.message, **refusal.rejected.details) from refusal

    async def pass_on(self, request: RequestMessage[R], *, patience_s: float = 1.0, attempts: int = 2) -> R:
        """Ask for whoever sent the asking command: by their token and approval, under that command's own id.

        An approval names a command, so that one command passes one request on to a service. Whoever is asked judges
        it as if that register had asked itself, and keeps its answer; a refusal is passed on as it is.

        Raises:
            Rejection: one of the request's own, or one about what its asker sent.
            Unavailable: no final answer came.
        """
        try:
            return await self._requester.ask(
                request, message_id=self._message_id, asker=self._asker, patience_s=patience_s, attempts=attempts
            )
        except (NoAnswer, PublishRefused) as silence:
            raise Unavailable(service=request.owner()) from silence
        except Refused as refusal:
            known = _by_code((*request.rejections, *JUDGED)).get(refusal.rejected.code)
            if known is None:
                raise
            rejection = known(refusal.rejected.message, **refusal.rejected.details)
            rejection.passed_on = True
            raise rejection from refusal

    async def if_there(
        self, request: RequestMessage[R], *, purpose: str = "", patience_s: float = 1.0, attempts: int = 2
    ) -> R | None:
        """Ask, and return None when no answer comes that the asking command knows.

        Whoever asks so has a way without an answer, and a bug of the one asked is no reason to stop.
        """
        try:
            return await self(request, purpose=purpose, patience_s=patience_s, attempts=attempts)
        except Unavailable:
            return None
        except Refused as refusal:
            self._requester.log.warning("asked-in-vain", request=request.wire_name(), code=refusal.rejected.code)
            return None


def _by_code(rejections: tuple[type[Rejection], ...]) -> dict[str, type[Rejection]]:
    return {rejection.wire_code(): rejection for rejection in rejections}
