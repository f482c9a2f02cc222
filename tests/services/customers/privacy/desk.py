"""The customers' handlers on a database of their own, without a bus: for tests that do hundreds of things."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from contracts.base import Rejection
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.selling import SaleVoided
from contracts.customers.balances import Reserved
from contracts.ids import CurrencyCode
from services.customers.access_notes import AccessNotes
from services.customers.settings import CustomersSettings
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp
from services.runtime.database import open_writer
from services.runtime.ids import RandomIds
from services.runtime.journal import Journal
from services.runtime.migrate import chains, migrate
from services.runtime.tokens import Claims
from services.runtime.transactions import Request, Surroundings
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import CASHIER, TILL, a_line, a_tender, sale_id
from tests.services.customers.privacy.people import ALL

IDS = RandomIds()
AT = datetime(2026, 3, 14, 10, tzinfo=UTC)
TODAY = "2026-03-14"
CLAIMS = Claims(sub=IDS.new(), client="till-1", session=1, role="owner", permissions=ALL, exp=4_102_444_800)
SETTINGS = CustomersSettings(country="FI", time_zone="Europe/Helsinki", make_codes=False)


@cache
def migrated() -> Path:
    """An empty database, made once."""
    folder = Path(tempfile.mkdtemp(prefix="lives-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "customers.sqlite3"
    migrate(file, chains("customers"))
    return file


def _nothing() -> None:
    """No group is deleted here."""


class Desk:
    """Does what handlers do, a second after the other."""

    def __init__(self, ending: ExitStack) -> None:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="life-")))
        (folder / "secrets").mkdir()
        (folder / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
        shutil.copy(migrated(), folder / "customers.sqlite3")
        engine = open_writer(folder / "customers.sqlite3")
        ending.callback(engine.dispose)
        self.connection = ending.enter_context(engine.connect())
        # Nothing of these is shown, read or verified here.
        self._around = Surroundings(IDS, None, None, None, folder, None)  # type: ignore[arg-type]
        self._now = AT

    def do(self, handle: Callable[[Any, CustomersTx], Any], command: Any) -> Any:
        """What a handler answers; a rejection is answered, and changes nothing."""
        self._now += timedelta(seconds=1)
        with self.connection.begin() as begun:
            request = Request(self._now, "till-1", IDS.new(), CLAIMS)
            scope = Scope(self.connection, Journal.load(self.connection))
            try:
                return handle(command, CustomersTx(scope, self._around, request, SETTINGS, AccessNotes().add, _nothing))
            except Rejection as rejection:
                begun.rollback()
                return rejection

    def later(self, **time: float) -> None:
        """Let time pass."""
        self._now += timedelta(**time)

    def read(self, function: Callable[[CustomersTx], Any]) -> Any:
        """What a function finds."""
        return self.do(lambda _, tx: function(tx), None)

    def voided(self, number: int) -> SaleVoided:
        """A sale that sold nothing."""
        return SaleVoided(sale_id(number), TILL, TODAY, stamp(self._now), CASHIER, "mistake")

    def completed(self, number: int, reserved: Reserved) -> SaleCompleted:
        """A sale that spends what it reserved, of nobody who would earn points with it."""
        return SaleCompleted(
            sale_id=sale_id(number),
            register=TILL,
            receipt_number=f"till-1-{number:06d}",
            transaction_number=number,
            transaction_kind="sale",
            business_day=TODAY,
            started_at=stamp(self._now),
            completed_at=stamp(self._now),
            currency=CurrencyCode("EUR"),
            total=reserved.units,
            rounding=0,
            cashier=CASHIER,
            customer_id=None,
            lines=(a_line(number, reserved.units),),
            tenders=(a_tender(number, reserved.ledger, reserved.units, reserved),),
            rates=(),
            flags=(),
        )
