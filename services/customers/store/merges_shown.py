"""What is told of merges: what one would make of two customers, and which ones made a customer."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from contracts.customers import Customer, CustomerNotFound
from contracts.customers.merging import MergePreview, Merges, PreviewMerge, SameCustomer
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.customers.model.consent import REFUSALS, brought, newest
from services.customers.model.merging import differing, merged
from services.customers.store.accounts import AccountStore
from services.customers.store.consent import ConsentStore
from services.customers.store.customers import CustomerStore
from services.customers.store.merging import MergeStore
from services.customers.store.shown import seen

_AFTER_ALL = 1 << 60


def merge_preview(
    connection: Connection,
    key: bytes,
    query: PreviewMerge,
    *,
    details: bool,
    at_register: Callable[[], bool] = lambda: False,
) -> MergePreview:
    """What a merge would make of two customers.

    Rejections:
        CustomerNotFound: one of them is not on file.
        SameCustomer: both ids stand for the same one.
        PlaceholderMerged: one of them stands for nobody.
        TakeInvalid: a detail cannot be kept of both.
        MergeTooLarge: both together have more of a detail than one customer can have.
    """
    customers, said = CustomerStore(connection), ConsentStore(connection, key)
    survivor, loser = customers.profile(query.survivor_id), customers.profile(query.loser_id)
    if survivor.customer_id == loser.customer_id:
        raise SameCustomer(customer_id=survivor.customer_id)
    mine, theirs = said.said_by(survivor.customer_id), said.said_by(loser.customer_id)
    after = newest([*mine, *(msgspec.structs.replace(each, number=_AFTER_ALL) for each in brought(mine, theirs))])
    whole = (survivor, loser, merged(survivor, loser, query.take))
    shown = seen(connection, whole, details=details, at_register=at_register)
    return MergePreview(
        survivor=shown[0],
        loser=shown[1],
        result=shown[2],
        differing=differing(survivor, loser),
        balances=_together(connection, survivor, loser),
        refusals=sum(each.state in REFUSALS for each in after.values()),
    )


def merges_of(connection: Connection, customer_id: CustomerId) -> Merges:
    """The merges that made a customer.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    customers = CustomerStore(connection)
    if not customers.exists(customer_id):
        raise CustomerNotFound(customer_id=customer_id)
    present = customers.present_id(customer_id)
    return Merges(present, MergeStore(connection).of(present))


def _together(connection: Connection, survivor: Customer, loser: Customer) -> Balances:
    """What both have and owe; the survivor's limit holds, 0 too, unless they have no terms of their own."""
    one, other = survivor.balances or Balances(), loser.balances or Balances()
    own_terms = AccountStore(connection).kept(survivor.customer_id).there
    return Balances(
        store_credit=one.store_credit + other.store_credit,
        account_owed=one.account_owed + other.account_owed,
        account_limit=one.account_limit if own_terms else other.account_limit,
        loyalty_points=one.loyalty_points + other.loyalty_points,
    )
