"""The staff list: the first owner, everybody else, and what becomes of somebody who leaves."""

import sys
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.table import Table

from contracts.ids import StaffId, Uuid
from contracts.staff import AddOwner, CreateStaff, ListStaff, StaffFile, StaffMember, UpdateStaff
from contracts.staff.privacy import EraseStaff, ExportStaff
from services.hub.client import Client
from services.hub.persons import ANYBODY, PIN_PATIENCE_S, Who, acting, new_pin
from services.hub.terminal import (
    AsJson,
    CommandRefused,
    DataFolder,
    as_hub,
    console,
    data_folder,
    fitting,
    plain,
    print_plain,
)
from services.runtime.ids import RandomIds

MemberId = Annotated[str, Parameter(help="A staff id, as './tillwire staff list' tells it.")]
NewPinStdin = Annotated[
    bool,
    Parameter(negative="", help="Read the new PIN from standard input, a line after that of --pin-stdin if given."),
]


async def add_owner_staff(
    *,
    name: Annotated[str | None, Parameter(help="The owner's name; asked for if left out.")] = None,
    pin_stdin: Annotated[bool, Parameter(negative="", help="Read the PIN from standard input.")] = False,
    badge: Annotated[str | None, Parameter(help="What the owner's badge reads as.")] = None,
    data: DataFolder = None,
) -> None:
    """Put the first owner on the staff list; an owner adds everybody else."""
    async with as_hub(data_folder(data)) as (_, client):
        fields = {
            "staff_id": RandomIds().new(),
            "name": name if name is not None else _asked("Name: "),
            "pin": new_pin(from_stdin=pin_stdin, option="--pin-stdin"),
            "badge": badge,
        }
        made = await client.ask(fitting(fields, AddOwner), patience_s=PIN_PATIENCE_S)
    print_plain(f"{made.member.name} is the owner and may sign on; staff id {made.member.staff_id}")


async def list_staff(*, data: DataFolder = None, as_json: AsJson = False) -> None:
    """List who works here, and who did."""
    async with as_hub(data_folder(data)) as (_, client):
        listed = await client.ask(ListStaff(active_only=False))
    if as_json:
        print_plain(msgspec.json.encode(listed.staff).decode())
        return
    table = Table("name", "short", "role", "active", "rev.", "staff id")
    table.columns[-1].no_wrap = True
    for member in listed.staff:
        active = "yes" if member.active else "no"
        table.add_row(
            plain(member.name), plain(member.short_name), member.role, active, str(member.revision), member.staff_id
        )
    console().print(table)


async def add_staff(  # noqa: PLR0913 - the arguments of one command
    *,
    name: Annotated[str, Parameter(help="Their name.")],
    role: Annotated[str, Parameter(help="cashier, senior, manager, owner or one of the shop's own.")] = "cashier",
    short_name: Annotated[str, Parameter(help="What receipts call them.")] = "",
    badge: Annotated[str | None, Parameter(help="What their badge reads as.")] = None,
    new_pin_stdin: NewPinStdin = False,
    as_json: AsJson = False,
    who: Who = ANYBODY,
) -> None:
    """Put somebody new on the staff list."""
    async with acting(who) as person:
        fields = {
            "staff_id": RandomIds().new(),
            "name": name,
            "role": role,
            "short_name": short_name,
            "badge": badge,
            "pin": new_pin(from_stdin=new_pin_stdin, option="--new-pin-stdin"),
        }
        made = await person.ask(fitting(fields, CreateStaff), patience_s=PIN_PATIENCE_S)
    _tell(made, f"{made.member.name} is on the staff list as {made.member.role}", as_json=as_json)


