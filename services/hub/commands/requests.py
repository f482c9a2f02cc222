"""``request`` sends any request by hand, ``new-id`` makes an id for it; ``scan`` is as if a scanner had read a code."""

import re
import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from contracts.base import Role
from contracts.devices.scanning import InjectScan
from contracts.ids import RegisterId, ScanId
from contracts.topics import SERVICES
from services.hub import access, logins, running_hub
from services.hub.terminal import (
    CommandRefused,
    DataFolder,
    as_hub,
    data_folder,
    may_not_ask,
    nearest,
    print_plain,
    temporarily,
)
from services.runtime.ids import RandomIds, is_uuid
from services.runtime.requester import NoAnswer, Refused

RESULT, REJECTED, NO_ANSWER = 0, 1, 2
_NEW_ID: Final = re.compile(r'"@new"')
"""A whole text in JSON: inside of another one its quotes would have backslashes before them."""


async def request(  # noqa: PLR0913 - the arguments of one command
    service: Annotated[str, Parameter(help="Whom to ask: checkout, policy, customers, staff or devices.")],
    name: Annotated[str, Parameter(help="The request's name, such as get-item.")],
    payload: Annotated[
        str, Parameter(help="The request as JSON; - reads it from standard input.", allow_leading_hyphen=True)
    ],
    /,
    *,
    caller: Annotated[str, Parameter(name="--as", help="The register (or other login) that asks.")],
    token: Annotated[
        str | None, Parameter(env_var="TILLWIRE_TOKEN", help="The token that sign-on gave; TILLWIRE_TOKEN if left out.")
    ] = None,
    approval: Annotated[
        str | None,
        Parameter(
            env_var="TILLWIRE_APPROVAL",
            help="The approval that staff 'approve' gave for this command's --id; TILLWIRE_APPROVAL if left out.",
        ),
    ] = None,
    message_id: Annotated[
        str | None, Parameter(name="--id", help="The command's id, as 'new-id' makes one; a new one if left out.")
    ] = None,
    patience_s: Annotated[float, Parameter(name="--patience", help="Seconds to wait for one answer.")] = 5.0,
    data: DataFolder = None,
) -> int:
    """Send a request and print its reply; exits with 0 for a result, 1 for a rejection, 2 for no answer.

    Each "@new" in the JSON becomes an id of its own. Where the answer is approval-needed, somebody who may types
    their PIN: take an id from 'new-id', ask staff to 'approve' the action, that command id and its sale, and send the
    command once more with --id and --approval.
    """
    folder = data_folder(data)
    if message_id is not None and not is_uuid(message_id):
        raise CommandRefused("--id must be a UUID in lower case")
    body = with_new_ids(sys.stdin.read() if payload == "-" else payload).encode()
    _check_may_ask(folder, service, name, caller)
    async with temporarily(folder, caller) as client:
        try:
            raw = await client.ask_raw(
                service,
                name,
                body,
                message_id=message_id or RandomIds().new(),
                token=token or None,
                approval=approval or None,
                patience_s=patience_s,
            )
        except Refused as refused:
            print_plain(msgspec.json.format(msgspec.json.encode(refused.rejected)).decode())
            return REJECTED
        except NoAnswer as silence:
            last = "" if silence.last is None else f"; the last was {silence.last.code}: {silence.last.message}"
            sys.stderr.write(f"tillwire: no final answer from {service}{last}\n")
            return NO_ANSWER
    print_plain(msgspec.json.format(raw).decode())
    return RESULT


def new_id() -> None:
    """Print an id for a command, a sale or anything else that a caller makes: a UUID of version 7."""
    print_plain(RandomIds().new())


async def scan(
    register: Annotated[str, Parameter(help="The register whose scanner it would be.")],
    code: Annotated[str, Parameter(help="What the scanner would read.")],
    *,
    data: DataFolder = None,
) -> None:
    """Handle a code as if a scanner of that register had read it."""
    fields = {"scan_id": ScanId(RandomIds().new()), "register": RegisterId(register), "text": code}
    try:
        command = msgspec.convert(fields, InjectScan)
    except msgspec.ValidationError as error:
        raise CommandRefused(str(error)) from error
    folder = data_folder(data)
    async with as_hub(folder) as (_, client):
        if _role_of(folder, register) != "register":
            raise CommandRefused(f"'{register}' is no register; './tillwire register list' tells which there are")
        taken = await client.ask(command)
    print_plain(f"{register}: {taken.outcome}")


def with_new_ids(payload: str) -> str:
    """The payload with a new id in place of each ``"@new"``, whatever else it may be."""
    return _NEW_ID.sub(lambda _: f'"{RandomIds().new()}"', payload)


def _role_of(data: Path, login: str) -> Role | None:
    return next((each.role for each in logins.list_logins(data).logins if each.username == login), None)


def _check_may_ask(data: Path, service: str, name: str, caller: str) -> None:
    """Tell at once what the broker would refuse without a word.

    Raises:
        CommandRefused: there is no such login, service or request, or the caller's role may not ask that.
    """
    role = _role_of(data, caller)
    if role is None:
        raise CommandRefused(f"there is no login {caller[:80]!r}; './tillwire register list' tells which there are")
    if service not in SERVICES:
        raise CommandRefused(f"there is no service {service[:80]!r}{nearest(service, SERVICES)}")
    askers = access.askers(service)
    if name not in askers:
        raise CommandRefused(f"{service} has no request {name[:80]!r}{nearest(name, askers)}")
    topics = running_hub.find(data).topics
    if topics.request(service, name, caller) not in access.rules(role, caller, topics).publish:
        raise CommandRefused(may_not_ask(caller, service, name, role))
