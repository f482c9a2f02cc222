"""Who is signed on where: tokens of sessions that are over are void here as well."""

from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.customers.transactions import CustomersTx


def on_session_started(event: SessionStarted, tx: CustomersTx) -> None:
    """Earlier sessions at that register are void."""
    tx.end_session(event.register, below=event.session)


def on_session_ended(event: SessionEnded, tx: CustomersTx) -> None:
    """That session and those before it are void."""
    tx.end_session(event.register, below=event.session + 1)
