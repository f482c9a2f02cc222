"""Who does it: a person signs on at the hub's own login for one command and off again, or a token says who.

Belongs here: choosing the person, the PIN, the session. A PIN or token is never one of the arguments,
which everybody on the machine may read; nobody is found by name.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec
from cyclopts import Parameter

from contracts.base import ApprovalNeeded, Reply, TokenInvalid
from contracts.base import Request as RequestMessage
from contracts.ids import StaffId
from contracts.staff import ListStaff, Pin
from contracts.staff.signing_on import RegisterSession, SignedOn, SignOff, SignOn
from services.hub import logins, running_hub
from services.hub.client import Client
from services.hub.terminal import (
    CommandRefused,
    DataFolder,
    as_hub,
    console,
    data_folder,
    fitting,
    may_not_ask,
    plain,
    temporarily,
)
from services.runtime.bus import PublishRefused
from services.runtime.ids import is_uuid
from services.runtime.requester import NoAnswer, Refused

R = TypeVar("R", bound=Reply)

TOKEN: Final = "TILLWIRE_TOKEN"  # noqa: S105 - the name of a variable
PIN_PATIENCE_S: Final = 15.0
"""PINs are compared one at a time, and slowly by design."""
TURN_S: Final = 5.0
"""So long a command lets another one work that signed somebody on at the hub's own login after it."""
TURNS: Final = 10
"""So often a request is sent in a new session."""
LOOK_S: Final = 0.1
_SIGNS_PEOPLE_ON: Final = ("register", "backoffice")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Who:
    """Who does it, and on which hub."""

    staff: Annotated[
        str | None,
        Parameter(name="--staff", help="Who does it: a staff id or a badge; chosen from a list if left out."),
    ] = None
    pin_stdin: Annotated[
        bool, Parameter(name="--pin-stdin", negative="", help="Read their PIN from standard input, one line.")
    ] = False
    caller: Annotated[
        str | None,
        Parameter(name="--as", help="Instead: the login at which somebody signed on whose token is in TILLWIRE_TOKEN."),
    ] = None
    data: DataFolder = None


ANYBODY: Final = Who()
"""Nobody is named: chosen from a list."""


class HubSession:
    """Somebody's session at the hub's own login: it begins with the first request that needs it.

    So it does not stand, in the way of others, while a person is still asked something. Another command that signs
    somebody on there ends it. Then it begins anew with the PIN that was given, once the other one is through or has
    had its turn (``turn_s``): of two that take long each goes on.
    """

    def __init__(self, client: Client, sign_on: SignOn, *, turn_s: float = TURN_S) -> None:
        self._client = client
        self._sign_on = sign_on
        self._turn_s = turn_s
        self._signed_on: SignedOn | None = None
        self._refused: Refused | None = None
        self._shown: RegisterSession | None = None
        self._one_at_a_time = asyncio.Lock()

    async def token(self, lost: str | None = None) -> str:
        """Sign on, unless that is done; ``lost`` is the token of a session that is over.

        Raises:
            Refused: the person or the PIN is not right (any more); that is not tried again.
            NoAnswer: staff is away.
        """
        async with self._one_at_a_time:
            if self._refused is not None:
                raise self._refused
            if self._signed_on is not None and self._signed_on.token == lost:
                await self._while_others_work(self._signed_on.session)
                self._signed_on = None
            if self._signed_on is None:
                try:
                    self._signed_on = await self._client.ask(self._sign_on, patience_s=PIN_PATIENCE_S)
                except Refused as refused:
                    self._refused = refused
                    raise
        return self._signed_on.token

    async def end(self) -> None:
        """Sign off, but nobody else who signed on here meanwhile."""
        if self._signed_on is None or self._is_newer(self._signed_on.session):
            return
        try:
            await self._client.ask(SignOff())
        except (NoAnswer, Refused):
            sys.stderr.write("tillwire: staff did not answer the sign-off at 'hub'; the next sign-on there ends it\n")

    async def _while_others_work(self, session: int) -> None:
        """Wait while somebody is signed on here in a session after this one, but no longer than their turn."""
        end = asyncio.get_running_loop().time() + self._turn_s
        while self._is_newer(session) and self._shown is not None and self._shown.staff_id is not None:
            if asyncio.get_running_loop().time() >= end:
                return
            await asyncio.sleep(LOOK_S)

    def _is_newer(self, session: int) -> bool:
        """Whether a session after this one was shown by now."""
        for each in self._client.heard():
            if each.payload:
                self._shown = msgspec.json.decode(each.payload, type=RegisterSession)
        return self._shown is not None and self._shown.session > session


class Acting:
    """Asks services in the name of whoever is signed on: at the hub for this command, or elsewhere with a token."""

    def __init__(self, client: Client, proof: HubSession | str) -> None:
        self.client = client
        self._proof = proof

    async def ask(self, request: RequestMessage[R], *, patience_s: float = 5.0, attempts: int = 3) -> R:
        """Ask with the person's token, of a new session where another command ended theirs.

        Raises:
            CommandRefused: their role may do this only when somebody approves it, this login may not ask it at all, or
                others signed on here each time.
            Refused: rejected for good.
            NoAnswer: no final answer came.
        """
        token = self._proof if isinstance(self._proof, str) else await self._proof.token()
        for _ in range(TURNS):
            try:
                return await self._ask(request, token, patience_s, attempts)
            except Refused as refused:
                if refused.rejected.code != TokenInvalid.wire_code() or isinstance(self._proof, str):
                    raise
                token = await self._proof.token(lost=token)
        raise CommandRefused("others signed on at 'hub' again and again for commands of theirs; call it again")

    async def _ask(self, request: RequestMessage[R], token: str, patience_s: float, attempts: int) -> R:
        try:
            return await self.client.ask(request, token=token, patience_s=patience_s, attempts=attempts)
        except PublishRefused as refused:
            raise CommandRefused(may_not_ask(self.client.caller, request.owner(), request.wire_name())) from refused
        except Refused as refused:
            if refused.rejected.code != ApprovalNeeded.wire_code():
                raise
            needed = refused.rejected.details.get("permission", request.permission)
            raise CommandRefused(
                f"whoever is signed on needs an approval for {needed}; have it done by somebody whose "
                f"role has it 'allowed', or send {request.owner()} {request.wire_name()} with './tillwire request' "
                "and --approval"
            ) from refused


