"""Who works here: whoever gets the credit for a line does."""

from contracts.staff import StaffChanged
from services.checkout.transactions import CheckoutTx


def on_staff_changed(event: StaffChanged, tx: CheckoutTx) -> None:
    """Whoever joined may get credit, whoever left may not."""
    tx.staff.put(event.staff_id, active=event.active)


def forget(tx: CheckoutTx) -> None:
    """Know nobody, before all is heard again."""
    tx.staff.wipe()
