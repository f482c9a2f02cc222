"""The routes of the ledgers, and whom they follow: a part of ``service.py``'s table."""

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import TenderRemoved
from contracts.checkout.redeeming import RedemptionRemoved
from contracts.checkout.selling import SaleVoided
from contracts.customers.ledgers import AdjustBalance, AdjustVoucher, GetBalances, GetLedger, GetVoucherLedger
from contracts.customers.ledgers.accounts import GetAccountStatement, SetAccountTerms
from contracts.customers.ledgers.reserving import ReleaseBalance, ReserveBalance
from contracts.customers.ledgers.watching import AuditLedgers, ListLateCaptures
from contracts.customers.loyalty import GetLoyaltyProgramme, JoinLoyalty, SetLoyaltyProgramme
from contracts.customers.vouchers import (
    BlockVoucher,
    CheckVoucher,
    GetVoucherNotes,
    IssueVoucher,
    ListVouchers,
    PrintSaleVouchers,
    UnblockVoucher,
)
from services.customers import expiry
from services.customers.handlers import ledgers, loyalty, reserving, spending, voucher_desk, vouchers
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
    command(
        IssueVoucher,
        vouchers.issue_voucher,
        prepare=vouchers.prepare_issue_voucher,
        rebuild=vouchers.issued_again,
        prove_again=True,
    ),
    command(PrintSaleVouchers, vouchers.print_sale_vouchers, rebuild=vouchers.print_sale_vouchers, prove_again=True),
    query(CheckVoucher, vouchers.check_voucher),
    query(ListVouchers, vouchers.list_vouchers),
    command(BlockVoucher, voucher_desk.block_voucher),
    command(UnblockVoucher, voucher_desk.unblock_voucher),
    command(AdjustVoucher, voucher_desk.adjust_voucher),
    query(GetVoucherLedger, voucher_desk.get_voucher_ledger),
    query(GetVoucherNotes, voucher_desk.get_voucher_notes),
)
FOLLOWS_SALES: Follow[CustomersTx] = Follow(
    "checkout",
    expiry.FOLLOWER,
    "reaction",
    on={
        SaleCompleted: spending.on_sale_completed,
        SaleVoided: reserving.on_sale_voided,
        TenderRemoved: reserving.on_tender_removed,
        RedemptionRemoved: reserving.on_redemption_removed,
    },
)
