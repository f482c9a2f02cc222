"""Who gets the credit for a completed sale is changed: a new record each time, the sale itself stays as it is."""

from contracts.checkout import Sale
from contracts.checkout.crediting import AttributionChanged, ChangeAttribution, CreditedLine
from services.checkout.model.credit import changed_lines, prove_version
from services.checkout.transactions import CheckoutTx
from services.runtime.clock import stamp


def change_attribution(command: ChangeAttribution, tx: CheckoutTx) -> Sale:
    """Give the credit for the named lines of a completed sale to others, or for all that a staff member can sell.

    Rejections:
        SaleNotFound: the asking register has no sale with that id.
        SaleNotCompleted, LineItemNotFound, SharesInvalid.
        StaffUnknown: somebody named does not work here.
        RevisionConflict: the credit was changed since it was read.
    """
    sale = tx.completed_sale(command.sale_id)
    prove_version(command.expected_version, sale.attribution_version)
    changed = changed_lines(sale.lines, command.shares, command.line_item_ids)
    tx.prove_staff(command.shares)
    change = AttributionChanged(
        sale_id=sale.sale_id,
        register=sale.register,
        transaction_kind=sale.transaction_kind,
        business_day=sale.business_day,
        version=sale.attribution_version + 1,
        staff_id=tx.staff_id,
        approved_by=tx.approved_by("attribution.edit_completed"),
        changed_at=stamp(tx.now),
        lines=tuple(
            CreditedLine(
                line_item_id=line.line_item_id,
                amount=line.amount,
                attribution=command.shares if line.line_item_id in changed else line.attribution,
            )
            for line in sale.lines
        ),
    )
    tx.credit.add(change, changed, tx.record(change))
    return tx.completed_sale(command.sale_id)
