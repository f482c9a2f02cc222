"""What a store settles about its sales: where it is, its money, its day, and who sells."""

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from contracts.checkout.reading import StoreData
from contracts.customers import LanguageCode
from contracts.ids import CountryCode, CurrencyCode
from contracts.policy import OnPolicyUnavailable
from services.checkout.model.decisions import KnownPolicy
from services.checkout.model.tenders import CashRounding

Line = Annotated[str, Meta(min_length=1, max_length=200)]


class CheckoutSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[checkout]`` of ``tillwire.toml``."""

    country: CountryCode = CountryCode("DE")
    """Whose tax rates apply, ISO 3166-1 alpha-2."""
    currency: CurrencyCode = CurrencyCode("EUR")
    time_zone: str = "Europe/Berlin"
    """Of the shop's wall clock, an IANA name."""
    day_cut_off: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)")] = "00:00"
    """Until when, on the wall clock, a sale belongs to the business day before."""
    cash_rounding: CashRounding = "off"
    """``five_cents`` in the Netherlands and Finland."""
    language: LanguageCode = "en"
    """Of receipts where the sale names none, ISO 639-1."""
    on_policy_unavailable: OnPolicyUnavailable = "refuse"
    """What happens without policy until it was heard once; afterwards its own setting counts."""
    skips_kept_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    """For how long it is kept who skipped and waived what on an ended sale."""
    legal_name: Line = "Sample shop"
    address: Annotated[tuple[Line, ...], Meta(max_length=6)] = ("1 Sample Street", "12345 Sample Town")
    vat_id: Annotated[str, Meta(max_length=40)] = ""

    def __post_init__(self) -> None:
        """Refuse a time zone that this machine does not know."""
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("`time_zone` must be an IANA name such as Europe/Berlin") from error

    @property
    def zone(self) -> ZoneInfo:
        """The time zone's rules."""
        return ZoneInfo(self.time_zone)

    @property
    def cut_off(self) -> time:
        """The cut-off on the wall clock."""
        return time.fromisoformat(self.day_cut_off)

    @property
    def first_known_policy(self) -> KnownPolicy:
        """What holds until policy was heard once."""
        return KnownPolicy(on_unavailable=self.on_policy_unavailable)

    def store_data(self, version: int) -> StoreData:
        """Who sells, as receipts must say."""
        return StoreData(
            version=version,
            legal_name=self.legal_name,
            address=self.address,
            vat_id=self.vat_id,
            country=self.country,
        )
