"""The staff service's tables: staff list, wrong tries, sessions, credit for sales."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "staff_member",
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("badge", sa.Text(), nullable=True),
        sa.Column("pin_hash", sa.Text(), nullable=False, comment="argon2id in PHC string format."),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id"),
        sa.UniqueConstraint("badge"),
        comment="Who works here. Eraser: StaffStore.erase, which leaves the id and the role.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sign_on_try",
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False, comment="Since the last right PIN or the last lock."),
        sa.Column("locked_at", sa.Text(), nullable=True, comment="Null while not locked."),
        sa.Column("last_wrong_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.staff_id"]),
        sa.PrimaryKeyConstraint("register", "staff_id"),
        comment="Wrong tries that still count. Eraser: StaffStore.erase.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session",
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="Gapless in its register."),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="As it was at sign-on; the token says the same."),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column(
            "command_id", sa.Text(), nullable=False, comment="The sign-on's own id, by which its repetition is known."
        ),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.staff_id"]),
        sa.PrimaryKeyConstraint("register", "number"),
        comment="Who was signed on where. Holds a staff id as the only trace of a person; "
        "with them erased it leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_index("session_command", "session", ["register", "command_id"], unique=True)
    op.create_table(
        "attributed_sale",
        sa.Column("business_day", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False, comment="May be unknown here: the sale is the truth."),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("sales", sa.Integer(), nullable=False, comment="1, or 0 for a return."),
        sa.Column(
            "amount",
            sa.Integer(),
            nullable=False,
            comment="Minor units, tax included: their shares of the sale's lines.",
        ),
        sa.PrimaryKeyConstraint("business_day", "staff_id", "sale_id"),
        comment="Projection of checkout's journal: wiped and replayed it has the same rows. Holds ids and amounts "
        "only; with the staff member erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cashier_sale",
        sa.Column("business_day", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False, comment="The cashier."),
        sa.Column("sale_id", sa.Text(), nullable=False),
        sa.Column("sales", sa.Integer(), nullable=False, comment="1, or 0 for a return."),
        sa.Column("amount", sa.Integer(), nullable=False, comment="Minor units, tax included: the sale's total."),
        sa.PrimaryKeyConstraint("business_day", "staff_id", "sale_id"),
        comment="Projection of checkout's journal, beside attributed_sale: who rang the sale up. Holds ids and "
        "amounts only; with the staff member erased, an id leads to nobody.",
        sqlite_with_rowid=False,
    )
