"""What the parts of a customer's copy are called, and the words for codes in it: msgids of ``locale/*.po``."""

from services.customers.sentences import TEXTS

LABELS: dict[str, str] = {
    "profile": "Your details",
    "other_ids": "Earlier customer numbers",
    "balances": "Balances",
    "account_terms": "Terms of your account",
    "loyalty": "Loyalty programme",
    "consents": "What you said about being written to",
    "ledger_entries": "Entries",
    "purchases": "What you bought",
    "history": "What happened",
    "accesses": "When your details were looked at",
    "sale_fields": "What was noted on your purchases",
    "sealed_records": "Records that the law makes us keep",
    "customer_id": "Customer number",
    "revision": "Version",
    "first_name": "First name",
    "last_name": "Last name",
    "name": "Name",
    "company": "Company",
    "emails": "E-mail addresses",
    "phones": "Phone numbers",
    "codes": "Customer codes",
    "blocked_codes": "Blocked codes",
    "language": "Language",
    "group": "Group",
    "receipt": "Receipt",
    "addresses": "Addresses",
    "address": "Address",
    "recipient": "Recipient",
    "street": "Street",
    "house_number": "House number",
    "addition": "Addition",
    "extra": "Further line",
    "postcode": "Postcode",
    "city": "Town",
    "region": "Region",
    "country": "Country",
    "notes": "Notes",
    "tags": "Tags",
    "websites": "Websites",
    "handles": "Social networks",
    "network": "Network",
    "birth_date": "Date of birth",
    "exemption": "Tax exemption",
    "custom": "Further details",
    "store_credit": "Store credit",
    "account_owed": "Owed on account",
    "account_limit": "Account limit",
    "loyalty_points": "Points",
    "credit_limit": "Limit",
    "grace_days": "Days to pay",
    "terms_version": "Version of the terms",
    "joined_at": "Joined",
    "bonus": "Bonus",
    "purpose": "Purpose",
    "channel": "Channel",
    "state": "State",
    "wording_id": "Wording",
    "source": "Source",
    "basis": "Legal basis",
    "notice_id": "Notice shown",
    "proven": "Proven",
    "recorded_at": "Recorded",
    "consent_id": "Number of the answer",
    "staff_id": "Staff number",
    "ledger": "Ledger",
    "kind": "Kind",
    "amount": "Amount",
    "balance": "Balance",
    "total": "Total",
    "currency": "Currency",
    "day": "Day",
    "time": "Time",
    "at": "Time",
    "sale_id": "Sale",
    "line_item_id": "Line",
    "item": "Article",
    "label": "Detail",
    "value": "What was noted",
    "receipt_number": "Receipt number",
    "fields": "Details concerned",
    "reference": "Reference",
    "expires_on": "Good until",
    "due_on": "Due",
    "record_id": "Record",
    "reason": "Reason",
    "sealed_at": "Sealed",
    "keep_until": "Kept until",
    "held": "On hold",
    "vat_number": "VAT number",
    "evidence": "Evidence",
    "valid_until": "Valid until",
}
"""What each detail is called."""

WORDS: dict[str, str] = {
    "true": "yes",
    "false": "no",
    "unknown": "not asked",
    "denied": "refused",
    "pending": "waits for confirmation",
    "granted": "agreed",
    "confirmed": "confirmed",
    "withdrawn": "withdrawn",
    "email": "e-mail",
    "sms": "text message",
    "phone": "phone",
    "post": "post",
    "marketing": "advertising",
    "staff": "in the shop",
    "customer_display": "on the customer display",
    "import": "taken over from another system",
    "api": "online",
    "consent": "consent",
    "existing_customer": "existing customer",
    "sale": "sale",
    "return": "return",
    "exchange": "exchange",
    "account_payment": "payment on your account",
    "created": "put on file",
    "changed": "changed",
    "merged": "joined with another record",
    "merge_undone": "taken apart again",
    "viewed": "looked at",
    "found": "found by searching",
    "exported": "copied for you",
    "store_credit": "store credit",
    "account": "account",
    "loyalty": "points",
    "issued": "issued",
    "redeemed": "spent",
    "expired": "expired",
    "earned": "earned",
    "charged": "charged",
    "paid": "paid",
    "invoice": "invoice",
    "exemption": "tax exemption",
    "opening": "brought along from before",
    "taken_back": "taken back",
    "given_back": "given back",
    "adjusted": "put right",
    "transferred_in": "came from another record",
    "transferred_out": "went to another record",
    "bonus": "bonus",
    "payment": "payment",
    "loyalty_joined": "joined the loyalty programme",
    "loyalty_terms": "agreed to new terms of the loyalty programme",
    "account_terms": "terms of the account changed",
    "buyer_sealed": "kept as the buyer, as the law wants",
    "saved_anyway": "saved though somebody looked alike",
    "searched": "looked at in a list",
    "marketing_list": "on a list for advertising",
    "fiscal_read": "the buyer's record was read",
    "fiscal_edited": "the buyer's record was changed",
    "erased": "erased",
}
"""What codes say to people."""

CODED = frozenset({"kind", "state", "channel", "source", "basis", "purpose", "ledger", "reason"})
"""The details that hold codes; anywhere else a text is the customer's own and stands as it is."""
BOUGHT = "What you bought stands on the receipt of each sale; ask us for it by its number."
POINTS, NO_LIMIT = "{points} points", "no limit"
TITLES = ("What we hold about you", "As of", BOUGHT, NO_LIMIT)
"""Sentences of the page itself."""


def label(name: str, language: str) -> str:
    """What a detail is called; one that has no name here, a shop's own say, is called as it is."""
    return TEXTS.get(language, LABELS[name]) if name in LABELS else _as_it_is(name, language)


def points(amount: str, language: str) -> str:
    """So many points."""
    return TEXTS.get(language, POINTS, points=amount)


def word(code: str, language: str) -> str:
    """What a code says; any other text stands as it is."""
    return TEXTS.get(language, WORDS[code]) if code in WORDS else code


def _as_it_is(name: str, language: str) -> str:
    return TEXTS.get(language, name) if name in TITLES else name
