"""Backups: a whole copy of one moment, made while commands go on."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from contracts.base import Rejected
from contracts.every_service import BackedUp, BackUp
from services.runtime.database import back_up
from tests.toy import leader
from tests.toy.leader import Count
from tests.under_test import StoreUnderTest

ID = "0198c0de-0000-7000-8000-00000000000a"


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


async def test_a_backup_is_a_whole_copy_of_one_moment_while_commands_go_on(store: StoreUnderTest) -> None:
    running = await store.start(leader.make_leader())
    for _ in range(20):
        await store.send(Count("a"))
    stop = asyncio.Event()

    async def go_on() -> None:
        while not stop.is_set():
            await store.send(Count("a"))

    async def copy_now() -> BackedUp:
        return await (await store.caller("hub")).requester.ask(BackUp(), service="leader")

    busy = asyncio.create_task(go_on())
    made = [await copy_now() for _ in range(5)]
    stop.set()
    await busy

    assert running.writer.journal.head > 20
    for each in made:
        file = store.folder / "backups" / each.file
        assert each.size_bytes == file.stat().st_size
        with opened(file) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
            (head,) = copy.execute("SELECT max(number) FROM journal").fetchone()
            (total,) = copy.execute("SELECT total FROM counter").fetchone()
            (handled,) = copy.execute("SELECT count(*) FROM handled_request WHERE caller = 'till-1'").fetchone()
        assert verdict == "ok"
        assert 20 <= head == total == handled == each.head
    assert len({each.file for each in made}) == 5


async def test_the_same_backup_asked_for_again_is_made_once(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader())
    first = await store.send(BackUp(), service="leader", caller="hub", message_id=ID)
    assert isinstance(first, BackedUp)
    (file,) = (store.folder / "backups").iterdir()
    made_at = file.stat().st_mtime_ns
    await store.send(Count("a"))

    assert await store.send(BackUp(), service="leader", caller="hub", message_id=ID) == first
    assert file.stat().st_mtime_ns == made_at


async def test_a_backup_that_cannot_be_written_is_told_and_leaves_nothing(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader())
    (store.folder / "backups").write_text("a file where the folder should be")

    reply = await store.send(BackUp(), service="leader", caller="hub")

    assert isinstance(reply, Rejected)
    assert [each.name for each in store.folder.glob("*unfinished*")] == []


def test_a_copy_that_is_not_whole_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "damaged.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE much (text)")
        connection.executemany("INSERT INTO much VALUES (?)", [("x" * 500,)] * 200)
        connection.commit()
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xff" * 4096 * 3
    file.write_bytes(content)

    with opened(file) as damaged, pytest.raises(sqlite3.DatabaseError):
        back_up(damaged, tmp_path / "backups" / "copy.sqlite3")

    assert list((tmp_path / "backups").iterdir()) == []
