"""The writer: what waits together shares a commit, not a fate; a database that cannot keep it changes nothing."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Connection, insert

from services.runtime.ids import RandomIds
from services.runtime.journal import Entry
from services.runtime.migrate import chains
from services.runtime.requester import NoAnswer
from services.runtime.seams import Seams
from services.runtime.settings import RuntimeSettings
from services.runtime.writer import MOST_IN_A_BATCH, DatabaseFault, Scope, Writer, _driver
from tests.toy import leader
from tests.toy.leader import Count, Counted, CounterMoved, GetCounter
from tests.under_test import StoreUnderTest, lay_database

AT = "2026-11-22T08:00:00.000000Z"
ROOT = Path(__file__).parents[3]


class Told:
    """A writer on a real file, and what it gave out to be published."""

    def __init__(self, folder: Path) -> None:
        self.published: list[Entry] = []
        settings = RuntimeSettings(service="leader", store="test-store", data=folder)
        self.file = settings.database_file
        lay_database(self.file, chains("leader", leader.make_leader().migrations))
        self.writer = Writer(settings, loop=asyncio.get_running_loop(), publish=self.published.extend, seams=Seams())
        self.statements: list[str] = []
        _driver(self.writer.connection).set_trace_callback(self.statements.append)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let whatever is submitted meanwhile wait, and be taken together."""
        gate, reached = threading.Event(), threading.Event()

        def wait(_scope: Scope) -> None:
            reached.set()
            gate.wait(15)

        self.writer.submit(wait, lambda _answer, _error: None)
        assert reached.wait(15)
        try:
            yield
        finally:
            gate.set()

    def rows(self) -> list[tuple[str, int]]:
        with sqlite3.connect(self.file) as connection:
            rows = connection.execute("SELECT name, total FROM counter ORDER BY name").fetchall()
        connection.close()
        return rows

    def numbers(self) -> list[int]:
        with sqlite3.connect(self.file) as connection:
            rows = connection.execute("SELECT number FROM journal ORDER BY number").fetchall()
        connection.close()
        return [number for (number,) in rows]


@pytest_asyncio.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    told = Told(tmp_path)
    told.writer.start()
    yield told
    await told.writer.finish()
    told.writer.close()


