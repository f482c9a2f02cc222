"""Whole profiles: addresses, blocked codes, custom fields, and notes of what befell a customer."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

FOLDED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
)
AT_ONCE = 10_000


def upgrade() -> None:
    op.add_column("customer", sa.Column("receipt", sa.Text(), comment="How the customer likes to get receipts."))
    op.add_column("customer", sa.Column("notes", sa.Text(), nullable=False, server_default=""))
    op.add_column("customer", sa.Column("birth_date", sa.Text()))
    op.add_column(
        "customer",
        sa.Column(
            "more",
            sa.Text(),
            nullable=False,
            server_default="{}",
            comment="Details that nobody is looked for by, as JSON.",
        ),
    )
    op.add_column(
        "customer",
        sa.Column(
            "name_key",
            FOLDED,
            nullable=False,
            server_default="",
            comment="Who has the same name, whatever its order.",
        ),
    )
    _fill_name_keys()
    op.create_index("customer_name", "customer", ["name_key", "birth_date"])
    op.create_index("customer_in_group", "customer", ["customer_group"])
    op.add_column(
        "customer_code",
        sa.Column("blocked", sa.Boolean(), nullable=False, server_default=sa.false(), comment="A lost card's."),
    )
    op.create_table(
        "customer_address",
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="As JSON."),
        sa.Column("postcode_key", FOLDED, nullable=False, comment="Letters and digits of the postcode."),
        sa.Column("door_key", FOLDED, nullable=False, comment="The same, then those of house number and addition."),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"]),
        sa.PrimaryKeyConstraint("customer_id", "place"),
        comment="Where goods and bills are sent. Eraser: CustomerStore.erase.",
        sqlite_with_rowid=False,
    )
    op.create_index("customer_address_postcode", "customer_address", ["postcode_key", "customer_id"])
    op.create_index("customer_address_door", "customer_address", ["door_key"])
    op.create_table(
        "custom_field",
        sa.Column("field_id", sa.Text(), nullable=False),
        sa.Column(
            "revision", sa.Integer(), nullable=False, comment="Of all fields together, when this one last changed."
        ),
        sa.Column("field", sa.Text(), nullable=False, comment="Its definition, as JSON."),
        sa.PrimaryKeyConstraint("field_id"),
        comment="What the shop keeps of customers, sales and lines beyond what everybody keeps. No personal data.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "history_note",
        sa.Column("note_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("time", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), comment="Of the record, after a change of it."),
        sa.Column(
            "fields",
            sa.Text(),
            nullable=False,
            comment="Names of the details that changed, as JSON; never what they held.",
        ),
        sa.Column("staff_id", sa.Text()),
        sa.Column("sale_id", sa.Text()),
        sa.Column("amount", sa.Integer(), comment="Minor units, or points."),
        sa.Column("currency", sa.Text()),
        sa.Column("reference", sa.Text(), comment="An id or a code of what it is about."),
        sa.PrimaryKeyConstraint("note_id"),
        comment="What befell customers besides their sales: facts, only added. No personal data: ids, codes and "
        "amounts; with its customer erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index("history_note_of_customer", "history_note", ["customer_id", "time", "note_id"])


def _fill_name_keys() -> None:
    """Give every customer on file the key by which others of the same name are found."""
    connection = op.get_bind()
    after = ""
    while rows := connection.execute(
        sa.text(
            "SELECT customer_id, first_name, last_name, company FROM customer WHERE customer_id > :after "
            "ORDER BY customer_id LIMIT :most"
        ),
        {"after": after, "most": AT_ONCE},
    ).all():
        connection.execute(
            sa.text("UPDATE customer SET name_key = :key WHERE customer_id = :id"),
            [{"id": row[0], "key": _key(f"{row[1]} {row[2]}") or _key(row[3])} for row in rows],
        )
        after = rows[-1][0]


def _key(text: str) -> str:
    """The folded words of a name in one order, as they were when this migration was made."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    folded = unicodedata.normalize("NFC", bare.casefold().translate(PLAIN))
    return " ".join(sorted(word for word in re.split(r"[\W_]+", folded) if word))
