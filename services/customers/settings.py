"""What a store settles about its customers' records."""

from typing import Annotated

import msgspec
from msgspec import Meta

from services.customers.model.records import Minimum, Rules, has_phones


class CustomersSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[customers]`` of ``tillwire.toml``."""

    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")] = "DE"
    """Where phones typed without an international prefix belong, ISO 3166-1 alpha-2."""
    minimum: Minimum = "first_name"
    """The least a customer is kept with."""

    def __post_init__(self) -> None:
        """Refuse a country in which no phone can be."""
        if not has_phones(self.country):
            raise ValueError("country: ISO 3166-1 alpha-2 code of a country with phones, 'DE' for Germany")

    @property
    def rules(self) -> Rules:
        """The same in the words of the model."""
        return Rules(self.country, self.minimum)
