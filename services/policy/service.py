"""How policy is put together: its routes, whom it follows, what it retains."""

import asyncio
from pathlib import Path

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.decided import CheckoutDecided, PolicyPassedOver, PromptSkipped, RuleWaived
from contracts.policy import GetSettings, ListSettingsRevisions, SetSettings
from contracts.policy.checking import CheckCheckout, ListSkipReasons
from contracts.policy.reporting import GetPolicyReport, ListExceptions, WhatIf
from contracts.staff.roles import RoleChanged
from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.policy.handlers import checks, heard, reports
from services.policy.handlers import settings as about_settings
from services.policy.settings import PolicyServiceSettings
from services.policy.transactions import Current, PolicyTx, PolicyView
from services.runtime.service import Follow, Service, command, query
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault


def policy(settings: PolicyServiceSettings) -> Service[PolicyTx, PolicyView]:
    """Put the policy service together; nothing runs from here."""
    current = Current()

    async def fade(context: Context[PolicyTx, PolicyView]) -> None:
        """Look for old decisions at the start and again and again."""
        while True:
            try:
                await context.write(heard.fade)
            except DatabaseFault as fault:
                context.log.warning("decisions-not-faded", fault=str(fault))
            await asyncio.sleep(settings.fade_every_s)

    return Service(
        name="policy",
        migrations=Path(__file__).parent / "migrations",
        transaction=lambda scope, around, request: PolicyTx(scope, around, request, current),
        view=lambda around, request: PolicyView(around, request, current),
        routes=(
            query(GetSettings, about_settings.get_settings),
            query(ListSettingsRevisions, about_settings.list_settings_revisions),
            command(SetSettings, about_settings.set_settings, prepare=about_settings.prepare_set_settings),
            query(WhatIf, about_settings.what_if),
            query(CheckCheckout, checks.check_checkout),
            query(ListSkipReasons, checks.list_skip_reasons),
            query(GetPolicyReport, reports.get_policy_report),
            query(ListExceptions, reports.list_exceptions),
        ),
        follows=(
            Follow(
                "checkout",
                "decisions",
                "reaction",
                on={
                    CheckoutDecided: heard.on_checkout_decided,
                    PromptSkipped: heard.on_prompt_skipped,
                    RuleWaived: heard.on_rule_waived,
                    PolicyPassedOver: heard.on_policy_passed_over,
                    SaleCompleted: heard.on_sale_completed,
                },
            ),
            Follow(
                "staff",
                "sessions",
                "reaction",
                on={
                    SessionStarted: heard.on_session_started,
                    SessionEnded: heard.on_session_ended,
                    RoleChanged: heard.on_role_changed,
                },
            ),
        ),
        shown=about_settings.shown,
        workers=(fade,),
        start=about_settings.start,
    )
