"""Working days and rule parameters of the office's own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("source", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_days"),
        sa.UniqueConstraint("day", name="uq_calendar_days_day"),
    )
    op.create_table(
        "rule_parameters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(400), nullable=False),
        sa.CheckConstraint(
            "valid_from <= valid_to", name="ck_rule_parameters_begins_before_it_ends"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rule_parameters"),
        sa.UniqueConstraint("code", "version", name="uq_rule_parameters_code_version"),
    )
    op.create_index("ix_rule_parameters_code", "rule_parameters", ["code"])


def downgrade() -> None:
    op.drop_table("rule_parameters")
    op.drop_table("calendar_days")
