"""Checks: cards that were bought to see where they come from, and offers found to be of a batch."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_offer_links_batch", "offer_links", ["batch_id", "id"]),
    ("ix_offer_links_carrier", "offer_links", ["carrier_id", "state", "id"]),
    ("ix_test_purchases_batch_id", "test_purchases", ["batch_id"]),
    ("ix_test_purchases_listed", "test_purchases", ["carrier_id", "id", "state", "result"]),
    ("ix_test_purchases_carrier", "test_purchases", ["carrier_id", "state", "id"]),
    ("ix_test_purchases_finding", "test_purchases", ["finding_id"]),
    ("ix_test_purchases_shop_id", "test_purchases", ["shop_id"]),
)


def _plan_of_purchases() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("offer", sa.String(500), nullable=False),
        sa.Column("purpose", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("planned_by", sa.Uuid(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("order_no", sa.String(64), nullable=False),
        sa.Column("price_fen", sa.Integer(), nullable=True),
    )


def _way_of_purchases() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("iccids", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("asked_identity", sa.Boolean(), nullable=True),
        sa.Column("works", sa.Boolean(), nullable=True),
        sa.Column("notes", sa.String(2000), nullable=False),
        sa.Column("result", sa.String(32), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("card", sa.BigInteger(), nullable=True),
        sa.Column("usage_finding_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
    )


def _test_purchases() -> None:
    op.create_table(
        "test_purchases",
        *_plan_of_purchases(),
        *_way_of_purchases(),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_test_purchases_batch_id"
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_test_purchases_carrier_id"
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["findings.id"], name="fk_test_purchases_finding_id"
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_test_purchases_shop_id"),
        sa.ForeignKeyConstraint(
            ["usage_finding_id"], ["usage_findings.id"], name="fk_test_purchases_usage_finding_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_test_purchases"),
        sa.UniqueConstraint("number", name="uq_test_purchases_number"),
    )


def _offer_links() -> None:
    op.create_table(
        "offer_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("how", sa.String(32), nullable=False),
        sa.Column("said", sa.String(500), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("judged_by", sa.Uuid(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_offer_links_batch_id"
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_offer_links_carrier_id"
        ),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_offer_links_finding_id"),
        sa.PrimaryKeyConstraint("id", name="pk_offer_links"),
        sa.UniqueConstraint("finding_id", "batch_id", name="uq_offer_links_finding_id_batch_id"),
    )


def upgrade() -> None:
    _test_purchases()
    _offer_links()
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    op.drop_table("offer_links")
    op.drop_table("test_purchases")
