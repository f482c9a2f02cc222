"""The database as a release of before had it."""

import shutil
from pathlib import Path

import services.customers


def up_to(tmp_path: Path, last: str) -> Path:
    """The migrations as they were with that one as the last."""
    whole = Path(services.customers.__file__).parent / "migrations" / "versions"
    folder = tmp_path / "before"
    (folder / "versions").mkdir(parents=True)
    for each in whole.glob("*.py"):
        if each.name[:4] <= last:
            shutil.copy(each, folder / "versions")
    return folder
