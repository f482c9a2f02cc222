"""Two records of one person become one, and are taken apart again."""

from collections.abc import Collection
from datetime import timedelta

import msgspec

from contracts.customers import Customer, RevisionConflict
from contracts.customers.asking import CustomerChanged
from contracts.customers.merging import (
    CustomersMerged,
    CustomersParted,
    ListMerges,
    Merge,
    MergeBuriedUnder,
    MergeCustomers,
    MergeExists,
    MergeNotFound,
    MergePreview,
    MergeReversed,
    Merges,
    MergeTooOld,
    MergeUndone,
    PreviewMerge,
    SameCustomer,
    UndoMerge,
)
from contracts.ids import CustomerId
from services.customers.handlers import transfers
from services.customers.handlers.consent import told
from services.customers.model.consent import Said, about_only, brought, refused_since
from services.customers.model.merging import UNDO_DAYS, in_a_group_there_is, merged, parted, undo_until
from services.customers.model.records import changed_fields, facts
from services.customers.store.merges_shown import merge_preview, merges_of
from services.customers.store.merging import Kept
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import read_stamp, stamp


async def preview_merge(query: PreviewMerge, view: CustomersView) -> MergePreview:
    """Show what a merge would make of two customers; who saw them in full is noted.

    Rejections:
        CustomerNotFound: one of them is not on file.
        SameCustomer: both ids stand for the same one.
        PlaceholderMerged: one of them stands for nobody.
        TakeInvalid: a detail cannot be kept of both.
        MergeTooLarge: both together have more of a detail than one customer can have.
    """
    key = view.digest_key
    preview = await view.read(
        lambda connection: merge_preview(
            connection, key, query, details=view.sees_details, at_register=view.at_register
        )
    )
    if view.sees_details:
        for each in (preview.survivor, preview.loser):
            view.accessed("viewed", each.customer_id)
    return preview


def merge_customers(command: MergeCustomers, tx: CustomersTx) -> Customer:
    """Make two customers one.

    Rejections:
        CustomerNotFound: one of them is not on file.
        SameCustomer: both ids stand for the same one.
        PlaceholderMerged: one of them stands for nobody.
        RevisionConflict: one of them is another than the one that was looked at.
        TakeInvalid: a detail cannot be kept of both.
        MergeTooLarge: both together have more of a detail than one customer can have.
        MergeExists: the id is of another merge.
        MergeUndone: this merge was made, and taken back since.
    """
    done = tx.merges.find(command.merge_id)
    if done is not None:
        return _made_before(done, command, tx)
    survivor, loser = tx.customers.get(command.survivor_id), tx.customers.get(command.loser_id)
    if survivor.customer_id == loser.customer_id:
        raise SameCustomer(customer_id=survivor.customer_id)
    _prove_seen("survivor_revision", command.survivor_revision, survivor)
    _prove_seen("loser_revision", command.loser_revision, loser)
    result = merged(survivor, loser, command.take)
    said = tx.consents.last_number()
    _tell_consent(
        brought(tx.consents.said_by(survivor.customer_id), tx.consents.said_by(loser.customer_id)),
        survivor.customer_id,
        command.merge_id,
        tx,
    )
    transfers.transfer(tx, loser.customer_id, survivor.customer_id, command.merge_id)
    mark = tx.customers.creation_mark(loser.customer_id) or b""
    tx.merges.take_off_file(loser.customer_id)
    tx.customers.change(survivor, result, tx.now)
    now = stamp(tx.now)
    merge = Merge(
        command.merge_id, survivor.customer_id, loser.customer_id, now, stamp(undo_until(tx.now)), undone_at=None
    )
    tx.merges.put(merge, Kept(survivor, loser, result, said), mark, tx.signed_on)
    tx.note(
        "merged",
        survivor.customer_id,
        revision=result.revision,
        fields=changed_fields(survivor, result),
        reference=loser.customer_id,
    )
    tx.note("merged", loser.customer_id, reference=survivor.customer_id)
    tx.accessed("merged", survivor.customer_id, 2)
    tx.record(CustomerChanged(facts(result)))
    tx.record(CustomersMerged(command.merge_id, loser.customer_id, survivor.customer_id, facts(result)))
    return tx.shown(survivor.customer_id)


def merged_again(command: MergeCustomers, tx: CustomersTx) -> Customer:
    """Answer a repeated merge with the survivor as they are by now.

    Rejections:
        CustomerNotFound: they were erased since.
        MergeUndone: the merge was taken back since.
    """
    done = tx.merges.find(command.merge_id)
    return tx.looked_at(command.survivor_id) if done is None else _made_before(done, command, tx)


def undo_merge(command: UndoMerge, tx: CustomersTx) -> MergeReversed:
    """Take a merge back.

    Rejections:
        MergeNotFound: there was none of that id.
        MergeUndone: it was taken back already.
        MergeTooOld: more than 30 days have passed.
        MergeBuriedUnder: the survivor was merged into somebody else since, or somebody else into them; or they
            were erased.
    """
    merge = tx.merges.find(command.merge_id)
    if merge is None:
        raise MergeNotFound(field="merge_id", merge_id=command.merge_id)
    if merge.undone_at is not None:
        raise MergeUndone(merge_id=command.merge_id)
    if tx.now > read_stamp(merge.undo_until):
        raise MergeTooOld(merge_id=command.merge_id, undo_until=merge.undo_until, days=UNDO_DAYS)
    survivor_now = _not_buried(merge, tx)
    if not _part(merge, survivor_now, tx):
        raise MergeTooOld(merge_id=command.merge_id, undo_until=merge.undo_until, days=UNDO_DAYS)
    transfers.balances_back(tx, merge.survivor_id, command.merge_id)
    return MergeReversed(tx.looked_at(merge.survivor_id), tx.looked_at(merge.loser_id))


