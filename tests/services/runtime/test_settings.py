"""Settings: what nobody knows is refused by name and place, and a variable beats the file."""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from services.runtime.settings import HubSettings, PathText, SettingsRefused, load


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several."""

    shape: Literal["round", "square"] | None = None
    speed: Literal[1200, 9600] = 1200


class ToySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of every shape."""

    colour: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = "DE"
    currency: str = "EUR"
    open: bool = False
    most: int = 3
    most_at_once: int = 1
    names: tuple[str, ...] = ()
    rates: dict[str, str] = {}
    size: Literal["small", "large"] = "small"
    parts: tuple[Part, ...] = ()
    folder: PathText = "papers"


def toml(folder: Path, text: str) -> Path:
    file = folder / "tillwire.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_file_and_variables_the_defaults_hold(tmp_path: Path) -> None:
    assert load(HubSettings, None, variables={}, file=tmp_path / "none.toml") == HubSettings()
    assert load(ToySettings, "checkout", variables={}, file=tmp_path / "none.toml") == ToySettings()


def test_the_hub_reads_the_top_level_and_a_service_its_table(tmp_path: Path) -> None:
    file = toml(tmp_path, 'port = 1900\n[checkout]\ncolour = "AT"\nnames = ["a"]\n[staff]\nanything = 1\n')

    assert load(HubSettings, None, variables={}, file=file).port == 1900
    assert load(ToySettings, "checkout", variables={}, file=file) == ToySettings(colour="AT", names=("a",))


def test_a_variable_beats_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, 'port = 1900\n[checkout]\ncolour = "AT"\n')
    variables = {"TILLWIRE_PORT": "1901", "TILLWIRE_CHECKOUT_COLOUR": "CH", "TILLWIRE_STAFF_COLOUR": "FR"}

    assert load(HubSettings, None, variables=variables, file=file).port == 1901
    assert load(ToySettings, "checkout", variables=variables, file=file).colour == "CH"


def test_what_hub_and_service_both_name_is_set_once_for_all(tmp_path: Path) -> None:
    file = toml(tmp_path, 'currency = "SEK"\n[checkout]\ncolour = "AT"\n')

    assert load(ToySettings, "checkout", variables={}, file=file) == ToySettings(colour="AT", currency="SEK")
    assert load(ToySettings, "staff", variables={"TILLWIRE_CURRENCY": "NOK"}, file=file).currency == "NOK"
    assert load(HubSettings, None, variables={}, file=file).currency == "SEK"


def test_the_file_is_found_by_its_variable(tmp_path: Path) -> None:
    file = toml(tmp_path, "port = 1900\n")

    assert load(HubSettings, None, variables={"TILLWIRE_CONFIG": str(file)}).port == 1900


@pytest.mark.parametrize("named", ["none.toml", "."])
def test_a_file_that_its_variable_names_and_that_is_none_is_refused(tmp_path: Path, named: str) -> None:
    """A hub without its settings would be another store."""
    file = tmp_path / named

    with pytest.raises(SettingsRefused, match=re.escape(f"TILLWIRE_CONFIG: there is no file {file}")):
        load(HubSettings, None, variables={"TILLWIRE_CONFIG": str(file)})


def test_lists_and_tables_in_variables_are_json(tmp_path: Path) -> None:
    variables = {
        "TILLWIRE_CHECKOUT_NAMES": '["a, b", "c"]',
        "TILLWIRE_CHECKOUT_RATES": '{"A": "19"}',
        "TILLWIRE_CHECKOUT_OPEN": "true",
    }

    loaded = load(ToySettings, "checkout", variables=variables, file=tmp_path / "none.toml")

    assert loaded == ToySettings(names=("a, b", "c"), rates={"A": "19"}, open=True)


