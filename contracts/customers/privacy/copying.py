"""A customer's copy of all that is held about them.

Never here: what is in the copy; whoever holds something says it in their own words.
"""

from typing import Any, ClassVar

from contracts.base import Query, Reply
from contracts.customers import CustomerNotFound, LanguageCode
from contracts.ids import CustomerId, Timestamp


class CustomerExport(Reply, frozen=True):
    """All that is held about a person: ``document`` for machines, ``page`` (HTML) to read, in their language.

    ``next`` asks for what follows of long lists (``ledger_entries``, ``history``, ``accesses``, ``sale_fields``); the
    first part holds everything else. What was bought is on the receipts of the sales in ``history``: ``get-receipt``
    tells it. ``sale_fields`` are the shop's own fields of their sales and lines, by what it called them.
    """

    personal: ClassVar = True

    customer_id: CustomerId
    made_at: Timestamp
    language: LanguageCode
    document: dict[str, Any]
    page: str
    next: str | None = None


class ExportCustomer(Query[CustomerExport], frozen=True):
    """Make a copy of all that is held about a customer, for themselves (GDPR, articles 15 and 20). It is noted.

    While checkout is away it is ``unavailable``, for what that holds is a part of it.
    """

    asked_by = ("backoffice", "hub")
    permission = "customer.export"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId
    language: LanguageCode | None = None
    """That of the page; the customer's own if left out."""
    next: str | None = None
