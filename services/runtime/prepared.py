"""Statements that every sale runs: compiled once by SQLAlchemy Core, then run by the driver alone.

Between two sales the processor's caches are cold, and SQLAlchemy's path through one statement then
takes some 130 microseconds more than the driver's. Only plain statements are prepared: no lists
in ``IN``, no types that convert.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import Executable

_DIALECT = sqlite.dialect()


class Prepared:
    """One statement; its parameters are the names of its binds, or of the columns it inserts."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._texts: dict[tuple[str, ...], tuple[str, list[str], Mapping[str, Any]]] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        """Run it once."""
        text, order, fixed = self._text(values)
        parameters = [values[name] if name in values else fixed[name] for name in order]
        return _driver(connection, text).execute(text, parameters)

    def run_for(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for every row; all rows name the same."""
        if rows:
            text, order, fixed = self._text(rows[0])
            parameters = [[row[name] if name in row else fixed[name] for name in order] for row in rows]
            _driver(connection, text).executemany(text, parameters)

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any | None:
        """Its first row, by name, or None."""
        cursor = self.run(connection, values)
        found = cursor.fetchone()
        cursor.close()
        if found is None:
            return None
        return SimpleNamespace(**{column[0]: value for column, value in zip(cursor.description, found, strict=True)})

    def one(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Its first row, by name, where there must be one."""
        found = self.first(connection, values)
        if found is None:
            raise LookupError(f"no row for {self._statement}")
        return found

    def _text(self, values: Mapping[str, Any]) -> tuple[str, list[str], Mapping[str, Any]]:
        names = tuple(values)
        text = self._texts.get(names)
        if text is None:
            compiled: Any = self._statement.compile(dialect=_DIALECT, column_keys=list(names))  # type: ignore[attr-defined]
            text = self._texts[names] = (str(compiled), list(compiled.positiontup), dict(compiled.params))
        return text


def _driver(connection: Connection, text: str) -> sqlite3.Connection:
    # Whoever listens to SQLAlchemy's statements, to count them say, hears of these, too.
    connection.engine.dispatch.before_cursor_execute(connection, None, text, (), None, False)
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - tells mypy what open_writer made
    return driver