async def edit_staff(  # noqa: PLR0913 - the arguments of one command
    staff_id: MemberId,
    /,
    *,
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    role: Annotated[str | None, Parameter(help="Another role.")] = None,
    short_name: Annotated[str | None, Parameter(help="What receipts call them.")] = None,
    badge: Annotated[str | None, Parameter(help="What their badge reads as.")] = None,
    no_badge: Annotated[bool, Parameter(negative="", help="They have no badge any more.")] = False,
    active: Annotated[bool | None, Parameter(negative="--inactive", help="Whether they work here.")] = None,
    new_pin_stdin: NewPinStdin = False,
    ask_new_pin: Annotated[bool, Parameter(name="--new-pin", negative="", help="Ask for another PIN.")] = False,
    as_json: AsJson = False,
    who: Who = ANYBODY,
) -> None:
    """Change the given details of somebody; another role or PIN, or inactive, signs them off everywhere."""
    _check_id(staff_id)
    if no_badge and badge is not None:
        raise CommandRefused("--badge and --no-badge do not go together")
    given = {"name": name, "role": role, "short_name": short_name, "badge": badge, "active": active}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if no_badge:
        changes["badge"] = None
    wants_pin = new_pin_stdin or ask_new_pin
    if not changes and not wants_pin:
        raise CommandRefused("nothing is to be changed; './tillwire staff edit --help' tells what can be")
    fitting({"staff_id": staff_id, "expected_revision": 0, **changes}, UpdateStaff)
    async with acting(who) as person:
        if wants_pin:
            changes["pin"] = new_pin(from_stdin=new_pin_stdin, option="--new-pin-stdin")
        member = await _member(person.client, staff_id)
        fields = {"staff_id": staff_id, "expected_revision": member.revision, **changes}
        made = await person.ask(fitting(fields, UpdateStaff), patience_s=PIN_PATIENCE_S)
    _tell(made, f"{made.member.name} is changed: {', '.join(changes)}", as_json=as_json)


async def erase_staff(
    staff_id: MemberId,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask whether that is meant.")] = False,
    as_json: AsJson = False,
    who: Who = ANYBODY,
) -> None:
    """Forget who somebody was, for good; what they sold keeps adding up under their id."""
    _check_id(staff_id)
    if not yes and not sys.stdin.isatty():
        raise CommandRefused("an erased name does not come back; say --yes if that is meant")
    async with acting(who) as person:
        member = await _member(person.client, staff_id)
        if not yes and _asked(f"Erase {plain(member.name)} for good? Type yes: ").strip() != "yes":
            raise CommandRefused("nothing was erased")
        erased = await person.ask(EraseStaff(StaffId(staff_id)))
    told = f"{staff_id} is erased; only the id and the role are known now"
    print_plain(msgspec.json.encode(erased).decode() if as_json else told)


async def export_staff(staff_id: MemberId, /, *, who: Who = ANYBODY) -> None:
    """Print all that the staff service holds about somebody, as JSON, for them; it is told who did.

    Of anybody but oneself it takes ``staff.report_person``, too, which no role has at first.
    """
    _check_id(staff_id)
    async with acting(who) as person:
        held = await person.ask(ExportStaff(StaffId(staff_id)))
    print_plain(msgspec.json.format(msgspec.json.encode(held)).decode())


async def _member(client: Client, staff_id: str) -> StaffMember:
    listed = await client.ask(ListStaff(active_only=False))
    for member in listed.staff:
        if member.staff_id == staff_id:
            return member
    raise CommandRefused(f"nobody on the staff list has the id {staff_id}; './tillwire staff list' tells ids")


def _check_id(staff_id: str) -> None:
    """Refuse what is no id, before anybody types a PIN; people are not found by name."""
    try:
        msgspec.convert(staff_id, Uuid)
    except msgspec.ValidationError as error:
        raise CommandRefused(
            f"{staff_id[:80]!r} is no staff id; './tillwire staff list' tells them, for two people may have one name"
        ) from error


def _tell(made: StaffFile, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_plain(msgspec.json.encode(made.member).decode())
        return
    print_plain(f"{sentence}; staff id {made.member.staff_id}, revision {made.member.revision}")


def _asked(prompt: str) -> str:
    try:
        return input(prompt)
    except EOFError as error:
        raise CommandRefused("nobody is there to ask; give --name, and the PIN with --pin-stdin") from error
