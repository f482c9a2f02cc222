"""The kinds of message and what each kind promises.

A message is a frozen struct. Its class says everything the bus must know about it: the
service that owns it (the module it stands in), its name on the wire (its class name in
kebab case), who may ask it, in which lane it waits, what it answers and how it may be
rejected. Topics, access rules, JSON Schema and AsyncAPI are all derived from here.
"""

import re
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args

import msgspec

R = TypeVar("R")

CONTRACTS = "contracts"

Role = Literal["register", "display", "backoffice", "ops", "hub", "checkout", "policy", "customers", "staff", "devices"]


def kebab(name: str) -> str:
    """Turn a class name into its name on the wire: ``AddLineItem`` becomes ``add-line-item``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


class Message(msgspec.Struct, frozen=True):
    """Anything that travels as one JSON object."""

    @classmethod
    def wire_name(cls) -> str:
        """The name this message has in topics, schemas and logs."""
        return kebab(cls.__name__)

    @classmethod
    def owner(cls) -> str:
        """The service that owns this message: the contract module's own name, or that of the folder it stands in."""
        place = cls.__module__.split(".")
        return place[1] if place[0] == CONTRACTS else place[-1]


class Reply(Message, frozen=True):
    """What a request is answered with when it is not rejected.

    ``personal`` marks a reply that holds personal data or a token: it is never stored,
    and a repeated command has it rebuilt from ids.
    """

    personal: ClassVar[bool] = False

    @property
    def is_personal(self) -> bool:
        """Whether this very reply holds any; a class whose replies differ says so itself."""
        return self.personal


class Request(Message, Generic[R], frozen=True, forbid_unknown_fields=True):
    """A command or a query. A field that the contract does not know is refused by name."""

    asked_by: ClassVar[tuple[Role, ...]] = ()
    """The roles whose logins may publish this request; the broker's access rules are made from it."""
    permission: ClassVar[str | None] = None
    """The permission the caller's token must carry, or None where no token is needed.

    Where the person's role needs an approval for it, the user property ``approval`` carries one.
    """
    passed_on_by: ClassVar[tuple[Role, ...]] = ()
    """The services that may pass it on for whoever asked them, whose token and approval are then judged; of
    ``asked_by``. Passed on or not, nobody gets more done than they might by asking themselves.
    """
    rejections: ClassVar[tuple[type["Rejection"], ...]] = ()
    """The rejections of its own, besides those any request may get."""

    @classmethod
    def reply_type(cls) -> type[Reply]:
        """The struct a caller gets back when the request is not rejected."""
        for base in cls.__dict__.get("__orig_bases__", ()):
            for argument in get_args(base):
                if isinstance(argument, type) and issubclass(argument, Reply):
                    return argument
        msg = f"{cls.__name__} names no reply: write Command[SomeReply] or Query[SomeReply]"
        raise TypeError(msg)


class Command(Request[R], Generic[R], frozen=True):
    """Asks for a change. Carries an ``id``: the same id changes once and is answered alike every time."""

    lane: ClassVar[str | None] = None
    """The field whose value names the lane: one command a lane is in work at a time."""


class Query(Request[R], Generic[R], frozen=True):
    """Asks to know something and changes nothing."""


class Event(Message, frozen=True):
    """A fact in the past tense: ids, codes, amounts, rates and times; no personal data, no free text.

    ``journaled`` events are numbered without gaps and can be read again with ``read-journal``;
    the others are hints that are told once.
    """

    journaled: ClassVar[bool] = True


class State(Message, frozen=True):
    """How something is now, retained by the broker. A lower ``revision`` than one already seen is ignored.

    ``path`` is the topic below the owner; ``{...}`` stands for a topic segment given when published.
    """

    path: ClassVar[str]
    read_by: ClassVar[tuple[Role, ...]] = ("ops",)


