"""The writer: one thread with one connection, which takes what waits, runs it and commits once.

A job is a synchronous function of a ``Scope``. Jobs that wait together share one
``BEGIN IMMEDIATE`` and one commit; a job that raises loses only its own changes. What a job
answers is handed back on the event loop after the commit, in the order of the jobs.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, delete, false
from sqlalchemy.exc import DBAPIError

from services.runtime import tables
from services.runtime.database import is_database_fault, open_writer
from services.runtime.journal import Entry, Journal
from services.runtime.seams import CrashPoint, Seams
from services.runtime.settings import RuntimeSettings

T = TypeVar("T")

MOST_IN_A_BATCH = 64


class DatabaseFault(Exception):
    """The database could not keep it (disk full, read-only, locked); nothing was changed."""


@dataclass
class Scope:
    """One job's place in the writer's transaction."""

    connection: Connection
    journal: Journal
    recorded: list[Entry] = field(default_factory=list)
    effects: list[Callable[[], None]] = field(default_factory=list)
    """What to do on the event loop once it is committed."""
    _stood_at: tuple[int, int, str | None] = field(init=False)

    def __post_init__(self) -> None:
        """Remember where the journal stood."""
        self._stood_at = self.journal.stand

    def undo(self) -> None:
        """Take back all that this job has changed and recorded so far."""
        _driver(self.connection).execute("ROLLBACK TO job")
        self.journal.go_back(self._stood_at)
        self.recorded.clear()
        self.effects.clear()


Job = Callable[[Scope], Any]
Done = Callable[[Any, BaseException | None], None]


@dataclass(slots=True)
class _Waiting(Generic[T]):
    job: Callable[[Scope], T]
    done: Done


@dataclass(slots=True)
class _Finished:
    done: Done
    answer: Any
    error: BaseException | None
    scope: Scope | None


class Writer:
    """Runs jobs one after another and commits them together."""

    def __init__(
        self,
        settings: RuntimeSettings,
        *,
        loop: asyncio.AbstractEventLoop,
        publish: Callable[[list[Entry]], None],
        seams: Seams,
    ) -> None:
        """Open the connection.

        Raises:
            DatabaseFault: the file is not there or cannot be written; the sentence names it.
        """
        self._loop = loop
        self._publish = publish
        self._seams = seams
        self._queue: SimpleQueue[_Waiting[Any] | None] = SimpleQueue()
        self._engine = open_writer(settings.database_file)
        try:
            self.connection = self._engine.connect()
            with self.connection.begin():
                self.journal = Journal.load(self.connection)
                # Changes nothing, but fails where the file may only be read, which BEGIN IMMEDIATE does not.
                self.connection.execute(delete(tables.journal).where(false()))
        except DBAPIError as error:
            self._engine.dispose()
            raise DatabaseFault(f"{settings.database_file} cannot be written: {_name(error)}") from error
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()

    def submit(self, job: Callable[[Scope], T], done: Done) -> None:
        """Let a job wait for the next batch; ``done`` is called on the loop with its answer or its error."""
        self._queue.put(_Waiting(job, done))

    async def run(self, job: Callable[[Scope], T]) -> T:
        """Run a job and wait until it is committed.

        Raises:
            DatabaseFault: nothing was kept.
        """
        future: asyncio.Future[T] = self._loop.create_future()

        def done(answer: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(error)

        self.submit(job, done)
        return await future

    async def finish(self) -> None:
        """Finish what waits and take no more."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def close(self) -> None:
        """Close the connection; as the last one of the file it also empties the write-ahead log."""
        self.connection.close()
        self._engine.dispose()

    def _work(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            batch = [first]
            last = False
            while len(batch) < MOST_IN_A_BATCH and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    last = True
                    break
                batch.append(following)
            finished, changed = self._run_batch(batch)
            self._loop.call_soon_threadsafe(partial(self._hand_back, finished, changed=changed))
            if last:
                return

    def _run_batch(self, batch: list[_Waiting[Any]]) -> tuple[list[_Finished], bool]:
        """Commit the jobs together; tells what came of each, and whether they changed anything."""
        finished: list[_Finished] = []
        stood_at = self.journal.stand
        try:
            with self.connection.begin():
                changes = _driver(self.connection).total_changes
                finished.extend(self._run_job(waiting) for waiting in batch)
                changed = _driver(self.connection).total_changes != changes
                self._pass("before-commit", changed=changed)
        except (DBAPIError, sqlite3.Error) as error:
            self.journal.go_back(stood_at)
            fault = DatabaseFault(_name(error))
            fault.__cause__ = error
            return [_Finished(waiting.done, None, fault, None) for waiting in batch], False
        self._pass("after-commit", changed=changed)
        return finished, changed

    def _run_job(self, waiting: _Waiting[Any]) -> _Finished:
        driver = _driver(self.connection)
        scope = Scope(self.connection, self.journal)
        driver.execute("SAVEPOINT job")
        try:
            answer = waiting.job(scope)
            self.journal.append(self.connection, scope.recorded)
        except (DBAPIError, sqlite3.Error) as error:
            if is_database_fault(error):
                raise
            scope.undo()
            driver.execute("RELEASE job")
            return _Finished(waiting.done, None, error, None)
        except Exception as error:  # noqa: BLE001 - the one place where any job's error is caught and handed back
            scope.undo()
            driver.execute("RELEASE job")
            return _Finished(waiting.done, None, error, None)
        driver.execute("RELEASE job")
        return _Finished(waiting.done, answer, None, scope)

    def _hand_back(self, finished: list[_Finished], *, changed: bool) -> None:
        """Let the effects be felt, answer, and then tell the others: whoever waits at a till comes first."""
        for each in finished:
            if each.scope is not None:
                for effect in each.scope.effects:
                    self._apart(effect)
        for each in finished:
            self._apart(partial(each.done, each.answer, each.error))
        self._pass("after-reply", changed=changed)
        entries = [entry for each in finished if each.scope is not None for entry in each.scope.recorded]
        if entries:
            self._publish(entries)
        self._pass("after-publish", changed=changed)

    def _pass(self, point: CrashPoint, *, changed: bool) -> None:
        """Pass a crash point; work that changed nothing has none."""
        if changed:
            self._seams.passing(point)

    def _apart(self, call: Callable[[], None]) -> None:
        """Call something whose bug must not keep the other jobs of the batch from their answers."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - told by the loop, as for any callback of its own
            self._loop.call_exception_handler({"message": "bug after a commit", "exception": error})


def _name(error: DBAPIError | sqlite3.Error) -> str:
    """SQLite's own name of what is wrong, such as SQLITE_FULL; never the statement, which may quote a customer."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "sqlite_errorname", type(original).__name__)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - tells mypy what open_writer made
    return driver