class Job:
    """Adds a counter and records that it did."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name = name
        self.error = error

    def __call__(self, scope: Scope) -> str:
        scope.connection.execute(insert(leader.counter_table).values(name=self.name, total=1))
        scope.recorded.append(scope.journal.entry(CounterMoved(self.name, 1, 1), RandomIds().new(), AT))
        if self.error is not None:
            raise self.error
        return self.name


async def test_what_waits_together_shares_one_commit(told: Told) -> None:
    with told.held():
        waiting = [asyncio.create_task(told.writer.run(Job(f"c{number}"))) for number in range(8)]
        await asyncio.sleep(0)
        told.statements.clear()

    assert await asyncio.gather(*waiting) == [f"c{number}" for number in range(8)]
    assert told.statements.count("COMMIT") == 2, "one for the job that held the others, one for all of them"
    assert len(told.rows()) == 8


async def test_a_batch_has_a_bound(told: Told) -> None:
    with told.held():
        waiting = [asyncio.create_task(told.writer.run(Job(f"c{number}"))) for number in range(MOST_IN_A_BATCH + 1)]
        await asyncio.sleep(0)
        told.statements.clear()

    await asyncio.gather(*waiting)
    assert told.statements.count("COMMIT") == 3


async def test_a_job_that_raises_loses_only_its_own_changes_and_numbers(told: Told) -> None:
    effects: list[str] = []

    with told.held():
        jobs = [Noting(Job(name, ZeroDivisionError() if name in "bd" else None), effects) for name in "abcde"]
        waiting = [asyncio.create_task(told.writer.run(job)) for job in jobs]
        await asyncio.sleep(0)

    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in results] == [str, ZeroDivisionError, str, ZeroDivisionError, str]
    assert told.rows() == [("a", 1), ("c", 1), ("e", 1)]
    assert told.numbers() == [entry.number for entry in told.published] == [1, 2, 3]
    assert effects == ["a", "c", "e"]
    assert told.writer.journal.head == 3


class Noting:
    """A job with an effect after the commit."""

    def __init__(self, job: Job, effects: list[str]) -> None:
        self.job = job
        self.effects = effects

    def __call__(self, scope: Scope) -> str:
        scope.effects.append(lambda: self.effects.append(self.job.name))
        return self.job(scope)


async def test_a_broken_constraint_is_the_jobs_own_fault(told: Told) -> None:
    await told.writer.run(Job("a"))
    with told.held():
        waiting = [asyncio.create_task(told.writer.run(Job(name))) for name in ("a", "b")]
        await asyncio.sleep(0)

    twice, other = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(twice, Exception)
    assert not isinstance(twice, DatabaseFault)
    assert other == "b"
    assert told.numbers() == [1, 2]


async def test_an_epoch_that_was_not_kept_was_not_opened(told: Told) -> None:
    def open_epoch_and_fail(scope: Scope) -> None:
        scope.journal.open_epoch(scope.connection, "diverged", AT)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await told.writer.run(open_epoch_and_fail)

    assert told.writer.journal.epoch == 1
    await told.writer.run(Job("a"))
    assert [entry.epoch for entry in told.published] == [1]


async def test_a_bug_after_the_commit_keeps_nobody_from_an_answer(told: Told) -> None:
    bugs: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: bugs.append(context["exception"]))

    def stumble() -> None:
        raise ZeroDivisionError

    def stumbling(scope: Scope) -> str:
        scope.effects.append(stumble)
        return "kept"

    with told.held():
        waiting = [asyncio.create_task(told.writer.run(job)) for job in (stumbling, Job("b"))]
        await asyncio.sleep(0)

    assert await asyncio.gather(*waiting) == ["kept", "b"]
    assert [type(bug) for bug in bugs] == [ZeroDivisionError]


async def test_a_finished_writer_has_done_all_that_waited(tmp_path: Path) -> None:
    told = Told(tmp_path)
    waiting = [asyncio.create_task(told.writer.run(Job(name))) for name in "abc"]
    await asyncio.sleep(0)
    told.writer.start()

    await told.writer.finish()

    assert await asyncio.gather(*waiting) == ["a", "b", "c"]
    told.writer.close()
    assert len(told.rows()) == 3


async def test_a_full_disk_is_told_changes_nothing_and_is_over_when_there_is_space(told: Told) -> None:
    driver = _driver(told.writer.connection)
    (pages,) = driver.execute("PRAGMA page_count").fetchone()
    driver.execute(f"PRAGMA max_page_count = {pages}")

    def much(scope: Scope) -> None:
        Job("much")(scope)
        scope.journal.open_epoch(scope.connection, "restored", AT)
        for number in range(200):
            scope.connection.execute(insert(leader.counter_table).values(name=f"{number}" + "x" * 1000, total=1))

    with told.held():
        waiting = [asyncio.create_task(told.writer.run(job)) for job in (Job("little"), much)]
        await asyncio.sleep(0)
    faults = await asyncio.gather(*waiting, return_exceptions=True)

    assert [(type(fault), str(fault)) for fault in faults] == [(DatabaseFault, "SQLITE_FULL")] * 2
    assert (told.rows(), told.numbers(), told.published) == ([], [], [])
    assert (told.writer.journal.epoch, told.writer.journal.head) == (1, 0)
    driver.execute("PRAGMA max_page_count = 1000000")
    assert await told.writer.run(Job("little")) == "little"
    assert told.numbers() == [1]


async def test_a_service_with_a_full_disk_is_unavailable_until_there_is_space(store: StoreUnderTest) -> None:
    running = await store.start(leader.make_leader())
    driver = _driver(running.writer.connection)
    (pages,) = driver.execute("PRAGMA page_count").fetchone()
    driver.execute(f"PRAGMA max_page_count = {pages}")
    requester = (await store.caller("till-1")).requester
    refused: list[NoAnswer] = []

    async def fill() -> tuple[int, str]:
        """Count until it is refused; the number and the id of the one that was."""
        for number in count():
            message_id = RandomIds().new()
            try:
                await requester.ask(Count(f"c{number}"), message_id=message_id, attempts=1)
            except NoAnswer as silence:
                refused.append(silence)
                return number, message_id
        raise AssertionError

    number, message_id = await fill()

    (silence,) = refused
    assert silence.last is not None
    assert (silence.last.code, silence.last.details) == ("unavailable", {"reason": "database"})
    assert await store.send(GetCounter(f"c{number}")) == Counted(f"c{number}", 0)
    assert running.writer.journal.head == number
    driver.execute("PRAGMA max_page_count = 1000000")
    assert await store.send(Count(f"c{number}"), message_id=message_id) == Counted(f"c{number}", 1)


async def test_a_service_whose_database_became_read_only_is_unavailable(store: StoreUnderTest) -> None:
    running = await store.start(leader.make_leader())
    _driver(running.writer.connection).execute("PRAGMA query_only = ON")
    requester = (await store.caller("till-1")).requester

    with pytest.raises(NoAnswer) as silence:
        await requester.ask(Count("a"), attempts=1)

    assert silence.value.last is not None
    assert silence.value.last.code == "unavailable"


OPEN = """\
import asyncio, sys
from pathlib import Path
from services.runtime.seams import Seams
from services.runtime.settings import RuntimeSettings
from services.runtime.writer import DatabaseFault, Writer

