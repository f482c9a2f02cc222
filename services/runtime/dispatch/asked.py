"""A request as it came: what is asked, by whom, under which id, and how long its caller waits for it.

Never here: whether the caller may, and what comes of it.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from contracts.base import IdMissing, NotYourReply, UnknownRequest
from contracts.topics import Topics
from services.runtime.bus import Incoming
from services.runtime.clock import Clock
from services.runtime.dispatch import once
from services.runtime.ids import Ids, is_uuid
from services.runtime.malformed import malformed
from services.runtime.requester import ABOUT, FOR
from services.runtime.service import Route

DEFAULT_PATIENCE_S = 30
SALE = "sale_id"
"""The field that says what a request is about; an approval names the same."""


@dataclass(slots=True)
class Asked:
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


class RequestReader:
    """Reads the requests to one service."""

    def __init__(  # noqa: PLR0913 - what a request is read by
        self, service: str, routes: tuple[Route, ...], *, topics: Topics, ids: Ids, clock: Clock, digest_key: bytes
    ) -> None:
        self._service = service
        self._routes = {route.request.wire_name(): route for route in routes}
        self._topics = topics
        self._ids = ids
        self._clock = clock
        self._digest_key = digest_key

    def read(self, name: str, caller: str, message: Incoming) -> Asked:
        """Read a request of that name from the login that its topic names.

        Rejections:
            NotYourReply: the answer would go to another login.
            UnknownRequest: this service has no request of that name.
            Malformed: a field is missing, or breaks a rule.
            IdMissing: it is a command without an id that is a UUID.
        """
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
            message_id = self._ids.new()
        passed_on_for = properties.get(FOR) if caller in route.request.passed_on_by else None
        patience_s = message.expiry_s if message.expiry_s is not None else DEFAULT_PATIENCE_S
        return Asked(
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
