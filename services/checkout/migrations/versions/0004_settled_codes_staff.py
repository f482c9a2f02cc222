"""What exactly was skipped and waived, and who works here."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MISSING = "CASE field WHEN 'contact' THEN 'email-or-phone' ELSE replace(field, '_', '-') END || '-missing'"
"""The least that may have been missing: what asks for more is asked for again."""


def upgrade() -> None:
    op.create_table(
        "known_staff",
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False, comment="Whether they work here."),
        sa.PrimaryKeyConstraint("staff_id"),
        sqlite_with_rowid=False,
    )
    for table in ("prompt_skip", "rule_waiver"):
        op.add_column(
            table, sa.Column("code", sa.Text(), server_default="", nullable=False, comment="What was missing.")
        )
        op.execute(sa.text(f"UPDATE {table} SET code = {MISSING}"))  # noqa: S608 - both are written here
    _give_codes_to_open_sales()


def _give_codes_to_open_sales() -> None:
    connection = op.get_bind()
    for sale_id, document in connection.execute(sa.text("SELECT sale_id, document FROM sale_draft")).all():
        sale = json.loads(document)
        checking = sale.get("checking", {})
        for settled in (*checking.get("skips", ()), *checking.get("waivers", ())):
            subject = {"contact": "email-or-phone"}.get(settled["field"], settled["field"].replace("_", "-"))
            settled["code"] = f"{subject}-missing"
        connection.execute(
            sa.text("UPDATE sale_draft SET document = :document WHERE sale_id = :sale_id"),
            {"sale_id": sale_id, "document": json.dumps(sale)},
        )
