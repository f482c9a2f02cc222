"""The layouts are those of the world outside: what libxkbcommon makes of xkeyboard-config 2.35.1 lies beside this file.

Each key types plain and with Shift what it types there; with AltGr where X and Windows agree.
"""

import json
import string
from pathlib import Path

import pytest
from evdev import ecodes

from services.devices.model.codes import read_code
from services.devices.scanners.keys import KeyDecoder, Scan
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


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_the_code_that_the_readme_shows_to_try_a_layout_reads_rightly_on_that_layout_alone(layout: LayoutName) -> None:
    shown = (Path(__file__).parents[4] / "services/devices/README.md").read_text(encoding="utf-8")
    code = shown.partition("To try one, scan a code of `")[2].partition("`")[0]

    right = []
    for other in LAYOUTS:
        decoder, typist = KeyDecoder(LAYOUTS[other]), Typist(layout)
        events = [*typist.type(code), *typist.press(ecodes.KEY_ENTER)]
        scans = [each for event in events for each in decoder.feed(*event)]
        right += [other for each in scans if isinstance(each, Scan) and each.text == code]

    assert right == [layout]
    assert read_code(code, ()).text == code
