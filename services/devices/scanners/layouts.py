"""What keys type on the layouts that scanners are set up for: us, gb, de, fr, nl and fi.

Pure. A scanner that plays keyboard sends key positions; the same code comes as other positions from a
scanner of another layout. They are those of xkeyboard-config 2.35 (a test
holds them to it); what AltGr types is what Windows types, where the two differ (KBDNE for nl, KBDFI for fi).
"""

# ruff: noqa: RUF001 - the layouts' own characters, some of which look like others

from dataclasses import dataclass
from typing import Final, Literal

from evdev import ecodes

LayoutName = Literal["us", "gb", "de", "fr", "nl", "fi"]

CIRCUMFLEX, ACUTE, GRAVE, DIAERESIS, TILDE, CEDILLA = "\u0302", "\u0301", "\u0300", "\u0308", "\u0303", "\u0327"
SPACING: Final = {CIRCUMFLEX: "^", ACUTE: "´", GRAVE: "`", DIAERESIS: "¨", TILDE: "~", CEDILLA: "¸"}
"""Dead keys as combining marks, and the character that each types with a space behind it."""

_POSITIONS: Final = (
    ecodes.KEY_GRAVE,
    *range(ecodes.KEY_1, ecodes.KEY_EQUAL + 1),
    *range(ecodes.KEY_Q, ecodes.KEY_RIGHTBRACE + 1),
    *range(ecodes.KEY_A, ecodes.KEY_APOSTROPHE + 1),
    ecodes.KEY_BACKSLASH,
    ecodes.KEY_102ND,
    *range(ecodes.KEY_Z, ecodes.KEY_SLASH + 1),
)
"""The keys in the order in which the rows below name what they type."""

_KEYPAD: Final = {
    **{ecodes.ecodes[f"KEY_KP{digit}"]: str(digit) for digit in range(10)},
    ecodes.KEY_KPMINUS: "-",
    ecodes.KEY_KPPLUS: "+",
    ecodes.KEY_KPASTERISK: "*",
    ecodes.KEY_KPSLASH: "/",
    ecodes.KEY_KPCOMMA: ",",
}
PLAIN, SHIFTED, ALTGR, SHIFTED_ALTGR = range(4)


@dataclass(frozen=True, slots=True)
class Layout:
    """What each key types plain, with Shift, with AltGr and with both; "" where that types nothing."""

    keys: dict[int, tuple[str, str, str, str]]
    group_separator: int
    """The key that with Ctrl types ASCII 29, as it types the bracket on the US layout."""

    def types(self, key: int, *, shift: bool, altgr: bool) -> str | None:
        """What a key types, a combining mark if it is a dead one, or None for a key that types nothing."""
        levels = self.keys.get(key)
        return (levels[shift + 2 * altgr] or None) if levels is not None else None


def _layout(  # noqa: PLR0913 - what one layout is made of
    plain: str,
    shifted: str,
    altgr: str = "",
    *,
    both: str = "",
    dead: str = "",
    decimal: str = ".",
) -> Layout:
    """Make a layout of two rows, and of what AltGr and AltGr with Shift type: "2²" is AltGr and the key of 2.

    Args:
        plain: what the keys type, in the order of ``_POSITIONS``; blanks are there for the eye.
        shifted: the same with Shift.
        altgr: pairs of a key, by what it types plain, and what it types with AltGr.
        both: such pairs, with Shift as well.
        dead: which of the typed characters only mark the next; all of a row's, AltGr's being told by ``!`` before.
        decimal: what the keypad's point types.
    """
    third, fourth = _pairs(altgr), _pairs(both)
    keys: dict[int, tuple[str, str, str, str]] = {}
    marks = {spacing: mark for mark, spacing in SPACING.items()}
    dead_rows, _, dead_altgr = dead.partition("!")
    for key, one, two in zip(_POSITIONS, plain.replace(" ", ""), shifted.replace(" ", ""), strict=True):
        three, four = third.get(one, ""), fourth.get(one, "")
        keys[key] = (
            marks[one] if one in dead_rows else one,
            marks[two] if two in dead_rows else two,
            marks[three] if three and three in dead_altgr else three,
            four,
        )
    keys |= {key: (text, text, "", "") for key, text in _KEYPAD.items()}
    keys[ecodes.KEY_SPACE] = (" ", " ", "", "")
    keys[ecodes.KEY_KPDOT] = (decimal, decimal, "", "")
    return Layout(keys, ecodes.KEY_RIGHTBRACE)


def _pairs(text: str) -> dict[str, str]:
    return dict(zip(text[::2], text[1::2], strict=True))


LAYOUTS: Final[dict[LayoutName, Layout]] = {
    "us": _layout(
        "`1234567890-= qwertyuiop[] asdfghjkl;' \\ < zxcvbnm,./",
        '~!@#$%^&*()_+ QWERTYUIOP{} ASDFGHJKL:" | > ZXCVBNM<>?',
    ),
    "gb": _layout(
        "`1234567890-= qwertyuiop[] asdfghjkl;' # \\ zxcvbnm,./",
        '¬!"£$%^&*()_+ QWERTYUIOP{} ASDFGHJKL:@ ~ | ZXCVBNM<>?',
        "`¦4€eéuúiíoóaá",
        both="eÉuÚiÍoÓaÁ",
    ),
    "de": _layout(
        "^1234567890ß´ qwertzuiopü+ asdfghjklöä # < yxcvbnm,.-",
        "°!\"§$%&/()=?` QWERTZUIOPÜ* ASDFGHJKLÖÄ ' > YXCVBNM;:_",
        "2²3³7{8[9]0}ß\\q@e€+~<|mµ",
        dead="^´`",
        decimal=",",
    ),
    "fr": _layout(
        "²&é\"'(-è_çà)= azertyuiop^$ qsdfghjklmù * < wxcvbn,;:!",
        "~1234567890°+ AZERTYUIOP¨£ QSDFGHJKLM% µ > WXCVBN?./§",
        "é~\"#'{([-|è`_\\ç^à@)]=}e€$¤",
        dead="^¨!~`",
    ),
    "nl": _layout(
        "@1234567890/° qwertyuiop¨* asdfghjkl+´ < ] zxcvbnm,.-",
        "§!\"#$%&_()'?~ QWERTYUIOP^| ASDFGHJKL±` > [ ZXCVBNM;:=",
        "@¬1¹2²3³4¼5½6¾7£8{9}/\\°¸e€r¶sßz«x»c¢mµ.·]¦",
        dead="¨^~´`!¸",
        decimal=",",
    ),
    "fi": _layout(
        "§1234567890+´ qwertyuiopå¨ asdfghjklöä ' < zxcvbnm,.-",
        '½!"#¤%&/()=?` QWERTYUIOPÅ^ ASDFGHJKLÖÄ * > ZXCVBNM;:_',
        "2@3£4$5€7{8[9]0}+\\e€¨~<|mµ",
        dead="´`¨^!~",
        decimal=",",
    ),
}
"""US, British, German, French, Dutch and Finnish (which is Swedish as well)."""
