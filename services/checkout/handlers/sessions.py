"""Who is signed on where: tokens of sessions that are over are void here as well, and scans are nobody's."""

from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.checkout.store.signed_on import SignedOn
from services.checkout.transactions import CheckoutTx


def on_session_started(event: SessionStarted, tx: CheckoutTx) -> None:
    """Earlier sessions at that register are void."""
    tx.end_session(event.register, below=event.session)
    tx.hear_session(event.register, SignedOn(event.session, event.staff_id, event.sells))


def on_session_ended(event: SessionEnded, tx: CheckoutTx) -> None:
    """The session that ended is void."""
    tx.end_session(event.register, below=event.session + 1)
    tx.hear_session(event.register, SignedOn(event.session, None))