def part_for_good(erased: Collection[CustomerId], tx: CustomersTx) -> None:
    """Undo each merge of one of these with somebody who is none of them: they were parted before they were erased.

    A restored backup does not know that. Whatever buries such a merge is undone before, as it was then. Balances go
    back later (``give_balances_back``), for what was spent since the backup is not booked yet.
    """
    for merge_id in tx.merges.crossing(erased):
        _part_from_the_outside(merge_id, tx)


def give_balances_back(tx: CustomersTx) -> None:
    """Let balances go back of all merges that a restored backup had to undo, in that order."""
    for merge in tx.merges.going_back():
        tx.merges.gone_back(merge)
        transfers.balances_back(tx, merge.survivor_id, merge.merge_id)


def _part_from_the_outside(merge_id: str, tx: CustomersTx) -> None:
    merge = tx.merges.find(merge_id)
    if merge is None or merge.undone_at is not None:
        return
    later = tx.merges.later_of(merge)
    if later is not None:
        _part_from_the_outside(later, tx)
    survivor = tx.customers.find(merge.survivor_id)
    if survivor is not None and _part(merge, survivor, tx):
        tx.merges.go_back_later(merge)


def _part(merge: Merge, survivor_now: Customer, tx: CustomersTx) -> bool:
    """Make two records of one again, but for their balances; False where what it takes is not kept any more."""
    remembered = tx.merges.kept(merge.merge_id)
    if remembered is None:
        return False
    kept, mark = remembered
    groups = {each.group for each in tx.groups.all()}
    survivor, loser = (
        in_a_group_there_is(each, groups) for each in parted(survivor_now, kept.result, kept.survivor, kept.loser)
    )
    said = tx.consents.said_by(merge.survivor_id)
    given = about_only(loser, survivor, said, merge.merge_id, kept.said)
    refused = refused_since(said, kept.loser, merge.merge_id, kept.said)
    tx.customers.change(survivor_now, survivor, tx.now)
    tx.merges.take_back(merge, tx.now)
    tx.customers.add(loser, mark, tx.now)
    transfers.terms_back(tx, merge.loser_id, merge.survivor_id, merge.merge_id)
    tx.merges.give_consents([each.consent_id for each in given], merge.loser_id)
    _tell_consent([each for each in refused if each not in given], merge.loser_id, None, tx)
    for record, other in ((survivor, merge.loser_id), (loser, merge.survivor_id)):
        fields = changed_fields(survivor_now, record)
        tx.note("merge_undone", record.customer_id, revision=record.revision, fields=fields, reference=other)
        tx.record(CustomerChanged(facts(record)))
    tx.record(CustomersParted(merge.merge_id, merge.loser_id, merge.survivor_id, facts(loser)))
    return True


def undone_again(command: UndoMerge, tx: CustomersTx) -> MergeReversed:
    """Answer a repeated undoing with both as they are by now.

    Rejections:
        MergeNotFound: there was no such merge.
        CustomerNotFound: one of them was erased since.
    """
    merge = tx.merges.find(command.merge_id)
    if merge is None:
        raise MergeNotFound(field="merge_id", merge_id=command.merge_id)
    return MergeReversed(tx.looked_at(merge.survivor_id), tx.looked_at(merge.loser_id))


async def list_merges(query: ListMerges, view: CustomersView) -> Merges:
    """Tell which merges made a customer.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    return await view.read(lambda connection: merges_of(connection, query.customer_id))


def forget_old_merges(tx: CustomersTx) -> None:
    """Forget what was kept of both, once it cannot be undone any more."""
    tx.merges.forget_old(stamp(tx.now - timedelta(days=UNDO_DAYS)))


def _prove_seen(field: str, revision: int, customer: Customer) -> None:
    if revision != customer.revision:
        raise RevisionConflict(field=field, customer_id=customer.customer_id, revision=customer.revision)


def _made_before(done: Merge, command: MergeCustomers, tx: CustomersTx) -> Customer:
    """The survivor of a merge that is told again, whichever of their ids names the two."""
    survivor, loser = (tx.merges.ids_of(each) for each in (command.survivor_id, command.loser_id))
    if done.survivor_id not in survivor or done.loser_id in survivor or done.loser_id not in loser:
        raise MergeExists(field="merge_id", merge_id=command.merge_id)
    if done.undone_at is not None:
        raise MergeUndone(merge_id=command.merge_id)
    return tx.looked_at(command.survivor_id)


def _not_buried(merge: Merge, tx: CustomersTx) -> Customer:
    later = tx.merges.later_of(merge)
    record = None if later else tx.customers.find(merge.survivor_id)
    if record is None:
        raise MergeBuriedUnder(merge_id=merge.merge_id, later_merge_id=later)
    return record


def _tell_consent(said: list[Said], customer_id: CustomerId, merge_id: str | None, tx: CustomersTx) -> None:
    """Keep what was said as the one customer as said by the other, too."""
    now = stamp(tx.now)
    for each in said:
        again = msgspec.structs.replace(
            each, consent_id=tx.ids.new(), customer_id=customer_id, recorded_at=now, merge_id=merge_id
        )
        tx.consents.add([again])
        tx.record(told(again))
