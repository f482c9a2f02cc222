"""What policy does with what it hears: checkout's decisions, skips, waivers and sales, staff's sessions and roles.

All of it is kept once; hearing it again changes nothing.
"""

from contracts.checkout import Flag
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.decided import CheckoutDecided, PolicyPassedOver, PromptSkipped, RuleWaived
from contracts.policy.telling import SaleRechecked
from contracts.staff.roles import RoleChanged
from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.policy.model.decision import decide
from services.policy.store.decisions import KnownOfFlag
from services.policy.transactions import PolicyTx

WAIVE = "policy.waive"
ABOUT_RULES: frozenset[Flag] = frozenset({"policy_unsatisfied", "unsatisfied_offline"})
"""Flags that say that a rule was not met; the last block says which."""


def on_checkout_decided(event: CheckoutDecided, tx: PolicyTx) -> None:
    """Keep what was decided with the facts, once for each decision."""
    tx.decisions.keep(event, tx.source.number)


def on_prompt_skipped(event: PromptSkipped, tx: PolicyTx) -> None:
    """Keep that staff went on without a recommended detail, and why."""
    tx.decisions.keep_skip(event, tx.source.event_id)


def on_rule_waived(event: RuleWaived, tx: PolicyTx) -> None:
    """Keep who let a required detail pass."""
    tx.decisions.keep_waiver(event, tx.source.event_id)


def on_policy_passed_over(event: PolicyPassedOver, tx: PolicyTx) -> None:
    """Keep who let money be taken while policy was away."""
    tx.decisions.keep_passing(event)


def on_sale_completed(event: SaleCompleted, tx: PolicyTx) -> None:
    """Keep a sale that did not go as the rules have it; one that was paid while policy was away is checked now."""
    event_id = tx.source.event_id
    tx.decisions.number_receipt(event)
    if tx.decisions.knows_exception(event_id):
        return
    for flag in dict.fromkeys(event.flags):
        known = KnownOfFlag()
        if flag == "policy_unavailable":
            known = _recheck(event, tx)
        elif flag in ABOUT_RULES:
            known = KnownOfFlag(tx.decisions.missing(event.sale_id))
        tx.decisions.keep_flag(event, flag, known, event_id)


def on_role_changed(event: RoleChanged, tx: PolicyTx) -> None:
    """Know whether people of that role may let a rule pass, with their PIN also where somebody else is signed on."""
    may_waive = WAIVE in event.allowed and event.may_approve and not event.removed
    tx.roles.put(event.role, event.revision, may_waive=may_waive)
    tx.tell_roles()


def on_session_started(event: SessionStarted, tx: PolicyTx) -> None:
    """Earlier sessions at that register are void."""
    tx.end_session(event.register, below=event.session)


def on_session_ended(event: SessionEnded, tx: PolicyTx) -> None:
    """That session and those before it are void."""
    tx.end_session(event.register, below=event.session + 1)


def fade(tx: PolicyTx) -> None:
    """What is older than the settings keep it no longer says who sold what."""
    tx.decisions.fade(tx.now, tx.settings.in_force().settings.keep_days)


def _recheck(sale: SaleCompleted, tx: PolicyTx) -> KnownOfFlag:
    """Check a sale by the settings that were in force when policy did not answer, and tell what came of it."""
    passed_by = tx.decisions.passed_by(sale.sale_id)
    unanswered = tx.decisions.last_unanswered(sale.sale_id)
    if unanswered is None:
        return KnownOfFlag(approved_by=passed_by)
    verdict = decide(tx.rulebook_at(unanswered.decided_at), unanswered.recorded.facts())
    tx.decisions.put_recheck(unanswered.decision_id, verdict.outcome, verdict.settings_revision)
    tx.record(
        SaleRechecked(
            decision_id=unanswered.decision_id,
            sale_id=sale.sale_id,
            register=sale.register,
            settings_revision=verdict.settings_revision,
            outcome=verdict.outcome,
            missing=verdict.missing,
        )
    )
    return KnownOfFlag(verdict.missing, verdict.outcome, passed_by)
