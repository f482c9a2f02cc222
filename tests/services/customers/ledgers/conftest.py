"""A Finnish store in which customers run and checkout tells what a test wants; time stands until it is moved."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.checkout.catalogue import GetTaxClass, TaxClass, TaxClassUnknown
from contracts.ids import CountryCode
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.clock import SetClock
from services.runtime.service import query
from services.runtime.transactions import View
from tests.services.customers.ledgers.shop import LedgerShop
from tests.services.policy.teller import Teller
from tests.under_test import store_under_test

AT = datetime(2026, 3, 14, 10, tzinfo=UTC)


def tax_class(asked: GetTaxClass, _view: View) -> TaxClass:
    """As checkout answers: one class of what is sold, and one that no tax is on."""
    if asked.tax_class not in {"standard", "outside_scope"}:
        raise TaxClassUnknown(field="tax_class", tax_class=asked.tax_class)
    taxed = asked.tax_class == "standard"
    rate = Decimal("25.5") if taxed else Decimal(0)
    return TaxClass(asked.tax_class, "taxed" if taxed else "outside_scope", rate, CountryCode("FI"))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[LedgerShop]:
    clock = SetClock(AT)
    async with store_under_test(tmp_path, clock) as store:
        (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
        checkout = await Teller("checkout", (query(GetTaxClass, tax_class),)).start(store)
        await Teller("staff").start(store)
        await store.start(customers(CustomersSettings(country="FI", time_zone="Europe/Helsinki", expire_every_s=0.02)))
        shop = LedgerShop(store, checkout, clock)
        await shop.put_on_file()
        yield shop
