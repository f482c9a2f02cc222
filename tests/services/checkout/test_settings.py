"""Settings that do not fit are refused by name."""

from datetime import time
from pathlib import Path

import pytest

from services.checkout.model.decisions import KnownPolicy
from services.checkout.settings import CheckoutSettings
from services.runtime.settings import HubSettings, SettingsRefused, load


def settings(tmp_path: Path, **variables: str) -> CheckoutSettings:
    shared = HubSettings.__struct_fields__
    named = {
        f"TILLWIRE_{'' if name in shared else 'CHECKOUT_'}{name.upper()}": value for name, value in variables.items()
    }
    return load(CheckoutSettings, "checkout", variables=named, file=tmp_path / "none.toml")


def test_a_store_in_germany_is_the_default(tmp_path: Path) -> None:
    loaded = settings(tmp_path)

    assert (loaded.country, loaded.currency, loaded.cash_rounding) == ("DE", "EUR", "off")
    assert loaded.skips_kept_days == 90
    assert loaded.first_known_policy == KnownPolicy(on_unavailable="refuse")


def test_a_store_says_where_it_is_and_who_sells(tmp_path: Path) -> None:
    loaded = settings(
        tmp_path,
        country="FI",
        time_zone="Europe/Helsinki",
        day_cut_off="03:30",
        cash_rounding="five_cents",
        address='["Street 1", "00100 Town"]',
        legal_name="Shop Oy",
    )

    assert loaded.cut_off == time(3, 30)
    assert loaded.zone.key == "Europe/Helsinki"
    data = loaded.store_data(4)
    assert (data.version, data.country, data.address) == (4, "FI", ("Street 1", "00100 Town"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "Germany"),
        ("currency", "euro"),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", "../../etc/passwd"),
        ("day_cut_off", "24:00"),
        ("cash_rounding", "0.05"),
        ("on_policy_unavailable", "ask"),
        ("legal_name", ""),
        ("skips_kept_days", "0"),
        ("language", "english"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    owner = "the hub" if name in HubSettings.__struct_fields__ else "checkout"

    with pytest.raises(SettingsRefused, match=f"^TILLWIRE_[A-Z_]+: setting '{name}' of {owner}"):
        settings(tmp_path, **{name: value})