@pytest.mark.parametrize(
    ("text", "section", "sentence"),
    [
        ("prot = 1900", None, r"tillwire\.toml: setting 'prot' of the hub: .*unknown field"),
        ("[chekout]\na = 1", None, r"tillwire\.toml: setting 'chekout' of the hub: .*unknown field"),
        ('[checkout]\ncuontry = "DE"', "checkout", r"tillwire\.toml: setting 'cuontry' of checkout: .*unknown field"),
        ('[checkout]\ncolour = "Germany"', "checkout", r"setting 'colour' of checkout: .*regex"),
        ('[checkout]\nmost = 1\nmost_at_once = "x"', "checkout", r"setting 'most_at_once' of checkout: .*`int`"),
        ('port = "x"', None, r"setting 'port' of the hub: .*`int`"),
        ("port = 65536", None, r"setting 'port' of the hub: .*<= 65535"),
        ('store = "My Shop"', None, r"setting 'store' of the hub: .*regex"),
        ('[checkout]\ncurrency = "EUR"', "checkout", r"'currency' of checkout is the whole store's; set 'currency' at"),
        ("checkout = 1", "checkout", r"'checkout' must be a table, written \[checkout\]"),
        ("port = ", None, r"tillwire\.toml is no TOML file"),
        ('[checkout]\nsize = "SMALL"', "checkout", r"'size' of checkout: .*'SMALL'; there are large, small - at"),
        ('[[checkout.parts]]\nshape = "oval"', "checkout", r"'parts' of checkout: .*; there are round, square - at"),
        ("[[checkout.parts]]\n[[checkout.parts]]\nspeed = 14400", "checkout", r"14400; there are 1200, 9600 - at"),
        ('[checkout]\nfolder = "~/papers"', "checkout", r"'folder' of checkout: .*\(A path without ~, .*in full\.\)"),
        ('data = "~/till"', None, r"'data' of the hub: .*\(A path without ~, .*in full\.\)"),
    ],
)
def test_what_does_not_fit_in_the_file_is_named_with_its_place(
    tmp_path: Path, text: str, section: str | None, sentence: str
) -> None:
    file = toml(tmp_path, text)

    with pytest.raises(SettingsRefused, match=sentence):
        load(HubSettings if section is None else ToySettings, section, variables={}, file=file)


@pytest.mark.parametrize(
    ("name", "text", "section", "sentence"),
    [
        ("TILLWIRE_PROT", "1", None, "TILLWIRE_PROT: setting 'prot' of the hub"),
        ("TILLWIRE_PORT", "x", None, "TILLWIRE_PORT: setting 'port' of the hub"),
        ("TILLWIRE_CHECKOUT_CUONTRY", "DE", "checkout", "TILLWIRE_CHECKOUT_CUONTRY: setting 'cuontry' of checkout"),
        ("TILLWIRE_CHECKOUT_NAMES", "a,b", "checkout", "TILLWIRE_CHECKOUT_NAMES: setting 'names' of checkout"),
        ("TILLWIRE_CHECKOUT_NAMES", '["a"', "checkout", "TILLWIRE_CHECKOUT_NAMES: setting 'names' is no JSON"),
        ("TILLWIRE_CHECKOUT_NAMES", "[1]", "checkout", "TILLWIRE_CHECKOUT_NAMES: setting 'names' of checkout"),
        ("TILLWIRE_CHECKOUT_CURRENCY", "EUR", "checkout", "TILLWIRE_CHECKOUT_CURRENCY: .* or by TILLWIRE_CURRENCY"),
        ("TILLWIRE_CHECKOUT", "x", "checkout", "TILLWIRE_CHECKOUT: setting '' of checkout"),
    ],
)
def test_a_variable_that_does_not_fit_is_named(
    tmp_path: Path, name: str, text: str, section: str | None, sentence: str
) -> None:
    kind = HubSettings if section is None else ToySettings

    with pytest.raises(SettingsRefused, match=sentence):
        load(kind, section, variables={name: text}, file=tmp_path / "none.toml")


def test_variables_of_others_are_let_be(tmp_path: Path) -> None:
    variables = {
        "PATH": "/bin",
        "TILLWIRE_VENV": "x",
        "TILLWIRE_CRASH_AT": "checkout/after-commit",
        "tillwire_port": "1",
    }

    assert load(HubSettings, None, variables=variables, file=tmp_path / "none.toml") == HubSettings()
