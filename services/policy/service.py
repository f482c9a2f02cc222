"""How policy is put together: its routes, whom it follows, what it retains."""

import asyncio
from pathlib import Path

from contracts.checkout import CheckoutDecided
from contracts.policy import CheckCheckout, GetSettings, SetSettings
from contracts.staff import SessionEnded, SessionStarted
from services.policy import handlers
from services.policy.settings import PolicyServiceSettings
from services.policy.transactions import Current, PolicyTx, PolicyView
from services.runtime.running import Context
from services.runtime.service import Follow, Service, command, query
from services.runtime.writer import DatabaseFault


def policy(settings: PolicyServiceSettings) -> Service[PolicyTx, PolicyView]:
    """Put the policy service together; nothing runs from here."""
    current = Current()

    async def fade(context: Context[PolicyTx, PolicyView]) -> None:
        """Look for old decisions at the start and again and again."""
        while True:
            try:
                await context.write(handlers.fade_old_decisions)
            except DatabaseFault as fault:
                context.log.warning("decisions-not-faded", fault=str(fault))
            await asyncio.sleep(settings.fade_every_s)

    return Service(
        name="policy",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: PolicyTx(scope, around, request, current),
        view=lambda around, request: PolicyView(around, request, current),
        routes=(
            query(GetSettings, handlers.get_settings),
            command(SetSettings, handlers.set_settings),
            query(CheckCheckout, handlers.check_checkout),
        ),
        follows=(
            Follow("checkout", "decisions", "reaction", on={CheckoutDecided: handlers.on_checkout_decided}),
            Follow(
                "staff",
                "sessions",
                "reaction",
                on={SessionStarted: handlers.on_session_started, SessionEnded: handlers.on_session_ended},
            ),
        ),
        shown=handlers.shown,
        workers=(fade,),
        start=handlers.start,
    )
