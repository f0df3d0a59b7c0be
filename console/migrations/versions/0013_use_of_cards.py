"""Use of industry cards: what was watched and found, what was ordered, what was bought."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_LISTED = ["carrier_id", "id", "state", "rule", "kind", "found_by", "due_at"]
_INDEXES = (
    ("ix_unattributed_ranges_batch", "unattributed_ranges", ["batch_id", "first"]),
    ("ix_monitoring_runs_listed", "monitoring_runs", ["carrier_id", "id", "state"]),
    ("ix_monitoring_runs_days", "monitoring_runs", ["carrier_id", "is_part", "last_day"]),
    ("ix_monitoring_runs_kept", "monitoring_runs", ["is_file_gone", "created_at"]),
    ("ix_card_days_batch", "card_days", ["batch_id", "day"]),
    ("ix_usage_findings_batch", "usage_findings", ["batch_id", "carrier_id", "id", "state"]),
    ("ix_usage_findings_card", "usage_findings", ["card", "rule", "batch_id"]),
    ("ix_usage_findings_carrier", "usage_findings", ["carrier_id", "state", "id"]),
    ("ix_usage_findings_case_id", "usage_findings", ["case_id"]),
    ("ix_usage_findings_counted", "usage_findings", ["carrier_id", "province", "state", "rule"]),
    ("ix_usage_findings_due", "usage_findings", ["carrier_id", "state", "due_at", "id"]),
    ("ix_usage_findings_listed", "usage_findings", _LISTED),
    ("ix_usage_findings_late", "usage_findings", ["state", "is_late", "due_at"]),
    ("ix_usage_findings_province", "usage_findings", ["province", "state", "rule"]),
    ("ix_usage_findings_run", "usage_findings", ["run_id", "carrier_id", "id", "state"]),
    ("ix_usage_findings_source_id", "usage_findings", ["source_id"]),
    ("ix_watch_entries_batch", "watch_entries", ["batch_id", "carrier_id", "id", "card"]),
    (
        "ix_watch_entries_listed",
        "watch_entries",
        ["carrier_id", "id", "ended_at", "until"],
    ),
    ("ix_card_orders_batch", "card_orders", ["batch_id", "carrier_id", "id", "state"]),
    ("ix_card_orders_carrier", "card_orders", ["carrier_id", "state", "due_at", "id"]),
    ("ix_card_orders_case_id", "card_orders", ["case_id"]),
    ("ix_card_orders_case_measure_id", "card_orders", ["case_measure_id"]),
    ("ix_card_orders_listed", "card_orders", ["carrier_id", "id", "state", "measure", "due_at"]),
    ("ix_card_orders_late", "card_orders", ["state", "is_late", "due_at"]),
    ("ix_card_orders_province", "card_orders", ["province", "measure", "state"]),
    ("ix_card_orders_counted", "card_orders", ["carrier_id", "province", "measure", "state"]),
)
_TABLES = (
    "unattributed_ranges",
    "downstream_reports",
    "monitoring_runs",
    "usage_findings",
    "watch_entries",
    "batch_days",
    "card_days",
    "card_orders",
)


def _unattributed_ranges() -> None:
    op.create_table(
        "unattributed_ranges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("marked_by", sa.Uuid(), nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_unattributed_ranges_batch_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_unattributed_ranges"),
    )


def _downstream_reports() -> None:
    op.create_table(
        "downstream_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("sold", sa.Integer(), nullable=False),
        sa.Column("in_stock", sa.Integer(), nullable=False),
        sa.Column("registered", sa.Integer(), nullable=False),
        sa.Column("explanation", sa.String(1000), nullable=False),
        sa.Column("reported_by", sa.Uuid(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_downstream_reports_batch_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_downstream_reports"),
        sa.UniqueConstraint("batch_id", "month", name="uq_downstream_reports_batch_id_month"),
    )
    op.create_index(
        "ix_downstream_reports_gap",
        "downstream_reports",
        ["batch_id", "month"],
        sqlite_where=sa.text("issued <> sold + in_stock + registered"),
        postgresql_where=sa.text("issued <> sold + in_stock + registered"),
    )


def _monitoring_runs() -> None:
    op.create_table(
        "monitoring_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("result_sha256", sa.String(64), nullable=False),
        sa.Column("rejects_sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("actor", sa.JSON(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("bad_rows", sa.BigInteger(), nullable=False),
        sa.Column("cards", sa.BigInteger(), nullable=False),
        sa.Column("unknown_cards", sa.BigInteger(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("by_rule", sa.JSON(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("is_part", sa.Boolean(), nullable=False),
        sa.Column("taken_until", sa.Date(), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("is_file_gone", sa.Boolean(), nullable=False),
        sa.Column("dealt_with", sa.BigInteger(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("fault", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_monitoring_runs_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_monitoring_runs"),
        sa.UniqueConstraint("number", name="uq_monitoring_runs_number"),
    )


def _usage_findings() -> None:
    op.create_table(
        "usage_findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("iccid", sa.String(20), nullable=False),
        sa.Column("rule", sa.String(32), nullable=True),
        sa.Column("found_by", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("tier", sa.String(32), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("source_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reported_by", sa.Uuid(), nullable=True),
        sa.Column("looked_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_usage_findings_batch_id"
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_usage_findings_carrier_id"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_usage_findings_case_id"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["monitoring_runs.id"], name="fk_usage_findings_run_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_usage_findings"),
        sa.UniqueConstraint("number", name="uq_usage_findings_number"),
    )


def _watch_entries() -> None:
    op.create_table(
        "watch_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("iccid", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_watch_entries_batch_id"
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_watch_entries_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_watch_entries"),
    )


def _batch_days() -> None:
    op.create_table(
        "batch_days",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cards", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("top_bytes", sa.BigInteger(), nullable=False),
        sa.Column("voice", sa.BigInteger(), nullable=False),
        sa.Column("sms", sa.BigInteger(), nullable=False),
        sa.Column("devices", sa.BigInteger(), nullable=False),
        sa.Column("regions", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_batch_days_batch_id"
        ),
        sa.PrimaryKeyConstraint("batch_id", "day", name="pk_batch_days"),
    )


def _card_days() -> None:
    op.create_table(
        "card_days",
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("voice", sa.BigInteger(), nullable=False),
        sa.Column("sms", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.String(16), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_card_days_batch_id"
        ),
        sa.PrimaryKeyConstraint("card", "day", name="pk_card_days"),
    )


def _text_of_orders() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("case_measure_id", sa.Uuid(), nullable=True),
        sa.Column("measure", sa.String(32), nullable=False),
        sa.Column("cards", sa.JSON(), nullable=False),
        sa.Column("finding_ids", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("remedy", sa.String(2000), nullable=False),
        sa.Column("papers", sa.String(1000), nullable=False),
        sa.Column("is_emergency_exempt", sa.Boolean(), nullable=False),
        sa.Column("notice_zh", sa.String(8000), nullable=False),
        sa.Column("notice_en", sa.String(8000), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
    )


def _way_of_orders() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_how", sa.String(300), nullable=False),
        sa.Column("told_by", sa.Uuid(), nullable=True),
        sa.Column("carried_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("carried_out_by", sa.Uuid(), nullable=True),
        sa.Column("proof_sha256", sa.String(64), nullable=False),
        sa.Column("proof_file", sa.String(200), nullable=False),
        sa.Column("proof_type", sa.String(64), nullable=False),
        sa.Column("appeal", sa.String(4000), nullable=False),
        sa.Column("appellant", sa.String(200), nullable=False),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_decided_by", sa.Uuid(), nullable=True),
        sa.Column("appeal_answer", sa.String(2000), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_why", sa.String(1000), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _card_orders() -> None:
    op.create_table(
        "card_orders",
        *_text_of_orders(),
        *_way_of_orders(),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_card_orders_batch_id"
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_card_orders_carrier_id"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_card_orders_case_id"),
        sa.ForeignKeyConstraint(
            ["case_measure_id"], ["case_measures.id"], name="fk_card_orders_case_measure_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_card_orders"),
        sa.UniqueConstraint("number", name="uq_card_orders_number"),
    )


def _one_of_a_kind() -> None:
    op.create_index(
        "ix_usage_findings_live",
        "usage_findings",
        ["batch_id", "card", "rule"],
        unique=True,
        sqlite_where=sa.text("state IN ('open', 'confirmed', 'in_case')"),
        postgresql_where=sa.text("state IN ('open', 'confirmed', 'in_case')"),
    )


def upgrade() -> None:
    _unattributed_ranges()
    _downstream_reports()
    _monitoring_runs()
    _usage_findings()
    _watch_entries()
    _batch_days()
    _card_days()
    _card_orders()
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)
    _one_of_a_kind()
    op.add_column("cases", sa.Column("industry_batch_id", sa.Uuid(), nullable=True))
    op.create_index("ix_cases_industry_batch_id", "cases", ["industry_batch_id"])
    op.add_column(
        "complaints", sa.Column("iccid", sa.String(20), nullable=False, server_default="")
    )


def downgrade() -> None:
    op.drop_index("ix_cases_industry_batch_id", table_name="cases")
    op.drop_column("cases", "industry_batch_id")
    op.drop_column("complaints", "iccid")
    for table in reversed(_TABLES):
        op.drop_table(table)
