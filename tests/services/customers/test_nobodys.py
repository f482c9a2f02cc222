"""What placeholders of before the update still hold is told, so that a person puts it right."""

from pathlib import Path
from typing import Any

import pytest

from contracts.base import Rejected
from contracts.customers import CreateCustomer, UpdateCustomer
from contracts.customers.ledgers import AdjustBalance
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.ids import RandomIds
from services.runtime.writer import Scope
from tests.services.customers.examples import customer_id
from tests.under_test import StoreUnderTest, store_under_test, until

IDS = RandomIds()
WALK_IN, EMPTY, ANNA = customer_id(1), customer_id(2), customer_id(3)


async def test_placeholders_that_still_hold_something_are_told_at_the_start_by_id_and_field(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with store_under_test(tmp_path) as store:
        (tmp_path / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
        await store.start(customers(CustomersSettings()))
        for number, who in enumerate((WALK_IN, ANNA)):
            emails = (f"somebody{number}@example.com",)
            await done(store, CreateCustomer(who, first_name="A", emails=emails, codes=(f"A-{number}",)))
            await done(store, AdjustBalance(IDS.new(), who, "store_credit", 500, "goodwill"))
        await done(store, CreateCustomer(EMPTY, first_name="Walk-in", placeholder=True))

        def of_before(scope: Scope) -> None:
            scope.connection.exec_driver_sql("UPDATE customer SET placeholder = 1 WHERE customer_id = ?", (WALK_IN,))

        await store.services["customers"].writer.run(of_before)
        await store.stop("customers")
        await store.start(customers(CustomersSettings()))

        await until(lambda: told(caplog))
        assert told(caplog) == [{"customer_id": WALK_IN, "holds": "emails, codes, store_credit"}]
        assert "somebody0" not in str([vars(each) for each in caplog.records])
        assert (await done(store, UpdateCustomer(WALK_IN, 1, emails=(), codes=()))).emails == ()
        given_up = await done(store, AdjustBalance(IDS.new(), WALK_IN, "store_credit", -500, "correction"))
        assert given_up.entry.balance == 0


async def done(store: StoreUnderTest, request: Any) -> Any:
    reply = await store.send(request, token=store.token("customer.edit", "customer.details", "ledger.adjust"))
    assert not isinstance(reply, Rejected), reply
    return reply


def told(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [each.fields for each in caplog.records if each.message == "placeholder-holds"]  # type: ignore[attr-defined]
