"""What policy does with messages about its settings: read, put in force, tried."""

from datetime import timedelta

from contracts.customers import RevisionConflict
from contracts.customers.groups import ListGroups
from contracts.policy import (
    GetSettings,
    ListSettingsRevisions,
    PolicyInForce,
    PolicySettings,
    RevisionNotFound,
    SetSettings,
    SettingsRevisions,
)
from contracts.policy.reporting import WhatIf, WhatIfReport
from contracts.policy.telling import PolicyRevision, SettingsChanged
from services.policy.model.recorded import what_if as decide_again
from services.policy.model.rulebook import Rulebook
from services.policy.model.settings import (
    GROUPS_NOT_CHECKED,
    Known,
    check_known,
    check_settings,
    check_size,
    groups_named,
    settings_hash,
    warnings,
)
from services.policy.store.decisions import DecisionStore
from services.policy.store.settings import InForce, SettingsStore
from services.policy.transactions import PolicyTx, PolicyView
from services.runtime.asking import Ask
from services.runtime.bus import LARGEST_PAYLOAD
from services.runtime.clock import stamp
from services.runtime.states import Shown

LARGEST_SETTINGS = LARGEST_PAYLOAD - 10_000
"""In bytes of JSON; an answer tells the revision, who set it and warnings besides."""


def start(tx: PolicyTx) -> None:
    """Settings and roles are at hand before anything is answered."""
    tx.put_in_force(tx.settings.in_force())
    tx.tell_roles()


async def get_settings(query: GetSettings, view: PolicyView) -> PolicyInForce:
    """Tell the settings in force, or those of an earlier revision.

    Rejections:
        RevisionNotFound: there were never any of that revision.
    """
    now, wanted = view.in_force, query.revision
    if wanted is None or wanted == now.revision:
        return _told(now)
    if wanted > now.revision:  # whatever a hostile number is, the database is not asked about it
        raise RevisionNotFound(field="$.revision", revision=wanted)
    return _told(await view.read(lambda connection: SettingsStore(connection).get(wanted)), in_force=False)


async def list_settings_revisions(query: ListSettingsRevisions, view: PolicyView) -> SettingsRevisions:
    """Tell who put which settings in force, newest first."""
    newest = view.in_force.revision
    first = newest if query.next is None else min(query.next, newest)
    revisions, following = await view.read(lambda connection: SettingsStore(connection).page(query.limit, first))
    return SettingsRevisions(revisions, following)


async def prepare_set_settings(command: SetSettings, view: PolicyView, ask: Ask) -> Known:
    """Read which registers the store has, and ask for its customer groups if an override names one.

    Rejections:
        Unavailable: an override names a group, and customers does not answer.
    """
    groups = None
    if groups_named(command.settings):
        groups = frozenset(each.group for each in (await ask(ListGroups())).groups)
    return Known(view.registers(), groups)


def set_settings(command: SetSettings, known: Known, tx: PolicyTx) -> PolicyInForce:
    """Put settings in force for the next check and keep the revision before.

    Rejections:
        RevisionConflict: other settings are in force than those that were read; ``revision`` says which.
        PurposeRefused, Malformed: as ``check_settings`` and ``check_size`` say.
        UnknownRegister, UnknownGroup: an override names what the store does not have.
    """
    before = tx.settings.in_force()
    if command.expected_revision != before.revision:
        raise RevisionConflict(field="expected_revision", revision=before.revision)
    settings = command.settings
    _check(settings, known)
    after = InForce(before.revision + 1, settings, tx.staff_id, stamp(tx.now))
    tx.settings.add(after, staff_id=tx.staff_id, client=tx.caller, at=tx.now)
    tx.put_in_force(after)
    tx.record(
        SettingsChanged(
            revision=after.revision,
            staff_id=tx.staff_id,
            settings_hash=settings_hash(settings),
            on_policy_unavailable=settings.on_policy_unavailable,
            attribution=settings.attribution,
            moment=settings.moment,
            approved_by=tx.approved_by("policy.edit"),
        )
    )
    tx.show(_shown(after))
    return _told(after)


async def what_if(query: WhatIf, view: PolicyView) -> WhatIfReport:
    """Try draft settings on the decisions of the last days; nothing is changed.

    A query asks nobody, so groups are taken as they are: one that the store does not have fits no decision. A
    warning says so where the draft names a group that the settings in force do not; those were asked for.

    Rejections:
        PurposeRefused, Malformed, UnknownRegister: as for ``set_settings``.
    """
    draft, since = query.settings, view.now - timedelta(days=query.days)
    _check(draft, Known(view.registers()))
    now = view.in_force
    unchecked = groups_named(draft) - groups_named(now.settings)
    cells = await view.read(
        lambda connection: decide_again(Rulebook(draft, now.revision), DecisionStore(connection).since(since))
    )
    return WhatIfReport(
        days=query.days,
        sales=sum(cell.sales for cell in cells),
        prompted=sum(cell.prompted for cell in cells),
        blocked=sum(cell.blocked for cell in cells),
        was_prompted=sum(cell.was_prompted for cell in cells),
        was_blocked=sum(cell.was_blocked for cell in cells),
        cells=cells,
        warnings=(*warnings(draft), *((GROUPS_NOT_CHECKED,) if unchecked else ())),
    )


async def shown(view: PolicyView) -> list[Shown]:
    """Everything that policy retains: which revision is in force."""
    return [Shown(_shown(view.in_force))]


def _check(settings: PolicySettings, known: Known) -> None:
    check_size(settings, LARGEST_SETTINGS)
    check_settings(settings)
    check_known(settings, known)


def _told(told: InForce, *, in_force: bool = True) -> PolicyInForce:
    return PolicyInForce(told.revision, told.settings, warnings(told.settings), in_force, told.set_by, told.set_at)


def _shown(in_force: InForce) -> PolicyRevision:
    return PolicyRevision(in_force.revision, in_force.settings.on_policy_unavailable)