@asynccontextmanager
async def acting(who: Who) -> AsyncIterator[Acting]:
    """Let a person act at the hub's own login, signed off at the end, however that comes; or take a token as it is.

    Raises:
        CommandRefused: nobody is named, and nobody is there to be asked.
        NoAnswer: staff is away.
    """
    folder = data_folder(who.data)
    if who.caller is not None:
        async with temporarily(folder, _may_sign_on(folder, who)) as client:
            yield Acting(client, _token())
        return
    if who.staff is None and (who.pin_stdin or not sys.stdin.isatty()):
        raise CommandRefused("name who does it with --staff, by staff id or badge; './tillwire staff list' tells ids")
    async with at_hub(folder) as client:
        staff = who.staff or await _chosen(client)
        pin = typed_pin("PIN: ", from_stdin=who.pin_stdin, option="--pin-stdin")
        named = {"staff_id": staff} if is_uuid(staff) else {"badge": staff}
        session = HubSession(client, fitting({"pin": pin, **named}, SignOn))
        try:
            yield Acting(client, session)
        finally:
            await session.end()


@asynccontextmanager
async def at_hub(folder: Path) -> AsyncIterator[Client]:
    """Connect with the hub's own login, and hear which session is the newest there.

    Raises:
        NoHub: none runs.
        BrokerAway: its broker does not answer.
    """
    sessions = running_hub.find(folder).topics.state(RegisterSession, register="hub")
    async with as_hub(folder, watching=(sessions,)) as (_, client):
        yield client


def typed_pin(prompt: str, *, from_stdin: bool, option: str) -> str:
    """A PIN from the terminal, unseen, or a line of standard input.

    Raises:
        CommandRefused: there is no terminal, or what was given is no PIN; it is never shown.
    """
    if not from_stdin and not sys.stdin.isatty():
        raise CommandRefused(f"nobody is there to ask for the PIN; give it with {option}")
    pin = sys.stdin.readline().strip() if from_stdin else getpass(prompt)
    try:
        return msgspec.convert(pin, Pin)
    except msgspec.ValidationError:
        raise CommandRefused("a PIN is 4 to 8 digits") from None


def new_pin(*, from_stdin: bool, option: str) -> str:
    """A PIN that somebody is to have: typed twice, or a line of standard input.

    Raises:
        CommandRefused: as ``typed_pin`` says, or the two differ.
    """
    pin = typed_pin("New PIN (4 to 8 digits): ", from_stdin=from_stdin, option=option)
    if not from_stdin and getpass("The new PIN again: ") != pin:
        raise CommandRefused("the two PINs differ; nothing was done")
    return pin


async def names(client: Client) -> dict[StaffId, str]:
    """What people are called, for tables that name them; whoever was erased has no name."""
    listed = await client.ask(ListStaff(active_only=False))
    return {member.staff_id: member.name for member in listed.staff}


def called(staff_id: StaffId | None, named: dict[StaffId, str]) -> str:
    """What a table calls somebody: whoever was erased goes by the id, nobody is empty."""
    return "" if staff_id is None else named.get(staff_id) or staff_id


async def _chosen(client: Client) -> str:
    """Somebody picked by number from those who work here."""
    staff = (await client.ask(ListStaff())).staff
    if not staff:
        raise CommandRefused("nobody works here yet; './tillwire staff add-owner' puts the first owner on the list")
    out = console(errors=True)
    for number, member in enumerate(staff, 1):
        out.print(plain(f"{number:>3}  {member.name} ({member.role})"))
    out.print(f"Who are you? 1 to {len(staff)}: ", end="")
    answered = sys.stdin.readline().strip()
    if answered not in map(str, range(1, len(staff) + 1)):
        raise CommandRefused(f"that is none of 1 to {len(staff)}; nothing was done")
    return staff[int(answered) - 1].staff_id


def _may_sign_on(folder: Path, who: Who) -> str:
    """The login that a token is for.

    Raises:
        CommandRefused: nobody signs on there, or both a login and a person were named.
    """
    if who.staff is not None or who.pin_stdin:
        raise CommandRefused("--as takes who is signed on there already; leave out --staff and --pin-stdin")
    login = who.caller or ""
    role = next((each.role for each in logins.list_logins(folder).logins if each.username == login), None)
    if role not in _SIGNS_PEOPLE_ON:
        raise CommandRefused(
            f"nobody signs on at {login[:80]!r}; './tillwire register list' tells registers and back offices"
        )
    return login


def _token() -> str:
    token = os.environ.get(TOKEN, "")
    if not token:
        raise CommandRefused(f"--as needs the token of who is signed on there in {TOKEN}")
    return token
