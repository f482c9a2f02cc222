"""``what_if``: draft settings tried on 100,000 decisions that policy kept, asked over the bus of a hub at work."""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from bench.measure import percentile_ms
from bench.rules import KINDS, REGISTER, TAGS, TENDERS, moderate
from bench.shop import hub_online
from contracts.checkout.decided import CheckoutDecided, DecidedCustomer
from contracts.customers import GroupId
from contracts.ids import Day, DecisionId, RegisterId, SaleId, StaffId
from contracts.policy.reporting import WhatIf
from services.hub import logins
from services.hub.keys import administrator_token
from services.policy import service
from services.policy.store.decisions import DecisionStore
from services.policy.store.tables import decision
from services.runtime.clock import stamp
from services.runtime.database import open_writer
from services.runtime.ids import RandomIds
from services.runtime.migrate import chains, migrate

DECISIONS: Final = 100_000
DIFFERENT: Final = 2_000
"""So many are kept by policy's own store; the others are copies at other times, of other sales and totals."""
DAYS: Final = 28
OVERRIDES: Final = 50
ASKED: Final = 5
PATIENCE_S: Final = 30.0
MOST_S: Final = 3.0
REGISTERS: Final = 16
SEED: Final = 28


async def what_if() -> dict[str, Any]:
    """The time from the question to the report, the slowest of five."""
    with tempfile.TemporaryDirectory(prefix="tillwire-bench-") as folder:
        _fill(Path(folder))
        async with hub_online(folder) as hub:
            token = administrator_token(hub.data, "policy.edit")
            times = []
            for _ in range(ASKED):
                began = time.perf_counter()
                report = await hub.client.ask(
                    WhatIf(moderate(OVERRIDES), DAYS), token=token, patience_s=PATIENCE_S, attempts=1
                )
                times.append(time.perf_counter() - began)
                if report.sales != DECISIONS:
                    raise RuntimeError(f"{DECISIONS} sales were checked, {report.sales} were tried")
    return {
        "seconds": round(max(times), 3),
        "p50_s": round(percentile_ms(times, 50) / 1000, 3),
        "most_s": MOST_S,
        "decisions": DECISIONS,
        "n": ASKED,
    }


def _fill(data: Path) -> None:
    """Make policy's database as it is after four weeks, and the register that the draft names."""
    logins.ensure_logins(data)
    logins.make_login(data, REGISTER, "register")
    file = data / "policy.sqlite3"
    migrate(file, chains("policy", Path(service.__file__).parent / "migrations"))
    writer = open_writer(file)
    with writer.begin() as connection:
        _keep(connection)
    writer.dispose()


def _keep(connection: Connection) -> None:
    chance, ids, now = Random(SEED), RandomIds(), datetime.now(UTC)  # noqa: S311 - no secrets
    store = DecisionStore(connection)
    for number in range(DIFFERENT):
        store.keep(_decided(chance, ids, now), number)
    kept = [dict(row) for row in connection.execute(select(decision)).mappings()]
    copies = [
        {
            **chance.choice(kept),
            "decision_id": ids.new(),
            "sale_id": ids.new(),
            "decided_at": stamp(_some_time(chance, now)),
            "total": _total(chance),
            "hour": _hour(chance),
            "journal_number": number,
        }
        for number in range(DIFFERENT, DECISIONS)
    ]
    connection.execute(insert(decision), copies)


def _decided(chance: Random, ids: RandomIds, now: datetime) -> CheckoutDecided:
    at = _some_time(chance, now)
    yes_or_no = (True, False)
    first_name, last_name, email, phone = (chance.choice(yes_or_no) for _ in range(4))
    customer = DecidedCustomer(first_name, last_name, email, phone, placeholder=False, group=GroupId("all"))
    return CheckoutDecided(
        decision_id=DecisionId(ids.new()),
        sale_id=SaleId(ids.new()),
        register=RegisterId(f"till-{chance.randint(1, REGISTERS)}"),
        staff_id=StaffId(ids.new()),
        decided_at=stamp(at),
        settings_revision=0,
        outcome="proceed",
        items=(),
        tender_kind=chance.choice((None, *TENDERS)),
        total=_total(chance),
        transaction_kind=chance.choice((*KINDS, "return")),
        business_day=Day(f"{at:%Y-%m-%d}"),
        hour=_hour(chance),
        goods_lines=5,
        unattributed_lines=chance.choice((0, 0, 5)),
        signed_on=True,
        item_tags=tuple(tag for tag in TAGS if chance.choice(yes_or_no)),
        customer=chance.choice((None, customer)),
    )


def _some_time(chance: Random, now: datetime) -> datetime:
    return now - timedelta(minutes=chance.randint(60, (DAYS - 1) * 24 * 60))


def _total(chance: Random) -> int:
    return chance.randint(100, 60_000)


def _hour(chance: Random) -> int:
    return chance.randint(8, 20)
