"""What policy does with each message: settings first, then checks, then what it hears from others.

The runtime opens the transaction, commits state and journal together and then replies. Nothing here
commits, retries, catches or reads a clock.
"""

from contracts.checkout import CheckoutDecided
from contracts.customers import RevisionConflict
from contracts.policy import (
    CheckAnswer,
    CheckCheckout,
    GetSettings,
    PolicyInForce,
    PolicyRevision,
    SetSettings,
    SettingsChanged,
)
from contracts.staff import SessionEnded, SessionStarted
from services.policy.model import check_settings, decide, settings_hash, warnings
from services.policy.sentences import answer
from services.policy.store import InForce
from services.policy.transactions import PolicyTx, PolicyView
from services.runtime.states import Shown


def start(tx: PolicyTx) -> None:
    """The settings in force are at hand before anything is answered."""
    tx.put_in_force(tx.settings.in_force())


async def get_settings(query: GetSettings, view: PolicyView) -> PolicyInForce:  # noqa: ARG001 - it asks for nothing
    """Tell the settings in force."""
    return _told(view.in_force)


def set_settings(command: SetSettings, tx: PolicyTx) -> PolicyInForce:
    """Put settings in force for the next check and keep the revision before.

    Rejections:
        RevisionConflict: other settings are in force than those that were read; ``revision`` says which.
        PurposeRefused: a required rule names marketing as its purpose.
        Malformed: a purpose's sentence is blank or holds a control character.
    """
    before = tx.settings.in_force()
    if command.expected_revision != before.revision:
        raise RevisionConflict(field="expected_revision", revision=before.revision)
    check_settings(command.settings)
    after = InForce(before.revision + 1, command.settings)
    tx.settings.add(after, staff_id=tx.staff_id, client=tx.caller, at=tx.now)
    tx.put_in_force(after)
    tx.record(SettingsChanged(after.revision, tx.staff_id, settings_hash(after.settings)))
    tx.show(_shown(after))
    return _told(after)


async def check_checkout(query: CheckCheckout, view: PolicyView) -> CheckAnswer:
    """Say whether a sale may be paid as it stands; nothing is written, and no database is asked."""
    revision, settings = view.in_force
    return answer(decide(settings, query.facts, revision), settings, query.language)


async def shown(view: PolicyView) -> list[Shown]:
    """Everything that policy retains: which revision is in force."""
    return [Shown(_shown(view.in_force))]


def on_checkout_decided(event: CheckoutDecided, tx: PolicyTx) -> None:
    """Keep what was decided, once for each decision."""
    tx.decisions.keep(event)


def fade_old_decisions(tx: PolicyTx) -> None:
    """Decisions older than the settings keep them no longer say who sold what."""
    tx.decisions.fade(tx.now, tx.settings.in_force().settings.keep_days)


def on_session_started(event: SessionStarted, tx: PolicyTx) -> None:
    """Earlier sessions at that register are void."""
    tx.end_session(event.register, below=event.session)


def on_session_ended(event: SessionEnded, tx: PolicyTx) -> None:
    """That session and those before it are void."""
    tx.end_session(event.register, below=event.session + 1)


def _told(in_force: InForce) -> PolicyInForce:
    return PolicyInForce(in_force.revision, in_force.settings, warnings(in_force.settings))


def _shown(in_force: InForce) -> PolicyRevision:
    return PolicyRevision(in_force.revision, in_force.settings.on_policy_unavailable)
