"""Skips and waivers of ended sales are forgotten after as many days as the settings say: they name staff."""

from collections.abc import Sequence

from contracts.ids import SaleId
from services.checkout.transactions import CheckoutTx, CheckoutView

AT_ONCE = 200
"""Of how many sales together: tills wait for the writer meanwhile."""


async def found(view: CheckoutView) -> list[SaleId]:
    """Some of the sales whose skips and waivers are to be forgotten."""
    return await view.settled_long_ago(AT_ONCE)


def fade(sale_ids: Sequence[SaleId], tx: CheckoutTx) -> None:
    """Forget what was skipped and waived on these sales."""
    tx.settled.forget(sale_ids)
