"""The routes of consent, merging and privacy, and whom they follow: a part of ``service.py``'s table."""

from dataclasses import replace

from contracts.checkout.completed import SaleCompleted
from contracts.customers.consent import (
    ConfirmConsent,
    GetConsentLinks,
    GetConsentQuestion,
    GetConsents,
    MarketingList,
    RecordConsent,
    WithdrawConsent,
)
from contracts.customers.merging import ListMerges, MergeCustomers, PreviewMerge, UndoMerge
from contracts.customers.privacy.copying import ExportCustomer
from contracts.customers.privacy.erasing import EraseCustomer, GetErasure, GetErasureCertificate, ListErasures
from contracts.customers.privacy.keeping import (
    GetBuyerRecord,
    GetRetention,
    HoldBuyerRecord,
    ListBuyerRecords,
    SealBuyer,
)
from contracts.customers.privacy.noting import ReadAccessLog
from services.customers import ledger_routes
from services.customers.handlers import buyers, consent, erasing, exporting, merging
from services.customers.transactions import CustomersTx
from services.runtime.service import Follow, Route, command, query

ROUTES: tuple[Route, ...] = (
    command(RecordConsent, consent.record_consent, rebuild=consent.consents_again),
    command(ConfirmConsent, consent.confirm_consent),
    command(WithdrawConsent, consent.withdraw_consent),
    query(GetConsents, consent.get_consents),
    query(GetConsentLinks, consent.get_consent_links),
    query(GetConsentQuestion, consent.get_consent_question),
    query(MarketingList, consent.marketing_list),
    query(PreviewMerge, merging.preview_merge),
    command(MergeCustomers, merging.merge_customers, rebuild=merging.merged_again),
    command(UndoMerge, merging.undo_merge, rebuild=merging.undone_again),
    query(ListMerges, merging.list_merges),
    query(ExportCustomer, exporting.export_customer, asks=True),
    command(EraseCustomer, erasing.erase_customer),
    query(GetErasure, erasing.get_erasure),
    query(ListErasures, erasing.list_erasures),
    query(GetErasureCertificate, erasing.get_certificate),
    command(SealBuyer, buyers.seal_buyer),
    query(GetBuyerRecord, buyers.get_buyer_record),
    query(ListBuyerRecords, buyers.list_buyer_records),
    command(HoldBuyerRecord, buyers.hold_buyer_record),
    query(GetRetention, buyers.get_retention),
    query(ReadAccessLog, buyers.read_access_log),
)


def _book_and_seal(event: SaleCompleted, tx: CustomersTx) -> None:
    """What a sale spends and earns, and who owes it; one follower does both, so that a sale costs one place less."""
    ledger_routes.FOLLOWS_SALES.on[SaleCompleted](event, tx)
    buyers.on_sale_completed(event, tx)


FOLLOWS_SALES: Follow[CustomersTx] = replace(
    ledger_routes.FOLLOWS_SALES, on={**ledger_routes.FOLLOWS_SALES.on, SaleCompleted: _book_and_seal}
)
