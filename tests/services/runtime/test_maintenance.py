"""What is past its days is forgotten, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select

from services.runtime import tables
from services.runtime.clock import stamp
from services.runtime.maintenance import forget_old
from services.runtime.settings import RuntimeSettings
from tests.toy import leader
from tests.under_test import StoreUnderTest

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SETTINGS = RuntimeSettings(service="leader", store="test-store", data=Path())
HANDLED = {"caller": "till-1", "digest": b"", "outcome": "result"}
FAILED = {"caller": "till-1", "name": "count", "payload": b"{}", "fault": "bug"}
FOLLOWED = {"follower": "notes", "epoch": 1}


@pytest.mark.parametrize(
    ("table", "days", "row"),
    [
        (tables.handled_request, SETTINGS.handled_days, HANDLED),
        (tables.failed_request, SETTINGS.failed_days, FAILED),
        (tables.followed_event, SETTINGS.followed_days, FOLLOWED),
        (tables.journal, SETTINGS.journal_days, {"epoch": 1, "name": "moved", "payload": b"{}"}),
    ],
)
async def test_what_is_past_its_days_is_forgotten(
    store: StoreUnderTest, table: Table, days: int, row: dict[str, Any]
) -> None:
    key, column = "event_id" if "event_id" in table.c else "id", "at" if "at" in table.c else "time"
    running = await store.start(leader.make_leader())
    ages = {"past": timedelta(days=days, seconds=1), "last day": timedelta(days=days, seconds=-1), "new": timedelta()}
    rows = [
        {**row, key: name, column: stamp(NOW - age)} | ({"number": place} if "number" in table.c else {})
        for place, (name, age) in enumerate(ages.items(), 1)
    ]
    await running.writer.run(lambda scope: scope.connection.execute(insert(table), rows) and None)

    await running.writer.run(lambda scope: forget_old(scope, SETTINGS, NOW, journal_below=100))

    kept = await store.read("leader", lambda connection: connection.execute(select(table.c[key])).scalars().all())
    assert sorted(kept) == ["last day", "new"]


async def test_what_a_follower_still_needs_stays_however_old(store: StoreUnderTest) -> None:
    running = await store.start(leader.make_leader())
    rows = [
        {"epoch": 1, "name": "moved", "payload": b"{}", "number": number, "event_id": str(number), "time": "2001"}
        for number in range(1, 6)
    ]
    await running.writer.run(lambda scope: scope.connection.execute(insert(tables.journal), rows) and None)

    await running.writer.run(lambda scope: forget_old(scope, SETTINGS, NOW, journal_below=3))

    kept = await store.read(
        "leader", lambda connection: connection.execute(select(tables.journal.c.number)).scalars().all()
    )
    assert kept == [3, 4, 5]
