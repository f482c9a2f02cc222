"""Settings: a file ``tillwire.toml`` and ``TILLWIRE_*`` variables; what nobody knows is refused by name.

The top level of the file holds the hub's settings, a table ``[checkout]`` those of checkout.
``TILLWIRE_PORT`` is the hub's ``port``; ``TILLWIRE_CHECKOUT_LANGUAGE`` is checkout's ``language``.
A variable beats the file.

What the hub and a service both name (``country``) is the hub's to say, once for all services: a store that is in
Finland for its taxes and in Germany for its phones was set up by halves.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from contracts.ids import SEGMENT_PATTERN, CountryCode, CurrencyCode
from contracts.topics import SERVICES
from services.runtime.malformed import choices

T = TypeVar("T")

PREFIX = "TILLWIRE_"
OWN_VARIABLES = frozenset(
    {"TILLWIRE_VENV", "TILLWIRE_PYTHON", "TILLWIRE_CONFIG", "TILLWIRE_CRASH_AT", "TILLWIRE_TOKEN", "TILLWIRE_APPROVAL"}
)
"""Variables of the launcher and the tests, which are no settings."""


PathText = Annotated[
    str, Meta(pattern="^(?!~)", description="A path without ~, which only a shell knows: write it in full.")
]
"""Where a file or folder lies; a relative path is one below the folder that the hub was started in."""


class SettingsRefused(Exception):
    """A setting is unknown or does not fit; the sentence names it."""


class HubSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all services of one hub share."""

    store: Annotated[str, Meta(pattern=SEGMENT_PATTERN)] = "store"
    data: PathText = "data"
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 1884
    log_level: str = "INFO"
    country: CountryCode = CountryCode("DE")
    """Where the store is, ISO 3166-1 alpha-2."""
    currency: CurrencyCode = CurrencyCode("EUR")
    """Of its money, ISO 4217."""
    time_zone: str = "Europe/Berlin"
    """Of its wall clock, an IANA name."""

    @property
    def data_folder(self) -> Path:
        """Where everything this hub knows lies."""
        return Path(self.data).resolve()


class RuntimeSettings(msgspec.Struct, frozen=True):
    """What the runtime of one service works with; the bounds are DESIGN's."""

    service: str
    store: str
    data: Path
    version: str = "0.1.0"
    most_waiting_per_caller: int = 8
    most_waiting: int = 256
    handled_days: int = 7
    failed_days: int = 30
    followed_days: int = 90
    journal_days: int = 90
    heartbeat_s: float = 5.0

    @property
    def database_file(self) -> Path:
        """The service's own database."""
        return self.data / f"{self.service}.sqlite3"


def load(
    own: type[T], section: str | None, *, variables: Mapping[str, str] | None = None, file: Path | None = None
) -> T:
    """Read settings of the hub (``section`` None) or of one service.

    Raises:
        SettingsRefused: a key is unknown or a value does not fit; the sentence names it and where it stands. Or the
            file that ``TILLWIRE_CONFIG`` names is none: without it this would be another store.
    """
    variables = os.environ if variables is None else variables
    file = file or _file(variables.get("TILLWIRE_CONFIG"))
    values, places = _from_file(file, section, _shared(own))
    for name, text in variables.items():
        key = _key_of(name, section, _shared(own))
        if key is not None:
            values[key] = _value(text, own, key, name)
            places[key] = name
    try:
        return msgspec.convert(values, own, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsRefused(_sentence(in_words(str(error), own), section, places)) from error


def _file(named: str | None) -> Path:
    if named and not Path(named).is_file():
        raise SettingsRefused(f"TILLWIRE_CONFIG: there is no file {named}")
    return Path(named or "tillwire.toml")


def _shared(own: type[Any]) -> frozenset[str]:
    """Which settings of a service are the hub's to say."""
    return frozenset(HubSettings.__struct_fields__) & frozenset(own.__struct_fields__)


def _of_the_hub(place: str, key: str, section: str) -> SettingsRefused:
    return SettingsRefused(
        f"{place}: setting '{key}' of {section} is the whole store's; set '{key}' at the top of the file, above every "
        f"table, or by {PREFIX}{key.upper()}"
    )


def _from_file(file: Path, section: str | None, shared: frozenset[str]) -> tuple[dict[str, Any], dict[str, str]]:
    if not file.is_file():
        return {}, {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{file} is no TOML file: {error}") from error
    if section is None:
        values = {key: value for key, value in table.items() if key not in SERVICES}
    else:
        values = table.get(section, {})
        if not isinstance(values, dict):
            raise SettingsRefused(f"{file}: '{section}' must be a table, written [{section}]")
        for key in sorted(shared & values.keys()):
            raise _of_the_hub(str(file), key, section)
        values = values | {key: table[key] for key in shared if key in table}
    return dict(values), dict.fromkeys(values, str(file))


def _key_of(variable: str, section: str | None, shared: frozenset[str]) -> str | None:
    if not variable.startswith(PREFIX) or variable in OWN_VARIABLES:
        return None
    rest = variable[len(PREFIX) :].lower()
    owner, _, key = rest.partition("_")
    if owner in SERVICES:
        if owner == section and key in shared:
            raise _of_the_hub(variable, key, section)
        return key if owner == section else None
    return rest if section is None or rest in shared else None


def _value(text: str, own: type[Any], key: str, place: str) -> Any:
    """Read a variable's text: as JSON where the setting is a list or table, as it stands elsewhere."""
    fields = {field.name: field.type for field in msgspec.structs.fields(own)}
    if key in fields and text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise SettingsRefused(f"{place}: setting '{key}' is no JSON: {error}") from error
    return text


def in_words(fault: str, own: type[Any]) -> str:
    """The fault with what a setting must be in its own words, where they are given: few shopkeepers read patterns.

    Where it must be one of some words, all of them are told.
    """
    for pattern, described in _described(msgspec.json.schema(own)):
        fault = fault.replace(f"Expected `str` matching regex {pattern!r}", f"it is not what it must be ({described})")
    if fault.startswith("Invalid enum value"):
        wrong, at, path = fault.partition(" - at ")
        offered = ", ".join(choices(own, path.strip("`")))
        fault = f"{wrong}; there are {offered}{at}{path}" if offered else fault
    return fault


def _described(schema: Any) -> Iterator[tuple[str, str]]:
    """Every pattern of a schema and the words that go with it."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str) and isinstance(schema.get("description"), str):
            yield schema["pattern"], schema["description"]
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _described(part)


def _sentence(fault: str, section: str | None, places: dict[str, str]) -> str:
    for key, place in places.items():
        if f"`{key}`" in fault or re.search(rf"`\$\.{re.escape(key)}\b", fault):
            owner = "the hub" if key in HubSettings.__struct_fields__ else section or "the hub"
            return f"{place}: setting '{key}' of {owner}: {fault}"
    return f"settings of {section or 'the hub'}: {fault}"
