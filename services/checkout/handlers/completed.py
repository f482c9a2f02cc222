"""How a completed sale is told to other services."""

from contracts.checkout import ReceiptWanted, Sale
from contracts.checkout.completed import CompletedLine, CompletedTender, SaleCompleted
from contracts.customers import LanguageCode


def completed(sale: Sale, receipt: ReceiptWanted, language: LanguageCode) -> SaleCompleted:
    """Tell a completed sale by ids, codes, amounts and rates.

    The same event comes of a sale as it is completed and of one put together again from its rows.
    """
    if sale.receipt_number is None or sale.transaction_number is None or sale.ended_at is None:
        raise LookupError("a sale that is not completed cannot be told as such")
    return SaleCompleted(
        sale_id=sale.sale_id,
        register=sale.register,
        receipt_number=sale.receipt_number,
        transaction_number=sale.transaction_number,
        transaction_kind=sale.transaction_kind,
        business_day=sale.business_day,
        started_at=sale.started_at,
        completed_at=sale.ended_at,
        currency=sale.currency,
        total=sale.totals.total,
        rounding=sale.totals.rounding,
        cashier=sale.cashier,
        customer_id=sale.customer_id,
        lines=tuple(
            CompletedLine(
                line_item_id=line.line_item_id,
                kind=line.kind,
                item=line.item,
                quantity=line.quantity,
                amount=line.amount,
                taxes=line.taxes,
                attribution=line.attribution,
                redeemed=line.redeemed,
            )
            for line in sale.lines
        ),
        tenders=tuple(
            CompletedTender(tender.tender_id, tender.kind, tender.amount, tender.reserved, tender.settled_tax)
            for tender in sale.tenders
        ),
        rates=sale.totals.rates,
        flags=sale.flags,
        receipt=receipt,
        language=language,
        customer_group=sale.customer_group,
        redemption=sale.redemption,
        sealed_buyer_id=sale.sealed_buyer_id,
        sealed_reason=sale.sealed_reason,
    )
