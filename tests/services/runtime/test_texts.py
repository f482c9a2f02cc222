"""Catalogues are found, fall back to English, and are refused when a register could trip over them."""

from pathlib import Path

import pytest

from services.runtime.texts import CatalogueInvalid, Texts

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def catalogue(folder: Path, language: str, *pairs: tuple[str, str], flags: str = "") -> None:
    body = "\n".join(f'{flags}msgid "{msgid}"\nmsgstr "{translation}"\n' for msgid, translation in pairs)
    (folder / f"{language}.po").write_text(HEADER + body, encoding="utf-8")


def test_a_sentence_is_given_in_the_language_asked_for(tmp_path: Path) -> None:
    catalogue(tmp_path, "fi", ("Total {amount}", "Yhteensä {amount}"))

    assert Texts(tmp_path).get("fi", "Total {amount}", amount="12,50 €") == "Yhteensä 12,50 €"


@pytest.mark.parametrize("language", ["sv", "de", ""])
def test_without_a_translation_the_english_sentence_is_given(tmp_path: Path, language: str) -> None:
    catalogue(tmp_path, "en", ("Total {amount}", "In all {amount}"))
    catalogue(tmp_path, "de", ("Total {amount}", ""))

    assert Texts(tmp_path).get(language, "Total {amount}", amount=3) == "In all 3"


def test_without_an_english_catalogue_the_msgid_is_the_sentence(tmp_path: Path) -> None:
    assert Texts(tmp_path).get("en", "Total {amount}", amount=3) == "Total 3"


def test_a_value_that_looks_like_a_place_is_not_filled_again(tmp_path: Path) -> None:
    assert Texts(tmp_path).get("en", "Hello {name}", name="{secret}") == "Hello {secret}"


def test_a_fuzzy_translation_is_neither_used_nor_counted(tmp_path: Path) -> None:
    catalogue(tmp_path, "nl", ("Change", "Wissel"), flags="#, fuzzy\n")

    texts = Texts(tmp_path)

    assert texts.get("nl", "Change") == "Change"
    assert texts.missing(["nl"]) == (("nl", "Change"),)


def test_missing_lists_every_language_and_sentence_that_is_not_translated(tmp_path: Path) -> None:
    catalogue(tmp_path, "de", ("Change", "Rückgeld"), ("Total", ""))
    catalogue(tmp_path, "fi", ("Change", "Vaihtoraha"), ("Total", "Yhteensä"))
    texts = Texts(tmp_path)

    assert texts.languages == {"de", "fi"}
    assert texts.missing(["fi"]) == ()
    assert texts.missing(["fi", "de", "nl"]) == (("de", "Total"), ("nl", "Change"), ("nl", "Total"))
    assert texts.missing(["fi"], ["Change", "Tip"]) == (("fi", "Tip"),)


@pytest.mark.parametrize(("translation", "places"), [("Yhteensä", "lost"), ("Yhteensä {summa}", "renamed")])
def test_a_translation_with_other_places_is_refused(tmp_path: Path, translation: str, places: str) -> None:
    catalogue(tmp_path, "fi", ("Total {amount}", translation))

    with pytest.raises(CatalogueInvalid, match=r"fi\.po.*places") as refused:
        Texts(tmp_path)

    assert "Total {amount}" in str(refused.value), places


def test_plural_forms_are_refused(tmp_path: Path) -> None:
    plural = 'msgid "one line"\nmsgid_plural "{n} lines"\nmsgstr[0] "eine Zeile"\nmsgstr[1] "{n} Zeilen"\n'
    (tmp_path / "de.po").write_text(HEADER + plural, encoding="utf-8")

    with pytest.raises(CatalogueInvalid, match="plural"):
        Texts(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("de.po", b'msgid "Change"\nmsgstr "R\xfcckgeld"\n'),
        ("de.po", b"this is no catalogue\n"),
        ("xx.po", b'msgid "Change"\nmsgstr "x"\n'),
    ],
    ids=["latin-1", "no catalogue", "no language"],
)
def test_a_file_that_is_no_catalogue_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(CatalogueInvalid, match=name):
        Texts(tmp_path)