class PrivateState(Message, frozen=True):
    """How something is now for one register alone; it may hold personal data and expires after 15 minutes.

    ``read_by`` are the services that read it beside that register.
    """

    thing: ClassVar[str]
    read_by: ClassVar[tuple[Role, ...]] = ()
    lives_s: ClassVar[int | None] = None
    """For how many seconds it holds, where it tells what just happened: each one is published, none is left out for a
    newer one, and none is told again once its time is over."""


class Rejection(Exception):
    """A refusal that is part of the contract: a stable code, a sentence, and details that help to mend it.

    The docstring's first line is the sentence unless another is given. Details hold ids,
    field names, codes and numbers; personal data only where the class says so with ``personal``.
    """

    keep: ClassVar[bool] = False
    """True when what the handler changed before rejecting is kept (a wrong PIN counts)."""
    final: ClassVar[bool] = True
    """False when the same request may succeed if repeated as it is; such an answer is never stored."""
    personal: ClassVar[bool] = False
    """True when details may hold what the caller may see of a person: such an answer is never stored either, and the
    same request is judged anew. Only for what is refused again for good, as a revision that has passed is."""
    passed_on: bool = False
    """True when another service refused what was passed on to it: it stores that answer, and only there it is kept."""

    def __init__(self, message: str | None = None, **details: Any) -> None:
        self.message = message or (type(self).__doc__ or "").partition("\n")[0].strip()
        self.details = details
        super().__init__(self.code)

    @property
    def code(self) -> str:
        """The code on the wire; it never changes once released."""
        return self.wire_code()

    @classmethod
    def wire_code(cls) -> str:
        """The class's code, ``sale-not-open`` for ``SaleNotOpen``."""
        return kebab(cls.__name__)

    def reply(self) -> "Rejected":
        """Put the rejection into the form that travels."""
        return Rejected(code=self.code, message=self.message, details=self.details)


class Rejected(Reply, frozen=True, tag_field="type", tag="rejected"):
    """The reply to a request that was refused."""

    code: str
    message: str
    details: dict[str, Any] = {}


class Malformed(Rejection):
    """The payload does not fit the contract; mend the named field and send it again with a new id."""


class UnknownRequest(Rejection):
    """This service has no request of that name; see the contract for those it answers."""


class NotYourReply(Rejection):
    """The response topic belongs to another caller; use your own reply topic."""


class IdMissing(Rejection):
    """A command needs the user property 'id', a UUID in lower case made by the caller, best of version 7."""


class IdReused(Rejection):
    """This id was used before with other content; make a new id for a new command."""


class TokenMissing(Rejection):
    """Nobody is signed on for this request; sign on and send the token with it."""


class TokenInvalid(Rejection):
    """The token is none that is valid here; sign on and send the one that is answered."""


class PermissionDenied(Rejection):
    """The person signed on may not do this; ask someone who may."""


class ApprovalNeeded(Rejection):
    """The person signed on needs an approval for this; have a new command id approved and send it along with that."""


class ApprovalInvalid(Rejection):
    """The approval is not for this: it names another action, sale, command or register, or it is too old."""


class Expired(Rejection):
    """The request waited longer than its caller; send it again if it is still wanted."""

    final = False


class Busy(Rejection):
    """Too much is waiting here; send the same request again in a moment."""

    final = False


class Unavailable(Rejection):
    """What is needed to answer is away for now; nothing was done, send the same request again."""

    final = False


class AnswerTooLarge(Rejection):
    """The answer is larger than one message may be; ask for less of it. A command was carried out all the same."""


class InternalError(Rejection):
    """The service has a fault of its own and kept the message for a person; nothing was done."""

    final = False


ANY_REQUEST: tuple[type[Rejection], ...] = (
    Malformed,
    UnknownRequest,
    NotYourReply,
    IdMissing,
    IdReused,
    TokenMissing,
    TokenInvalid,
    PermissionDenied,
    ApprovalNeeded,
    ApprovalInvalid,
    Expired,
    Busy,
    Unavailable,
    AnswerTooLarge,
    InternalError,
)
"""The rejections that any request may get."""
