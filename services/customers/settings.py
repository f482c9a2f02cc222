"""What a store settles about its customers' records."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from contracts.customers import LanguageCode
from contracts.customers.consent import Preset
from contracts.customers.privacy.keeping import DataClass
from contracts.ids import CurrencyCode
from services.customers.model.consent import CONFIRMED_IN, NEVER_PRESET
from services.customers.model.days import ShopDays
from services.customers.model.privacy import Privacy
from services.customers.model.records import Minimum, Rules, has_phones

_SPOKEN_IN = {"AT": "de", "DE": "de", "LI": "de", "NL": "nl", "FI": "fi"}
"""Where nobody says in which language customers are written to; anywhere else that is English."""


class KeptFor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many years from the end of the calendar year, for one class of data in one country."""

    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
    data_class: DataClass
    years: Annotated[int, Meta(ge=0, le=100)]


class CustomersSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[customers]`` of ``tillwire.toml``."""

    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")] = "DE"
    """Where phones typed without an international prefix belong, ISO 3166-1 alpha-2."""
    minimum: Minimum = "first_name"
    """The least a customer is kept with."""
    make_codes: bool = True
    """Whether a new customer who is given no code gets one."""

    currency: CurrencyCode = CurrencyCode("EUR")
    """Of store credit, accounts and vouchers, ISO 4217."""
    time_zone: str = "Europe/Berlin"
    """Of the shop's wall clock, an IANA name; says which day it is when credit runs out or a payment is due."""
    language: LanguageCode | None = None
    """In which customers are written to who named none, ISO 639-1; left out, that of the country."""
    voucher_years: Annotated[int, Meta(ge=0, le=100)] = 3
    """How long a voucher is good from the end of the year in which it was sold; 0 is for ever."""
    expire_every_s: Annotated[float, Meta(gt=0)] = 30.0
    """How often is looked for reservations, credit and points that have run out."""

    double_opt_in: bool | None = None
    """Whether a yes to advertising is confirmed from the address itself; left out, in Germany."""
    confirm_days: Annotated[int, Meta(ge=1, le=365)] = 14
    """For how long a link to confirm works."""
    marketing_preset: Preset = "none"
    """Which answer stands there when advertising is asked about; in the EEA, the UK and Switzerland ``none`` alone."""
    retention: tuple[KeptFor, ...] = ()
    """By country and class of data: years from the end of the calendar year, where they differ from the law's table."""
    erasure_hours: Annotated[int, Meta(ge=1, le=720)] = 24
    """After so long an erasure that some service has not acknowledged is overdue."""
    access_log_days: Annotated[int, Meta(ge=1, le=3650)] = 1095
    """How long is kept who saw customers' details."""
    privacy_every_s: Annotated[float, Meta(gt=0)] = 10.0
    """How often is looked how far erasures are, and what has had its time."""

    def __post_init__(self) -> None:
        """Refuse a country in which no phone can be, and a time zone that this machine does not know."""
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("`time_zone` must be an IANA name such as Europe/Berlin") from error
        if not has_phones(self.country):
            raise ValueError("country: ISO 3166-1 alpha-2 code of a country with phones, 'DE' for Germany")
        if self.marketing_preset != "none" and self.country in NEVER_PRESET:
            raise ValueError("`marketing_preset` must be none where the country is in the EEA, the UK or Switzerland")

    @property
    def spoken(self) -> str:
        """The shop's language."""
        return self.language or _SPOKEN_IN.get(self.country, "en")

    @property
    def rules(self) -> Rules:
        """The same in the words of the model."""
        return Rules(self.country, self.minimum, self.make_codes)

    @property
    def shop_days(self) -> ShopDays:
        """Which day it is in the shop, and how long what is sold there is good."""
        return ShopDays(ZoneInfo(self.time_zone), self.voucher_years)

    @property
    def privacy(self) -> Privacy:
        """What the store settles about consent, erasure and retention."""
        confirmed = self.country in CONFIRMED_IN if self.double_opt_in is None else self.double_opt_in
        return Privacy(
            country=self.country,
            confirms_consent=confirmed,
            confirm_days=self.confirm_days,
            marketing_preset=self.marketing_preset,
            retention={(each.country, each.data_class): each.years for each in self.retention},
            erasure_hours=self.erasure_hours,
            access_log_days=self.access_log_days,
        )
