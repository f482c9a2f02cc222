"""``staff``: the first owner, and who works here. A PIN is never taken from the command line's arguments."""

import sys
from getpass import getpass
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.table import Table

from contracts.ids import StaffId
from contracts.staff import AddOwner, ListStaff
from services.hub.terminal import AsJson, CommandRefused, DataFolder, as_hub, console, data_folder, print_plain
from services.runtime.ids import RandomIds


async def add_owner_staff(
    *,
    name: Annotated[str | None, Parameter(help="The owner's name; asked for if left out.")] = None,
    pin_stdin: Annotated[bool, Parameter(negative="", help="Read the PIN from standard input.")] = False,
    badge: Annotated[str | None, Parameter(help="What the owner's badge reads as.")] = None,
    data: DataFolder = None,
) -> None:
    """Put the first owner on the staff list; an owner adds everybody else."""
    async with as_hub(data_folder(data)) as (_, client):
        command = _command(name if name is not None else _asked("Name: "), _pin(from_stdin=pin_stdin), badge)
        made = await client.ask(command, patience_s=15)
    print_plain(f"{made.member.name} is the owner and may sign on; staff id {made.member.staff_id}")


async def list_staff(*, data: DataFolder = None, as_json: AsJson = False) -> None:
    """List who works here."""
    async with as_hub(data_folder(data)) as (_, client):
        listed = await client.ask(ListStaff(active_only=False))
    if as_json:
        print_plain(msgspec.json.encode(listed.staff).decode())
        return
    table = Table("name", "role", "active", "staff id")
    for member in listed.staff:
        table.add_row(member.name, member.role, "yes" if member.active else "no", member.staff_id)
    console().print(table)


def _command(name: str, pin: str, badge: str | None) -> AddOwner:
    """The command, checked against the contract before it is sent.

    Raises:
        CommandRefused: a value does not fit; the sentence names the field and never the PIN.
    """
    fields = {"staff_id": StaffId(RandomIds().new()), "name": name, "pin": pin, "badge": badge}
    try:
        return msgspec.convert(fields, AddOwner)
    except msgspec.ValidationError as error:
        if "`$.pin`" in str(error):
            raise CommandRefused("a PIN is 4 to 8 digits") from None
        raise CommandRefused(str(error)) from error


def _asked(prompt: str) -> str:
    try:
        return input(prompt)
    except EOFError as error:
        raise CommandRefused("nobody is there to ask; give --name, and the PIN with --pin-stdin") from error


def _pin(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().strip()
    if not sys.stdin.isatty():
        raise CommandRefused("nobody is there to ask for the PIN; give it with --pin-stdin")
    pin = getpass("PIN (4 to 8 digits): ")
    if getpass("The PIN again: ") != pin:
        raise CommandRefused("the two PINs differ; nothing was done")
    return pin
