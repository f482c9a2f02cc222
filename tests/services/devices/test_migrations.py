"""A store of the first version keeps what it printed, and what was still to be printed."""

import shutil
from pathlib import Path

from sqlalchemy import create_engine, text

import services.devices
from services.devices.model.word import Word
from services.devices.store.conditions import DeviceStore
from services.devices.store.print_jobs import PrintJobStore
from services.runtime.migrate import chains, migrate

JOBS = """
INSERT INTO print_job
       (number, job_id, sale_id, register, printer, copy, language, state, reason, expires_at, changed_at)
VALUES (1, 'printed', 'sale', 'till-1', 'printer-1', 0, NULL, 'printed', 'none',
        '2026-11-22T13:10:00.000000Z', '2026-11-22T13:00:05.000000Z'),
       (2, 'waiting', 'sale', 'till-1', 'printer-1', 1, 'fi', 'accepted', 'paper_out',
        '2026-11-22T13:10:00.000000Z', '2026-11-22T13:00:06.000000Z')
"""

UNKNOWN = """
INSERT INTO print_job
       (number, job_id, sale_id, register, printer, copy, language, state, reason, expires_at, changed_at)
VALUES (3, 'unknown', 'another', 'till-2', 'printer-2', 0, NULL, 'unknown', 'stalled',
        '2026-11-22T13:10:00.000000Z', '2026-11-22T13:00:07.000000Z')
"""
HISTORY = """
INSERT INTO print_job
VALUES (:number, 'job-' || :number, 'sale-' || :number, 'till-3', :printer, 0, NULL, :state, :reason,
        '2026-11-22T13:10:00.000000Z', '2026-11-22T13:00:08.000000Z')
"""
DEVICES = """
INSERT INTO device (device, revision, kind, state, reason, since)
VALUES ('printer-1', 1, 'printer', 'ready', 'none', '2026-11-22T13:00:00.000000Z'),
       ('printer-2', 1, 'printer', 'fault', 'stalled', '2026-11-22T13:00:00.000000Z'),
       ('printer-3', 1, 'printer', 'fault', 'stalled', '2026-11-22T13:00:00.000000Z'),
       ('printer-4', 1, 'printer', 'ready', 'none', '2026-11-22T13:00:00.000000Z'),
       ('printer-5', 1, 'printer', 'ready', 'none', '2026-11-22T13:00:00.000000Z')
"""


def test_jobs_of_the_first_version_are_receipts_and_wait_where_they_waited(tmp_path: Path) -> None:
    file = tmp_path / "devices.sqlite3"
    migrate(file, chains("devices", _first_only(tmp_path)))
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text(JOBS))
        connection.execute(text(DEVICES))

    with engine.begin() as connection:
        connection.execute(text(UNKNOWN))
        connection.execute(
            text(HISTORY),
            [
                {"number": 4, "printer": "printer-2", "state": "printed", "reason": "stalled"},  # as somebody decided
                {"number": 5, "printer": "printer-3", "state": "printed", "reason": "none"},
                {"number": 6, "printer": "printer-3", "state": "unknown", "reason": "stalled"},
                {"number": 7, "printer": "printer-4", "state": "unknown", "reason": "stalled"},
                {"number": 8, "printer": "printer-4", "state": "printed", "reason": "none"},
                {"number": 9, "printer": "printer-5", "state": "printing", "reason": "none"},
            ],
        )
    migrate(file, chains("devices"))

    with engine.connect() as connection:
        words = {f"printer-{place}": DeviceStore(connection).word(f"printer-{place}") for place in range(1, 6)}
        printed, waiting = PrintJobStore(connection).of_sale("sale")
        following = PrintJobStore(connection).waiting_for("printer-1")
        index = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'print_job_open'")).scalar_one()
    engine.dispose()
    assert (printed.kind, printed.state, printed.copy, printed.kick) == ("receipt", "printed", False, None)
    assert (waiting.reason, waiting.language, waiting.accepted_at) == ("paper_out", "fi", waiting.changed_at)
    assert following == [waiting]
    assert "WHERE state IN ('accepted', 'printing')" in index
    assert words == {
        "printer-1": Word(given=True),
        "printer-2": Word(),  # it never said that anything is out
        "printer-3": Word(owes=True, given=True),
        "printer-4": Word(given=True),  # it has answered since
        "printer-5": Word(owes=True),  # it was at a job
    }


def _first_only(folder: Path) -> Path:
    """The migrations as they were in the first version."""
    versions = Path(services.devices.__file__).parent / "migrations" / "versions"
    (folder / "first" / "versions").mkdir(parents=True)
    shutil.copy(versions / "0001_devices.py", folder / "first" / "versions")
    return folder / "first"
