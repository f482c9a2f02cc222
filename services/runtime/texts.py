"""Sentences for people in the languages of a shop, read from gettext catalogues (``de.po``, ``fi.po``, ...).

Belongs here: finding the right sentence and filling its places. Never here: a sentence itself, a language's rules.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Formatter

from babel.messages.pofile import PoFileError, read_po

FALLBACK = "en"


class CatalogueInvalid(ValueError):
    """A catalogue cannot be used: the file and the sentence at fault are named."""


class Texts:
    """The sentences of one folder of catalogues; each file is named after its language (ISO 639-1).

    A sentence is asked for by its ``msgid``, a stable English sentence whose places are written
    ``{name}``. Catalogues are read once, here; there is no compile step. A translation with other
    places than its msgid is refused at once, so that no register meets it later.

    Raises:
        CatalogueInvalid: a file is not a gettext catalogue, has plural forms, or a translation
            names other places than its msgid.
    """

    def __init__(self, folder: Path) -> None:
        self._catalogues: Mapping[str, Mapping[str, str]] = {
            path.stem: _read(path) for path in sorted(folder.glob("*.po"))
        }

    @property
    def languages(self) -> frozenset[str]:
        """The languages that have a catalogue."""
        return frozenset(self._catalogues)

    def get(self, language: str, msgid: str, **params: object) -> str:
        """The sentence in that language, its places filled.

        A language without a catalogue, or a catalogue without a (finished) translation, gives the
        English sentence: the one in ``en.po`` if there is one, else the msgid itself.
        """
        for each in (language, FALLBACK):
            translation = self._catalogues.get(each, {}).get(msgid)
            if translation:
                return translation.format(**params)
        return msgid.format(**params)

    def missing(self, languages: Iterable[str], msgids: Iterable[str] | None = None) -> tuple[tuple[str, str], ...]:
        """List what is not translated yet, as sorted pairs of language and msgid.

        Args:
            languages: The languages that must be complete, those without a file included.
            msgids: The sentences that must be there; if left out, all that any catalogue holds.
        """
        wanted = set(msgids) if msgids is not None else {each for found in self._catalogues.values() for each in found}
        return tuple(
            (language, msgid)
            for language in sorted(set(languages))
            for msgid in sorted(wanted)
            if not self._catalogues.get(language, {}).get(msgid)
        )


def _read(path: Path) -> dict[str, str]:
    """Read one catalogue; an unfinished (fuzzy or empty) translation is kept as an empty string."""
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem, abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise CatalogueInvalid(f"{path.name} is not a gettext catalogue in UTF-8") from error
    if catalogue.locale is None:
        raise CatalogueInvalid(f"{path.name} is not named after a language")
    found: dict[str, str] = {}
    for message in catalogue:
        if not message.id:
            continue
        if not isinstance(message.id, str) or not isinstance(message.string, str):
            raise CatalogueInvalid(f"{path.name}: plural forms are not supported: {message.id!r}")
        found[message.id] = "" if message.fuzzy else message.string
        if found[message.id] and _places(message.string) != _places(message.id):
            raise CatalogueInvalid(f"{path.name}: the places of the translation differ from those of {message.id!r}")
    return found


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
