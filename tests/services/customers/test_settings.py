"""What a store may settle about its customers' records."""

from pathlib import Path

import pytest

from services.customers.model.records import Rules
from services.customers.settings import CustomersSettings
from services.runtime.settings import SettingsRefused, load


def test_a_store_settles_country_and_minimum(tmp_path: Path) -> None:
    variables = {"TILLWIRE_COUNTRY": "FI", "TILLWIRE_CUSTOMERS_MINIMUM": "company"}

    settings = load(CustomersSettings, "customers", variables=variables, file=tmp_path / "none.toml")

    assert settings.rules == Rules("FI", "company")


@pytest.mark.parametrize(
    ("name", "value"),
    [("COUNTRY", "XX"), ("COUNTRY", "Finland"), ("CUSTOMERS_MINIMUM", "nothing"), ("CUSTOMERS_COLOUR", "red")],
)
def test_a_setting_that_does_not_fit_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsRefused, match=name.lower().removeprefix("customers_")):
        load(CustomersSettings, "customers", variables={f"TILLWIRE_{name}": value}, file=tmp_path / "no.toml")
