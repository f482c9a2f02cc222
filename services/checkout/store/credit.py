"""Who gets the credit for the lines of ended sales: each change is a new version, none is ever edited."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert

from contracts.checkout import Share
from contracts.checkout.crediting import AttributionChanged
from contracts.ids import LineItemId
from services.checkout.model.credit import amounts
from services.checkout.store import tables
from services.runtime.journal import Recorded

FIRST_VERSION = 1
"""Of the credit that a sale was completed with."""


class CreditStore:
    """Changes of the credit after completion."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, change: AttributionChanged, changed: frozenset[LineItemId], recorded: Recorded) -> None:
        """Keep who changed the credit, and what it is for the changed lines from now on.

        ``change`` tells all lines of the sale in their order.
        """
        self._connection.execute(
            insert(tables.attribution_change).values(
                sale_id=change.sale_id,
                version=change.version,
                staff_id=change.staff_id,
                approved_by=change.approved_by,
                changed_at=change.changed_at,
                event_number=recorded.number,
            )
        )
        rows = [
            row
            for place, line in enumerate(change.lines)
            if line.line_item_id in changed
            for row in share_rows(change.sale_id, place, change.version, line.amount, line.attribution)
        ]
        if rows:
            self._connection.execute(insert(tables.attribution_share), rows)


def share_rows(sale_id: str, place: int, version: int, amount: int, shares: Sequence[Share]) -> list[dict[str, Any]]:
    """The rows of one line's shares, each with what it comes to."""
    return [
        {
            "sale_id": sale_id,
            "place": place,
            "version": version,
            "part": part,
            "staff_id": share.staff_id,
            "basis_points": share.basis_points,
            "amount": share_amount,
        }
        for part, (share, share_amount) in enumerate(zip(shares, amounts(amount, shares), strict=True))
    ]
