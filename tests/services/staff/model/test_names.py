"""Names as they are kept, and the words they are found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Malformed
from services.staff.model.names import a_name, one_line, words


def test_a_name_is_kept_trimmed_and_composed() -> None:
    assert a_name(" Zoe\u0308 ", "name") == "Zoë"


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u2003", "\u200b", "\ufeff \u200d", "\u00ad"])
def test_a_name_that_shows_nothing_is_blank(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        a_name(text, "name")

    assert refused.value.details == {"field": "$.name", "rule": "a name is not blank"}


@pytest.mark.parametrize("mark", ["\n", "\r", "\t", "\x00", "\x1b[2J", "\x7f", "\u2028", "\u202e", "\u2066"])
def test_control_characters_and_direction_marks_are_no_part_of_a_name(mark: str) -> None:
    for text in (f"Mia{mark}Lang", f"{mark}Mia", f"Mia{mark}"):
        with pytest.raises(Malformed) as refused:
            one_line(text, "short_name")
        assert refused.value.details["field"] == "$.short_name"
        assert "Mia" not in str(refused.value.details)


def test_a_short_name_may_be_empty() -> None:
    assert one_line("  ", "short_name") == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Jörg O'Brien-Smith", ["jorg", "o", "brien", "smith"]),
        ("MÄKINEN", ["makinen"]),
        ("Søren Groß", ["soren", "gross"]),
        ("4711", ["4711"]),
        (" -_. ", []),
    ],
)
def test_words_are_blind_to_case_and_accents(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text(max_size=50))
def test_the_words_of_words_are_the_same(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)