async def main():
    settings = RuntimeSettings(service="leader", store="test-store", data=Path(sys.argv[1]))
    try:
        Writer(settings, loop=asyncio.get_running_loop(), publish=print, seams=Seams())
    except DatabaseFault as fault:
        print(fault)

asyncio.run(main())
"""


def unprivileged() -> list[str]:
    """Runs a program whom file modes bind, also where the tests are root's."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    assert setpriv is not None
    return [setpriv, "--inh-caps=-all", "--bounding-set=-all", "--"]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_database_is_a_clear_fault_at_the_start(tmp_path: Path, what: str) -> None:
    file = tmp_path / "leader.sqlite3"
    lay_database(file, chains("leader", leader.make_leader().migrations))
    locked = file if what == "file" else tmp_path
    locked.chmod(0o444 if what == "file" else 0o555)
    try:
        said = subprocess.run(
            [*unprivileged(), sys.executable, "-c", OPEN, str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        locked.chmod(0o755)

    assert said.stdout.startswith(f"{file} cannot be written: SQLITE_"), said.stdout
    assert said.stderr == ""


async def test_a_commit_waits_until_the_disk_has_it(told: Told) -> None:
    """In WAL a power cut undoes no commit where ``synchronous`` is 2, FULL (sqlite.org/pragma.html)."""
    driver = _driver(told.writer.connection)

    set_up = [driver.execute(f"PRAGMA {name}").fetchone() for name in ("journal_mode", "synchronous")]

    assert set_up == [("wal",), (2,)]


async def test_a_missing_database_is_a_clear_fault_at_the_start(tmp_path: Path) -> None:
    settings = RuntimeSettings(service="leader", store="test-store", data=tmp_path)

    with pytest.raises(DatabaseFault, match=r"leader\.sqlite3 cannot be written: SQLITE_CANTOPEN"):
        Writer(settings, loop=asyncio.get_running_loop(), publish=lambda _entries: None, seams=Seams())


async def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "shop #1 100%25 ?a=b & c"
    folder.mkdir()
    told = Told(folder)
    told.writer.start()

    await told.writer.run(Job("a"))

    await told.writer.finish()
    told.writer.close()
    assert [each.name for each in folder.iterdir()] == ["leader.sqlite3"]


async def test_reading_does_not_wait_for_the_writer(store: StoreUnderTest) -> None:
    running = await store.start(leader.make_leader())
    await store.send(Count("a"))
    gate, reached = threading.Event(), threading.Event()

    def hold(scope: Scope) -> None:
        scope.connection.execute(leader.counter_table.update().values(total=99))
        reached.set()
        gate.wait(15)

    writing = asyncio.create_task(running.writer.run(hold))
    await asyncio.to_thread(reached.wait, 15)
    assert await store.send(GetCounter("a")) == Counted("a", 1)
    gate.set()
    await writing
    assert await store.send(GetCounter("a")) == Counted("a", 99)


async def test_a_reader_cannot_write(store: StoreUnderTest) -> None:
    await store.start(leader.make_leader())

    def write(connection: Connection) -> None:
        connection.execute(insert(leader.counter_table).values(name="a", total=1))

    with pytest.raises(Exception, match="readonly"):
        await store.read("leader", write)
