"""The layouts are those of the world outside: what libxkbcommon makes of xkeyboard-config 2.35.1 lies beside this file.

Each key types plain and with Shift what it types there; with AltGr where X and Windows agree.
"""

import json
import string
from pathlib import Path

import pytest
from evdev import ecodes

from services.devices.scanners.layouts import LAYOUTS, LayoutName
from tests.services.devices.scanners.typist import Typist

OUTSIDE: dict[LayoutName, dict[str, list[str]]] = json.loads(
    (Path(__file__).parent / "xkeyboard_config.json").read_text(encoding="utf-8")
)


def test_every_layout_is_compared() -> None:
    assert OUTSIDE.keys() == LAYOUTS.keys()


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_every_key_types_what_it_types_elsewhere(layout: LayoutName) -> None:
    keys = LAYOUTS[layout].keys

    for name, typed in OUTSIDE[layout].items():
        assert list(keys[ecodes.ecodes[name]][: len(typed)]) == typed, name


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_every_layout_can_type_all_of_ascii(layout: LayoutName) -> None:
    typist = Typist(layout)

    assert [each for each in string.printable[:95] if not typist.can(each)] == []
