"""Which keys a scanner of a layout presses for a text, as a USB keyboard reports them."""

from evdev import ecodes

from services.devices.scanners.layouts import LayoutName
from tests.services.devices.scanners.typist import DOWN, Typist

Key = list[int]
"""Modifiers and usage, as they stand in a report of a boot keyboard."""

# USB HID Usage Tables, page 7 (keyboard).
_NAMES = (
    {letter: 0x04 + place for place, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    | {digit: 0x1E + place for place, digit in enumerate("1234567890")}
    | {"ENTER": 0x28, "SPACE": 0x2C, "MINUS": 0x2D, "EQUAL": 0x2E, "LEFTBRACE": 0x2F, "RIGHTBRACE": 0x30}
    | {"BACKSLASH": 0x31, "SEMICOLON": 0x33, "APOSTROPHE": 0x34, "GRAVE": 0x35, "COMMA": 0x36, "DOT": 0x37}
    | {"SLASH": 0x38, "102ND": 0x64}
)
_USAGES = {ecodes.ecodes[f"KEY_{name}"]: usage for name, usage in _NAMES.items()}
_MODIFIERS = {ecodes.KEY_LEFTCTRL: 0x01, ecodes.KEY_RIGHTSHIFT: 0x20, ecodes.KEY_RIGHTALT: 0x40}


def keys_of(text: str, layout: LayoutName = "us") -> list[Key]:
    """The keys that a scanner presses for a text; a line feed in it is Enter."""
    typist = Typist(layout)
    keys: list[Key] = []
    for character in text:
        events = typist.press(ecodes.KEY_ENTER) if character == "\n" else typist.type(character)
        modifiers = 0
        for kind, key, value, _ in events:
            if kind != ecodes.EV_KEY:
                continue
            if key in _MODIFIERS:
                modifiers ^= _MODIFIERS[key]
            elif value == DOWN:
                keys.append([modifiers, _USAGES[key]])
    return keys
