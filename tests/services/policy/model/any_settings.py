"""Any settings and any sale, few enough names that overrides meet sales often."""

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contracts.policy import (
    ContactRule,
    DetailRule,
    Override,
    OverrideWhen,
    PolicySettings,
    RulePurpose,
    TenderKind,
    TransactionKind,
)
from tests.services.policy.examples import ATTRIBUTIONS, LEVELS, MODES, SENTENCES, a_customer, a_sale

at_leisure = hypothesis_settings(deadline=None)
"""A busy machine is no failure."""

KINDS: tuple[TransactionKind, ...] = (
    "sale",
    "return",
    "deposit_return",
    "exchange",
    "order",
    "workshop",
    "account_payment",
)
TENDERS: tuple[TenderKind, ...] = ("cash", "card")
TILLS = ("till-1", "till-2")
TAGS = ("serialised", "warranty", "unnamed")
GROUPS = ("all", "vip")
TOTALS = (100, 500)
MISSING = (
    "first-name-missing",
    "last-name-missing",
    "email-or-phone-missing",
    "email-missing",
    "phone-missing",
    "email-and-phone-missing",
    "attribution-missing",
    "sign-on-missing",
)
"""What can be settled otherwise."""

purposes = st.none() | st.builds(
    RulePurpose, kind=st.sampled_from(("warranty", "law", "delivery")), sentences=st.just(SENTENCES)
)
names = st.builds(DetailRule, level=st.sampled_from(LEVELS), purpose=purposes)
contacts = st.builds(ContactRule, level=st.sampled_from(LEVELS), mode=st.sampled_from(MODES), purpose=purposes)
whens = st.builds(
    OverrideWhen,
    register=st.none() | st.sampled_from(TILLS),
    transaction_kind=st.none() | st.sampled_from(("sale", "return")),
    tender_kind=st.none() | st.sampled_from(TENDERS),
    total_from=st.none() | st.sampled_from(TOTALS),
    item_tag=st.none() | st.sampled_from(TAGS[:2]),
    customer_group=st.none() | st.sampled_from(GROUPS),
).filter(lambda when: when != OverrideWhen())
overrides = st.builds(
    Override,
    override_id=st.uuids().map(str),
    effect=st.sampled_from(("exactly", "at_least")),
    when=whens,
    first_name=st.none() | names,
    last_name=st.none() | names,
    contact=st.none() | contacts,
    attribution=st.none() | st.sampled_from(ATTRIBUTIONS),
)
narrow_overrides = st.builds(
    Override,
    override_id=st.uuids().map(str),
    effect=st.sampled_from(("exactly", "exactly", "at_least")),
    when=st.builds(
        OverrideWhen,
        register=st.sampled_from((None, "till-1")),
        tender_kind=st.sampled_from((None, "cash")),
        total_from=st.sampled_from((None, *TOTALS)),
        item_tag=st.sampled_from((None, *TAGS[:2])),
    ),
    contact=contacts,
)
"""Overrides that all fit one sale and set the same rule, so that they meet each other."""
some_settings = st.builds(
    PolicySettings,
    first_name=names,
    last_name=names,
    contact=contacts,
    attribution=st.sampled_from(ATTRIBUTIONS),
    overrides=st.lists(overrides, max_size=8).map(tuple),
    waivable=st.booleans(),
)
some_customers = st.none() | st.builds(
    a_customer,
    first_name=st.booleans(),
    last_name=st.booleans(),
    email=st.booleans(),
    phone=st.booleans(),
    placeholder=st.booleans(),
    group=st.sampled_from(GROUPS),
)
some_codes = st.lists(st.sampled_from(MISSING), unique=True, max_size=3).map(tuple)
some_sales = st.builds(
    a_sale,
    some_customers,
    kind=st.sampled_from(KINDS),
    register=st.sampled_from(TILLS),
    total=st.sampled_from((-500, 0, 99, 100, 101, 499, 500, 10_000)),
    tender=st.none() | st.sampled_from(TENDERS),
    tags=st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
    unattributed=st.integers(0, 2),
    signed_on=st.booleans(),
    skipped=some_codes,
    waived=some_codes,
)
