"""``customer_search``: a million customers looked for as somebody types, over the bus of a hub at work.

Each of a few hundred customers is looked for in one way: by name in either order, code, email, phone or home, one
letter more at a time from the second on. Once while nothing else happens, and once while 20 customers a second are
put on file. The whole is asked as a register asks it: the round trip over the broker is in the figures, and what a
raw one took before and after stands beside them.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from bench.measure import figures_ms
from bench.people import SEED, people
from bench.round_trip import round_trips
from bench.shop import hub_online
from contracts.customers import CreateCustomer, Customer
from contracts.customers.asking import HistoryEntry, SearchCustomers
from contracts.ids import CurrencyCode, CustomerId, ReceiptNumber, SaleId
from services.customers import service
from services.customers.store.customers import CustomerStore
from services.customers.store.history import HistoryStore
from services.hub.client import Client
from services.hub.keys import administrator_token
from services.hub.supervisor import Hub
from services.runtime.clock import stamp
from services.runtime.ids import RandomIds, derived
from services.runtime.migrate import chains, migrate

CUSTOMERS: Final = 1_000_000
AT_ONCE: Final = 50_000
LOOKED_FOR: Final = 250
WARM_UP: Final = 20
CREATED_A_SECOND: Final = 20
MOST_P99_MS: Final = 20.0
RAW: Final = 300
SALES: Final = 400
"""Sales of customers who were in the shop lately, so that there is somebody who is seen first."""
FILLED_AT: Final = datetime(2026, 3, 1, tzinfo=UTC)
_MANY_NAMESAKES: Final = 15
"""With fewer people of that name than these, the whole name is specific: its bearer must be among the hits."""


class Wish(NamedTuple):
    """Whom somebody looks for, and what they type."""

    customer_id: CustomerId
    text: str


async def customer_search() -> dict[str, Any]:
    """The times of all searches, and how often the customer who was meant was found by what is specific."""
    with tempfile.TemporaryDirectory(prefix="tillwire-bench-") as folder:
        began = time.perf_counter()
        wishes = fill(Path(folder), CUSTOMERS)
        filled_s = time.perf_counter() - began
        raw = await round_trips(RAW)
        async with hub_online(folder) as hub:
            token = administrator_token(hub.data, "customer.view", "customer.edit", "customer.details")
            await _look_for_all(hub.client, token, wishes[:WARM_UP])
            alone, found = await _look_for_all(hub.client, token, wishes[WARM_UP:])
            async with _being_created(hub, token) as created:
                busy, found_meanwhile = await _look_for_all(hub.client, token, wishes[WARM_UP:])
        raw += await round_trips(RAW)
    return {
        **figures_ms(alone),
        "hit_rate": _rate(found),
        "most_p99_ms": MOST_P99_MS,
        "with_creates": {**figures_ms(busy), "hit_rate": _rate(found_meanwhile), "created": len(created)},
        "raw": figures_ms(raw),
        "customers": CUSTOMERS,
        "n": len(alone),
        "filled_s": round(filled_s, 1),
    }


def fill(folder: Path, count: int) -> list[Wish]:
    """Put so many customers into a folder's database; returns some of them with what somebody types to find them."""
    file = folder / "customers.sqlite3"
    migrate(file, chains("customers", Path(service.__file__).parent / "migrations"))

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        # Nobody needs what a crash would leave of this file.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1500000", "locking_mode=EXCLUSIVE"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN"))
    chosen: list[Customer] = []
    names: dict[str, int] = {}
    every = max(1, count // LOOKED_FOR)
    with engine.begin() as connection:
        store = CustomerStore(connection)
        everybody = people(count)
        number = 0
        while piece := list(islice(everybody, AT_ONCE)):
            store.add_many(((each, b"") for each in piece), FILLED_AT)
            for each in piece:
                names[_name(each)] = names.get(_name(each), 0) + 1
                if number % every == every // 2:
                    chosen.append(each)
                number += 1
        _sell(HistoryStore(connection), count)
    engine.dispose()
    chance = Random(SEED)  # noqa: S311 - the same in every run
    return [Wish(each.customer_id, chance.choice(_texts(each, names[_name(each)]))) for each in chosen]


def _sell(history: HistoryStore, count: int) -> None:
    """Let some of the customers have bought something, a minute after one another."""
    buyers = list(people(min(count, SALES * 5)))[::5]
    for number, each in enumerate(buyers):
        sale_id = SaleId(derived(each.customer_id, "sale"))
        at = stamp(FILLED_AT + timedelta(minutes=number))
        history.put(
            each.customer_id,
            HistoryEntry("sale", sale_id, ReceiptNumber(f"1-{number}"), at, 1000, CurrencyCode("EUR")),
        )


async def _look_for_all(client: Client, token: str, wishes: Sequence[Wish]) -> tuple[list[float], list[bool]]:
    times: list[float] = []
    found: list[bool] = []
    for wish in wishes:
        hits: set[str] = set()
        for typed in _letter_by_letter(wish.text):
            began = time.perf_counter()
            reply = await client.ask(SearchCustomers(typed), token=token)
            times.append(time.perf_counter() - began)
            hits = {hit.customer.customer_id for hit in reply.hits}
        found.append(wish.customer_id in hits)
    return times, found


@asynccontextmanager
async def _being_created(hub: Hub, token: str) -> AsyncIterator[list[CustomerId]]:
    """Customers are put on file at a steady pace meanwhile."""
    created: list[CustomerId] = []

    async def create() -> None:
        ids, begun = RandomIds(), time.perf_counter()
        for number, each in enumerate(people(CUSTOMERS, SEED + 1, CUSTOMERS)):
            await asyncio.sleep(max(0.0, begun + number / CREATED_A_SECOND - time.perf_counter()))
            new = CreateCustomer(
                CustomerId(ids.new()),
                first_name=each.first_name,
                last_name=each.last_name,
                emails=each.emails,
                addresses=each.addresses,
                save_anyway="different_person",
            )
            await hub.client.ask(new, token=token)
            created.append(new.customer_id)

    creating = asyncio.create_task(create())
    try:
        yield created
    finally:
        creating.cancel()
        await asyncio.gather(creating, return_exceptions=True)


def _letter_by_letter(text: str) -> Iterator[str]:
    return (text[:length] for length in range(2, len(text) + 1))


def _texts(customer: Customer, namesakes: int) -> list[str]:
    """Everything that somebody may type to find a customer, specific once it is whole."""
    texts = [customer.codes[0]]
    texts += [customer.emails[0]] if customer.emails else []
    if customer.phones:
        texts += [customer.phones[0], customer.phones[0][-8:]]
    if customer.addresses:
        home = customer.addresses[0]
        texts.append(f"{home.postcode} {home.house_number}{home.addition}")
    if namesakes < _MANY_NAMESAKES:
        first, last = customer.first_name, customer.last_name
        texts += [f"{first} {last}", f"{last} {first}", f"{first} {last}".upper()] * 2
    return texts


def _name(customer: Customer) -> str:
    return f"{customer.first_name} {customer.last_name}"


def _rate(found: Sequence[bool]) -> float:
    return round(sum(found) / len(found), 4)
