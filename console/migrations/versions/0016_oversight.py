"""Oversight: figures counted by a job, reports that are kept, lists that were taken out."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_oversight_figures_read", "oversight_figures", ["organisation_id", "cut", "month"]),
    ("ix_oversight_reports_listed", "oversight_reports", ["organisation_id", "made_at", "id"]),
    ("ix_list_exports_waiting", "list_exports", ["organisation_id", "state", "id"]),
    ("ix_list_exports_mine", "list_exports", ["user_id", "id"]),
    ("ix_shops_key", "shops", ["shop_key", "platform"]),
    ("ix_agents_carrier_licence", "agents", ["carrier_id", "state", "business_licence_until"]),
    ("ix_agents_carrier_recheck", "agents", ["carrier_id", "state", "recheck_on"]),
    ("ix_shops_seen", "shops", ["organisation_id", "last_seen_at", "id", "platform"]),
    ("ix_shops_platform_home", "shops", ["platform_home", "last_seen_at", "id", "platform"]),
    ("ix_shops_card_home", "shops", ["card_home", "last_seen_at", "id", "platform"]),
)
_BY_NAME = (
    ("ix_shops_name", "shops", ["organisation_id", "name"]),
    ("ix_authorised_shops_name", "authorised_shops", ["carrier_id", "name"]),
)
"""So that what is typed into the command box is looked for down an index, on PostgreSQL too."""
_FEW = (
    ("ix_agents_proposal", "agents", ["carrier_id"], "proposal IS NOT NULL"),
    ("ix_licences_revocation", "licences", ["carrier_id"], "revocation_asked_by IS NOT NULL"),
    ("ix_answers_late", "answers", ["notice_id"], "is_late = {true} AND seen_at IS NULL"),
)
"""Few rows of a large table, that a work list asks for."""


def _of_organisation(table: str, column: str = "organisation_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["organisations.id"], name=op.f(f"fk_{table}_{column}_organisations")
    )


def _of_user(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["users.id"], name=op.f(f"fk_list_exports_{column}_users")
    )


def _figures() -> None:
    op.create_table(
        "oversight_figures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("indicator", sa.String(32), nullable=False),
        sa.Column("cut", sa.String(32), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=True),
        sa.Column("median_s", sa.Integer(), nullable=True),
        sa.Column("p90_s", sa.Integer(), nullable=True),
        _of_organisation("oversight_figures"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_figures")),
        sa.UniqueConstraint(
            "organisation_id", "indicator", "cut", "name", "month",
            name=op.f("uq_oversight_figures_organisation_id_indicator_cut_name_month"),
        ),
    )  # fmt: skip
    op.create_table(
        "oversight_pictures",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        _of_organisation("oversight_pictures"),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_oversight_pictures")),
    )


def _reports() -> None:
    op.create_table(
        "oversight_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.String(32), nullable=False),
        sa.Column("name", sa.String(8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        _of_organisation("oversight_reports"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_reports")),
        sa.UniqueConstraint(
            "organisation_id",
            "period",
            "name",
            name=op.f("uq_oversight_reports_organisation_id_period_name"),
        ),
    )


def _asked() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("query", sa.String(1000), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
    )


def _decided() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _exports() -> None:
    op.create_table(
        "list_exports",
        *_asked(),
        *_decided(),
        _of_organisation("list_exports"),
        _of_user("user_id"),
        _of_user("decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_exports")),
    )


def upgrade() -> None:
    _figures()
    _reports()
    _exports()
    for name, table, columns in _INDEXES:
        op.create_index(op.f(name), table, columns)
    for name, table, columns in _BY_NAME:
        op.create_index(op.f(name), table, columns, postgresql_ops={"name": "text_pattern_ops"})
    for name, table, columns, few in _FEW:
        op.create_index(
            op.f(name), table, columns,
            sqlite_where=sa.text(few.format(true="1")),
            postgresql_where=sa.text(few.format(true="true")),
        )  # fmt: skip


def downgrade() -> None:
    for name, table, *_ in _FEW:
        op.drop_index(op.f(name), table_name=table)
    for name, table, _ in _BY_NAME:
        op.drop_index(op.f(name), table_name=table)
    for name, table, _ in reversed(_INDEXES):
        op.drop_index(op.f(name), table_name=table)
    for table in ("list_exports", "oversight_reports", "oversight_pictures", "oversight_figures"):
        op.drop_table(table)
