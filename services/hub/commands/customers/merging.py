"""``customers merge``: two records of one person become one, shown before; within 30 days it is undone."""

import sys
from typing import Annotated, Final, get_args

from cyclopts import Parameter
from rich.table import Table

from contracts.customers import Customer
from contracts.customers.merging import (
    ListMerges,
    MergeCustomers,
    MergeField,
    MergePreview,
    PreviewMerge,
    UndoMerge,
)
from services.hub.commands.customers.finding import meant
from services.hub.persons import ANYBODY, Who, acting
from services.hub.terminal import CommandRefused, console, fitting, plain, print_plain
from services.runtime.ids import RandomIds, is_uuid

PATIENCE_S: Final = 30.0


async def merge_customers(  # noqa: PLR0913 - the arguments of one command
    survivor: Annotated[str, Parameter(help="Who stays: a customer id or code.")],
    loser: Annotated[
        str | None, Parameter(help="Whose record goes into it; left out, the merges that made the survivor are listed.")
    ] = None,
    /,
    *,
    take: Annotated[
        tuple[str, ...], Parameter(negative="", help="Whose detail is kept: FIELD=survivor, loser or both; repeat it.")
    ] = (),
    undo: Annotated[str | None, Parameter(help="Take back the merge of this id instead.")] = None,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask whether that is meant.")] = False,
    who: Who = ANYBODY,
) -> None:
    """Make two customers one, after showing what comes of it; nothing that is owed or owned is lost."""
    taking = _taking(take)
    if undo is not None and (loser is not None or not is_uuid(undo)):
        raise CommandRefused("--undo takes a merge id, as 'customers merge SURVIVOR' lists it, and no second customer")
    if loser is not None and not yes and not sys.stdin.isatty():
        raise CommandRefused("say --yes if that is meant; nothing was merged")
    async with acting(who) as person:
        survivor_id = await meant(person, survivor)
        if undo is not None:
            parted = await person.ask(fitting({"merge_id": undo}, UndoMerge), patience_s=PATIENCE_S)
            print_plain(f"{parted.survivor.customer_id} and {parted.loser.customer_id} are two again")
            return
        if loser is None:
            for each in (await person.ask(ListMerges(survivor_id))).merges:
                end = f"undone {each.undone_at}" if each.undone_at else f"can be undone until {each.undo_until}"
                print_plain(f"{each.merge_id}  {each.loser_id}  {each.merged_at}  {end}")
            return
        loser_id = await meant(person, loser)
        both = {"survivor_id": survivor_id, "loser_id": loser_id, "take": taking}
        preview = await person.ask(fitting(both, PreviewMerge), patience_s=PATIENCE_S)
        if not yes:
            console(errors=True).print(_table(preview))
            console(errors=True).print("Merge? Type yes: ", end="")
            if sys.stdin.readline().strip() != "yes":
                raise CommandRefused("nothing was merged")
        revisions = {"survivor_revision": preview.survivor.revision, "loser_revision": preview.loser.revision}
        merge_id = RandomIds().new()
        command = fitting({"merge_id": merge_id, **both, **revisions}, MergeCustomers)
        merged = await person.ask(command, patience_s=PATIENCE_S)
    print_plain(f"{loser_id} stands for {merged.customer_id} from now on; merge id {merge_id}, for --undo")


def _taking(given: tuple[str, ...]) -> dict[str, str]:
    taking = {}
    for each in given:
        field, mark, whose = each.partition("=")
        if not mark or field not in get_args(MergeField):
            raise CommandRefused(f"--take {each[:80]!r}: FIELD=survivor; there are {', '.join(get_args(MergeField))}")
        taking[field] = whose
    return taking


def _table(preview: MergePreview) -> Table:
    table = Table("detail", "survivor", "loser", "comes of it")
    for each in preview.differing:
        table.add_row(
            each.field,
            *(plain(_said(record, each.field)) for record in (preview.survivor, preview.loser, preview.result)),
        )
    return table


def _said(record: Customer, field: str) -> str:
    value = getattr(record, field)
    if isinstance(value, tuple):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)
