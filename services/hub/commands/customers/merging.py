"""``customers merge``: two records of one person become one, shown before; within 30 days it is undone."""

import sys
from typing import Annotated, Final, get_args

from cyclopts import Parameter
from rich.table import Table

from contracts.customers.merging import (
    ListMerges,
    MergeCustomers,
    MergeField,
    MergePreview,
    PreviewMerge,
    UndoMerge,
)
from contracts.customers.profile import Balances
from contracts.ids import CurrencyCode, CustomerId
from services.hub.commands.customers.finding import meant
from services.hub.commands.customers.money import store_currency
from services.hub.persons import ANYBODY, Acting, Who, acting
from services.hub.report_files import amount_text, places_of
from services.hub.terminal import CommandRefused, console, fitting, plain, print_plain
from services.runtime.ids import RandomIds, is_uuid

PATIENCE_S: Final = 30.0
POINTS: Final = "loyalty_points"
"""The one balance that is no money."""


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
    undo: Annotated[str | None, Parameter(help="Take back the survivor's merge of this id instead.")] = None,
    dry_run: Annotated[bool, Parameter(negative="", help="Show what would come of it, and merge nothing.")] = False,
    yes: Annotated[bool, Parameter(negative="", help="Do not ask whether that is meant.")] = False,
    who: Who = ANYBODY,
) -> None:
    """Make two customers one, after showing what comes of it; nothing that is owed or owned is lost."""
    taking = _taking(take)
    if undo is not None and (loser is not None or not is_uuid(undo)):
        raise CommandRefused("--undo takes a merge id, as 'customers merge SURVIVOR' lists it, and no second customer")
    if dry_run and loser is None:
        raise CommandRefused("--dry-run shows what a merge would make of two customers; name both")
    currency = store_currency(who)
    async with acting(who) as person:
        survivor_id = await meant(person, survivor)
        if loser is None:
            await _made(person, survivor_id, undo)
            return
        both = {"survivor_id": survivor_id, "loser_id": await meant(person, loser), "take": taking}
        preview = await person.ask(fitting(both, PreviewMerge), patience_s=PATIENCE_S)
        console(errors=not dry_run).print(_table(preview, currency))
        if dry_run:
            return
        if not yes:
            _let_confirm()
        revisions = {"survivor_revision": preview.survivor.revision, "loser_revision": preview.loser.revision}
        merge_id = RandomIds().new()
        command = fitting({"merge_id": merge_id, **both, **revisions}, MergeCustomers)
        merged = await person.ask(command, patience_s=PATIENCE_S)
    print_plain(f"{both['loser_id']} stands for {merged.customer_id} from now on; merge id {merge_id}, for --undo")


async def _made(person: Acting, survivor_id: CustomerId, undo: str | None) -> None:
    """List the merges that made a customer, or take one of them back."""
    merges = (await person.ask(ListMerges(survivor_id))).merges
    if undo is None:
        if not merges:
            print_plain(f"no merge made {survivor_id}")
        for each in merges:
            end = f"undone {each.undone_at}" if each.undone_at else f"can be undone until {each.undo_until}"
            print_plain(f"{each.merge_id}  {each.loser_id}  {each.merged_at}  {end}")
        return
    if undo not in {each.merge_id for each in merges}:
        raise CommandRefused(f"no merge {undo} made {survivor_id}; 'customers merge SURVIVOR' lists those that did")
    parted = await person.ask(fitting({"merge_id": undo}, UndoMerge), patience_s=PATIENCE_S)
    print_plain(f"{parted.survivor.customer_id} and {parted.loser.customer_id} are two again")


def _let_confirm() -> None:
    if not sys.stdin.isatty():
        raise CommandRefused("say --yes if that is meant; nothing was merged")
    console(errors=True).print("Merge? Type yes: ", end="")
    if sys.stdin.readline().strip() != "yes":
        raise CommandRefused("nothing was merged")


def _taking(given: tuple[str, ...]) -> dict[str, str]:
    taking = {}
    for each in given:
        field, mark, whose = each.partition("=")
        if not mark or field not in get_args(MergeField):
            raise CommandRefused(f"--take {each[:80]!r}: FIELD=survivor; there are {', '.join(get_args(MergeField))}")
        taking[field] = whose
    return taking


def _table(preview: MergePreview, currency: CurrencyCode) -> Table:
    """All that the two do not have alike, with what both have and owe."""
    table = Table("detail", "survivor", "loser", "comes of it")
    records = (preview.survivor, preview.loser, preview.result)
    for field in (*(each.field for each in preview.differing), "codes", "blocked_codes"):
        if any(getattr(record, field) for record in records):
            table.add_row(field, *(plain(_said(getattr(record, field))) for record in records))
    balances = (preview.survivor.balances or Balances(), preview.loser.balances or Balances(), preview.balances)
    for name in Balances.__struct_fields__:
        amounts = [getattr(each, name) for each in balances]
        if any(amounts) or None in amounts:
            table.add_row(name, *(_balance(name, amount, currency) for amount in amounts))
    if preview.refusals:
        table.add_row("addresses refused", "", "", str(preview.refusals))
    return table


def _balance(name: str, amount: int | None, currency: CurrencyCode) -> str:
    if amount is None:
        return "no limit"
    return str(amount) if name == POINTS else f"{amount_text(amount, places_of(currency))} {currency}"


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)
