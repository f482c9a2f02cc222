"""The routes of the ledgers, and whom they follow: a part of ``service.py``'s table."""

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import TenderRemoved
from contracts.checkout.selling import SaleVoided
from contracts.customers.ledgers import (
    AdjustBalance,
    AuditLedgers,
    GetAccountStatement,
    GetBalances,
    GetLedger,
    ListLateCaptures,
    ReleaseBalance,
    ReserveBalance,
    SetAccountTerms,
)
from contracts.customers.loyalty import GetLoyaltyProgramme, JoinLoyalty, SetLoyaltyProgramme
from contracts.customers.vouchers import CheckVoucher, IssueVoucher, ListSaleVouchers
from services.customers import expiry
from services.customers.handlers import ledgers, loyalty, reserving, spending, vouchers
from services.customers.transactions import CustomersTx
from services.runtime.service import Follow, Route, command, query

ROUTES: tuple[Route, ...] = (
    command(AdjustBalance, ledgers.adjust_balance),
    command(SetAccountTerms, ledgers.set_account_terms),
    query(GetBalances, ledgers.get_balances),
    query(GetLedger, ledgers.get_ledger),
    query(GetAccountStatement, ledgers.get_account_statement),
    query(ListLateCaptures, ledgers.list_late_captures),
    query(AuditLedgers, ledgers.audit_ledgers),
    command(ReserveBalance, reserving.reserve_balance),
    command(ReleaseBalance, reserving.release_balance),
    command(SetLoyaltyProgramme, loyalty.set_loyalty_programme),
    query(GetLoyaltyProgramme, loyalty.get_loyalty_programme),
    command(JoinLoyalty, loyalty.join_loyalty),
    command(IssueVoucher, vouchers.issue_voucher, rebuild=vouchers.issue_voucher),
    query(CheckVoucher, vouchers.check_voucher),
    query(ListSaleVouchers, vouchers.list_sale_vouchers),
)
FOLLOWS_SALES: Follow[CustomersTx] = Follow(
    "checkout",
    expiry.FOLLOWER,
    "reaction",
    on={
        SaleCompleted: spending.on_sale_completed,
        SaleVoided: reserving.on_sale_voided,
        TenderRemoved: reserving.on_tender_removed,
    },
)
