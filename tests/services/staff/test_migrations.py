"""A store that gave approvals before they could fade keeps them."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

import services.staff
from contracts.ids import RegisterId, SaleId
from services.runtime.migrate import chains, migrate
from services.staff.model.sessions import Approval
from services.staff.store.sessions import ApprovalStore
from tests.services.staff.examples import JONAS, NORA

GIVEN = Approval(
    register=RegisterId("till-1"),
    command="0198c0de-0000-7000-8000-00000000000b",
    session=17,
    action="sale.void",
    sale_id=SaleId("0198c0de-0000-7000-8000-00000000000d"),
    asked_by=JONAS,
    approved_by=NORA,
    approved_at=datetime(2026, 3, 14, 9, tzinfo=UTC),
    approve_id="0198c0de-0000-7000-8000-00000000000e",
)


def test_an_approval_from_before_is_kept_and_fades_like_others(tmp_path: Path) -> None:
    file = tmp_path / "staff.sqlite3"
    migrate(file, chains("staff", _before(tmp_path)))
    engine = create_engine(f"sqlite:///{file}")
    row = {**GIVEN._asdict(), "approved_at": "2026-03-14T09:00:00.000000Z"}
    del row["also"]
    with engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO approval ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})"  # noqa: S608 - our own names
            ),
            row,
        )

    migrate(file, chains("staff"))

    with engine.begin() as connection:
        store = ApprovalStore(connection)
        kept = store.asked_by_person(JONAS)
        store.fade(datetime(2026, 3, 15, tzinfo=UTC))
        faded = store.given_by_person(NORA)
    engine.dispose()
    assert kept == [GIVEN]
    assert faded == [GIVEN._replace(asked_by=None, sale_id=None)]


def _before(folder: Path) -> Path:
    """The migrations as they were before approvals faded."""
    versions = Path(services.staff.__file__).parent / "migrations" / "versions"
    (folder / "before" / "versions").mkdir(parents=True)
    for file in versions.glob("000[12]_*.py"):
        shutil.copy(file, folder / "before" / "versions")
    return folder / "before"
