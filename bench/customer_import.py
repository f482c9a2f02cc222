"""``customer_import``: 100,000 customers of a Lightspeed file moved in as ``./tillwire customers import`` does it.

The file is written first; then every row is tried, and then every row is taken over, on a hub at work. Once more the
same file, to see what a repetition costs: it must make nobody.
"""

import csv
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bench.people import people
from bench.shop import hub_online
from contracts.customers.loyalty import SetLoyaltyProgramme
from services.hub.commands.customers.moving_in import HowToRead, HowToTake, move_in
from services.hub.keys import administrator_token
from services.hub.persons import Acting

ROWS: Final = 100_000
MOST_SECONDS: Final = 60.0
_GROUPS: Final = ("All Customers", "Regulars", "Trade", "Staff")
_READ: Final = HowToRead(currency="EUR", owed="positive")
_PROGRAMME: Final = SetLoyaltyProgramme(0, on=True, terms_version="1", points_per_unit=Decimal(1))
_TAKE: Final = HowToTake(good_rows=True, make_groups=True, on_duplicate="save_anyway")


async def customer_import() -> dict[str, Any]:
    """How long trying and taking over take together, each by itself, and how long the same again takes."""
    with tempfile.TemporaryDirectory(prefix="tillwire-bench-") as folder:
        file = Path(folder) / "customers.csv"
        write(file, ROWS)
        async with hub_online(f"{folder}/data") as hub:
            person = Acting(hub.client, administrator_token(hub.data, "customer.import"))
            # Nobody could tell what the points of the file are worth, otherwise.
            await hub.client.ask(_PROGRAMME, token=administrator_token(hub.data, "ledger.adjust"))
            began = time.perf_counter()
            tried = await move_in(
                person, file, _READ, HowToTake(dry_run=True, make_groups=True, on_duplicate="save_anyway")
            )
            tried_at = time.perf_counter()
            taken = await move_in(person, file, _READ, _TAKE)
            taken_at = time.perf_counter()
            again = await move_in(person, file, _READ, _TAKE)
            ended = time.perf_counter()
    return {
        "seconds": round(taken_at - began, 1),
        "most_s": MOST_SECONDS,
        "tried_s": round(tried_at - began, 1),
        "taken_s": round(taken_at - tried_at, 1),
        "again_s": round(ended - taken_at, 1),
        "rows": ROWS,
        "would_be_created": tried.counts["created"],
        "created": taken.counts["created"],
        "refused": taken.counts["refused"],
        "unchanged_again": again.counts["unchanged"],
    }


def write(file: Path, count: int) -> None:
    """Write so many customers as Lightspeed exports them."""
    with file.open("w", encoding="utf-8-sig", newline="") as lines:
        writer: Any = None
        for number, each in enumerate(people(count)):
            home = each.addresses[0] if each.addresses else None
            cells = {
                "customer_code": each.codes[0],
                "first_name": each.first_name,
                "last_name": each.last_name,
                "company_name": each.company,
                "customer_group_name": _GROUPS[number % len(_GROUPS)],
                "physical_address1": f"{home.street} {home.house_number}{home.addition}" if home else "",
                "physical_postcode": home.postcode if home else "",
                "physical_city": home.city if home else "",
                "physical_country_id": home.country if home else "",
                "mobile": each.phones[0] if each.phones else "",
                "email": each.emails[0] if each.emails else "",
                "do_not_email": ("yes", "no")[number % 2] if each.emails else "",
                "account_balance": "12.50" if number % 50 == 0 else "0",
                "store_credit_balance": "5.00" if number % 20 == 0 else "",
                "loyalty_balance": "3.10" if number % 10 == 0 else "",
            }
            if writer is None:
                writer = csv.DictWriter(lines, list(cells))
                writer.writeheader()
            writer.writerow(cells)
