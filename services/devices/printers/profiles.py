"""Which printers python-escpos knows, and by which numbers they call their code pages. Never here: a job's bytes.

Read from the library's own table without importing it, for settings are read long before anything is printed.
"""

from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

DEFAULT = "default"


class _Profile(msgspec.Struct):
    codePages: dict[str, str]  # noqa: N815 - as the table has it


class _Table(msgspec.Struct):
    profiles: dict[str, _Profile]


def code_pages(profile: str) -> dict[str, int]:
    """The number of each code page of a printer, by the name that the table gives it; the lowest where it has several.

    Raises:
        ValueError: the table knows no such printer; the sentence names one that is called much the same.
    """
    table = _table()
    if profile not in table:
        (near,) = get_close_matches(profile, table, n=1, cutoff=0)
        raise ValueError(f"profile {profile!r} is none that python-escpos knows; the nearest is {near!r}")
    numbers: dict[str, int] = {}
    for number, name in sorted(table[profile].codePages.items(), key=lambda page: int(page[0])):
        numbers.setdefault(name, int(number))
    return numbers


@cache
def _table() -> dict[str, _Profile]:
    spec = find_spec("escpos")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError("a profile needs python-escpos, which is not installed")
    file = Path(spec.submodule_search_locations[0]) / "capabilities.json"
    return msgspec.json.decode(file.read_bytes(), type=_Table).profiles
