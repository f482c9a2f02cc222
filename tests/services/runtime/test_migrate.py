"""Migrations: all or nothing, a copy first, no row lost, and no Alembic in a service."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from services.runtime.migrate import MigrationFailed, chains, is_current, migrate

ROOT = Path(__file__).parents[3]

PARENT_AND_CHILD = """
op.create_table("parent", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
op.create_table(
    "child",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("parent_id", sa.Integer, sa.ForeignKey("parent.id", ondelete="CASCADE"), nullable=False),
)
"""
REBUILD_PARENT = """
with op.batch_alter_table("parent", recreate="always") as batch:
    batch.alter_column("name", type_=sa.String(40), nullable=False)
"""


class Chain:
    """The migrations of a small service of the test's own, and its database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "migrations"
        (self.folder / "versions").mkdir(parents=True)
        self.file = folder / "data" / "toy.sqlite3"
        self.parts = chains("toy", self.folder)
        self._written = 0

    def add(self, steps: str) -> None:
        """Write one more migration."""
        self._written += 1
        earlier = f'"{self._written - 1:04}"' if self._written > 1 else "None"
        body = "".join(f"    {line}\n" for line in steps.strip().splitlines())
        (self.folder / "versions" / f"{self._written:04}_step.py").write_text(
            f'import sqlalchemy as sa\nfrom alembic import op\nrevision = "{self._written:04}"\n'
            f"down_revision = {earlier}\n\ndef upgrade():\n{body}",
            encoding="utf-8",
        )

    def migrate(self) -> bool:
        return migrate(self.file, self.parts)

    def run(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def content(self) -> list[str]:
        with closing(sqlite3.connect(self.file)) as connection:
            return list(connection.iterdump())

    def rows(self, table: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608 - the test's own name

    def backups(self) -> list[Path]:
        return sorted((self.file.parent / "backups").glob("*"))


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    chain = Chain(tmp_path)
    chain.add(PARENT_AND_CHILD)
    return chain


@pytest.fixture
def family(chain: Chain) -> Chain:
    """A database with two parents and three children."""
    chain.migrate()
    chain.run(
        "INSERT INTO parent VALUES (1, 'a'), (2, 'b')",
        "INSERT INTO child VALUES (1, 1), (2, 1), (3, 2)",
    )
    return chain


def test_a_new_database_gets_both_chains_and_no_backup(chain: Chain) -> None:
    assert not is_current(chain.file, chain.parts)

    assert chain.migrate()

    assert is_current(chain.file, chain.parts)
    assert chain.rows("runtime_version") == [("0002",)]
    assert chain.rows("toy_version") == [("0001",)]
    assert chain.backups() == []


def test_a_current_database_is_left_alone(family: Chain) -> None:
    before = family.file.read_bytes()

    assert not family.migrate()

    assert family.file.read_bytes() == before
    assert family.backups() == []


def test_a_rebuilt_parent_keeps_its_children(family: Chain) -> None:
    """With foreign keys on, the rebuild's DROP TABLE would take the children along."""
    family.add(REBUILD_PARENT)
    assert not is_current(family.file, family.parts)

    assert family.migrate()

    assert family.rows("parent") == [(1, "a"), (2, "b")]
    assert family.rows("child") == [(1, 1), (2, 1), (3, 2)]


def test_what_is_there_is_copied_first(family: Chain) -> None:
    before = family.content()
    family.add(REBUILD_PARENT)

    family.migrate()

    (backup,) = family.backups()
    assert backup.name.startswith("toy-before-")
    assert backup.suffix == ".sqlite3"
    with closing(sqlite3.connect(backup)) as connection:
        assert list(connection.iterdump()) == before


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ('op.execute("DELETE FROM parent WHERE id = 1")', "a row of table child would point to nothing in parent"),
        ('op.execute("DELETE FROM child WHERE id = 3")', "table child would lose 1 rows"),
        ("op.execute(\"INSERT INTO parent VALUES (1, 'twice')\")", "UNIQUE constraint failed"),
        ("raise ZeroDivisionError('a bug')", "a bug"),
    ],
)
def test_what_would_lose_something_changes_nothing(family: Chain, steps: str, sentence: str) -> None:
    before = family.content()
    family.add("op.create_table('made_first', sa.Column('id', sa.Integer, primary_key=True))")
    family.add(steps)

    with pytest.raises(MigrationFailed, match=sentence):
        family.migrate()

    assert family.content() == before
    assert not is_current(family.file, family.parts)


def test_a_database_of_a_newer_program_is_left_alone(family: Chain) -> None:
    family.run("UPDATE toy_version SET version_num = '0009'")
    before = family.content()

    with pytest.raises(MigrationFailed, match="made by a newer Tillwire, with toy_version 0009"):
        family.migrate()

    assert family.content() == before
    assert family.backups() == []


def test_a_file_that_is_no_database_is_left_alone(chain: Chain) -> None:
    chain.file.parent.mkdir()
    chain.file.write_bytes(b"no database, but long enough to be looked at" * 100)
    before = chain.file.read_bytes()
    assert not is_current(chain.file, chain.parts)

    with pytest.raises(MigrationFailed, match="not a database"):
        chain.migrate()

    assert chain.file.read_bytes() == before


def test_a_service_without_tables_is_current_once_the_runtimes_are_there(tmp_path: Path) -> None:
    empty = Chain(tmp_path)

    assert empty.migrate()
    assert is_current(empty.file, empty.parts)
    assert not empty.migrate()


def test_whoever_runs_migrations_reads_a_sentence_when_one_fails(tmp_path: Path) -> None:
    (tmp_path / "policy.sqlite3").write_bytes(b"no database, but long enough to be looked at" * 100)

    said = subprocess.run(
        [sys.executable, "-m", "services.runtime.migrate", str(tmp_path), "policy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    assert said.stderr == f"policy: {tmp_path / 'policy.sqlite3'} was left as it was: file is not a database\n"


def test_a_service_carries_no_alembic(tmp_path: Path) -> None:
    """It looks whether its database is current and leaves the rest to another process."""
    look = (
        "import sys; from pathlib import Path; import services.runtime.run as run;"
        "current = run.is_current(Path(sys.argv[1]) / 'policy.sqlite3', run.chains('policy'));"
        "print(current, 'alembic' in sys.modules)"
    )

    said = subprocess.run(
        [sys.executable, "-c", look, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert said.stdout == "False False\n"
