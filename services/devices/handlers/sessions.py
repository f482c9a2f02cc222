"""Sessions at registers, whose tokens are void once they ended."""

from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.devices.transactions import DevicesTx


def on_session_started(event: SessionStarted, tx: DevicesTx) -> None:
    """Earlier sessions at that register are void."""
    tx.end_session(event.register, below=event.session)


def on_session_ended(event: SessionEnded, tx: DevicesTx) -> None:
    """That session and those before it are void."""
    tx.end_session(event.register, below=event.session + 1)
