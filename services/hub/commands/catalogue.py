"""``items``: what the shop sells, from a CSV file into checkout."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from contracts.checkout.catalogue import GetItem, Item, ItemsPut, PutItems
from services.hub.client import Client
from services.hub.terminal import CommandRefused, DataFolder, as_hub, data_folder, print_plain

ITEMS_AT_ONCE = 200
PUT_PATIENCE_S = 30.0


async def import_items(
    file: Annotated[Path | None, Parameter(help="A CSV file; the sample catalogue if left out.")] = None,
    *,
    data: DataFolder = None,
) -> None:
    """Create or change the items of a CSV file.

    Columns: code, name, kind, tax_class, prices, and if wanted barcodes, category, tags, linked, minimum_age.
    """
    async with as_hub(data_folder(data)) as (_, client):
        taken = await fill(client, file)
    print_plain(f"{taken.created} items created, {taken.changed} changed, {taken.unchanged} as they were")


async def show_items(
    code: Annotated[str, Parameter(help="An item's code or one of its barcodes.")], *, data: DataFolder = None
) -> None:
    """Print one item as JSON."""
    async with as_hub(data_folder(data)) as (_, client):
        found = await client.ask(GetItem(code))
    print_plain(msgspec.json.format(msgspec.json.encode(found.item)).decode())


async def fill(client: Client, file: Path | None) -> ItemsPut:
    """Send the items of a CSV file to checkout, 200 at a time; None is the sample catalogue.

    Raises:
        CommandRefused: the file cannot be read; the sentence names row, field and rule.
        Refused: checkout did not take an item over; those of earlier messages stay.
        NoAnswer: checkout is away.
    """
    items = _read(file)
    put = [
        await client.ask(PutItems(tuple(items[first : first + ITEMS_AT_ONCE])), patience_s=PUT_PATIENCE_S)
        for first in range(0, len(items), ITEMS_AT_ONCE)
    ]
    return ItemsPut(
        created=sum(each.created for each in put),
        changed=sum(each.changed for each in put),
        unchanged=sum(each.unchanged for each in put),
    )


def _read(file: Path | None) -> list[Item]:
    # Imported here: only this command needs the CSV reader.
    from services.checkout.catalogue.items import SAMPLE_ITEMS, items_from_csv  # noqa: PLC0415
    from services.checkout.catalogue.rows import CsvRefused  # noqa: PLC0415

    try:
        with (file or SAMPLE_ITEMS).open(encoding="utf-8", newline="") as lines:
            items = items_from_csv(lines)
    except CsvRefused as error:
        raise CommandRefused(f"{file}: {error}; nothing was taken over") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CommandRefused(f"{file} cannot be read: {error}") from error
    # An item may name others that are charged along with it; those are sent first.
    return sorted(items, key=lambda item: bool(item.linked))
