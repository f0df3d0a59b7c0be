"""Complaints, rectification notices, and what people keep for their own day."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_calendar_feeds_user_id", "calendar_feeds", ["user_id"]),
    ("ix_saved_filters_organisation_id", "saved_filters", ["organisation_id"]),
    ("ix_complaints_asked_by_sha256", "complaints", ["asked_by_sha256"]),
    ("ix_complaints_case_id", "complaints", ["case_id"]),
    ("ix_complaints_late", "complaints", ["state", "is_late", "due_at"]),
    ("ix_complaints_handler_id", "complaints", ["handler_id"]),
    ("ix_complaints_own", "complaints", ["organisation_id", "id"]),
    ("ix_complaints_state", "complaints", ["organisation_id", "state", "due_at"]),
    ("ix_complaints_province", "complaints", ["province", "id"]),
    ("ix_rectifications_agent_id", "rectifications", ["agent_id"]),
    ("ix_rectifications_case_id", "rectifications", ["case_id"]),
    ("ix_rectifications_all", "rectifications", ["organisation_id", "id"]),
    ("ix_rectifications_due", "rectifications", ["state", "due_at"]),
    (
        "ix_rectifications_reminder",
        "rectifications",
        ["state", "is_reminder_due", "reminder_due_at"],
    ),
    ("ix_rectifications_own", "rectifications", ["organisation_id", "state", "id"]),
    ("ix_rectifications_unit", "rectifications", ["unit_id", "state", "id"]),
    ("ix_rectifications_unit_due", "rectifications", ["unit_id", "state", "due_at"]),
    ("ix_rectifications_own_due", "rectifications", ["organisation_id", "state", "due_at"]),
)
_BARRED = ("blacklisteds", "restricted_parties")


def _complaints() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("asked_by_sha256", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("source_number", sa.String(64), nullable=False),
        sa.Column("lodged_by", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("shop", sa.String(500), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("contact_mask", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("handler_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("fault", sa.String(32), nullable=True),
        sa.Column("fault_paper", sa.String(120), nullable=False),
        sa.Column("answer", sa.String(4000), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("reward", sa.String(300), nullable=False),
        sa.Column("rewarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_complaints_case_id"),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_complaints_finding_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_complaints_organisation_id"
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_complaints_shop_id"),
        sa.PrimaryKeyConstraint("id", name="pk_complaints"),
        sa.UniqueConstraint("number", name="uq_complaints_number"),
    )


def _way_of_rectifications() -> tuple[sa.Column[Any], ...]:
    """How one was answered, looked at and taken further."""
    return (
        sa.Column("acknowledged_by", sa.String(64), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_sha256", sa.String(64), nullable=False),
        sa.Column("acknowledged_name", sa.String(200), nullable=False),
        sa.Column("acknowledged_type", sa.String(64), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminder_delivery", sa.String(32), nullable=True),
        sa.Column("reminder_proof", sa.String(300), nullable=False),
        sa.Column("submitted_by", sa.String(64), nullable=False),
        sa.Column("submitted_by_id", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("rechecked_by", sa.Uuid(), nullable=True),
        sa.Column("result", sa.String(2000), nullable=False),
        sa.Column("escalated_ground", sa.String(32), nullable=True),
        sa.Column("escalated_by", sa.Uuid(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_receipt", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _rectifications() -> None:
    op.create_table(
        "rectifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("instruction_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("unit_name", sa.String(200), nullable=False),
        sa.Column("delivery", sa.String(32), nullable=False),
        sa.Column("delivery_proof", sa.String(300), nullable=False),
        sa.Column("remedy", sa.String(2000), nullable=False),
        sa.Column("tier", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminder_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_reminder_due", sa.Boolean(), nullable=False),
        sa.Column("recheck_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        *_way_of_rectifications(),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_rectifications_agent_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_rectifications_case_id"),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name="fk_rectifications_instruction_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name="fk_rectifications_organisation_id",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["organisations.id"], name="fk_rectifications_unit_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rectifications"),
        sa.UniqueConstraint("number", name="uq_rectifications_number"),
    )


def _rectification_issues() -> None:
    op.create_table(
        "rectification_issues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rectification_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("what", sa.String(1000), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("done", sa.String(2000), nullable=False),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=True),
        sa.Column("remark", sa.String(1000), nullable=False),
        sa.Column("earlier", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["findings.id"], name="fk_rectification_issues_finding_id"
        ),
        sa.ForeignKeyConstraint(
            ["rectification_id"],
            ["rectifications.id"],
            name="fk_rectification_issues_rectification_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rectification_issues"),
        sa.UniqueConstraint(
            "rectification_id",
            "number",
            name="uq_rectification_issues_rectification_id_number",
        ),
    )


def _calendar_feeds() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_calendar_feeds_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feeds"),
        sa.UniqueConstraint("token_sha256", name="uq_calendar_feeds_token_sha256"),
    )


def _digest_choices() -> None:
    op.create_table(
        "digest_choices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("how_often", sa.String(32), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("last_words", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_digest_choices_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_digest_choices"),
        sa.UniqueConstraint("user_id", name="uq_digest_choices_user_id"),
    )


def _saved_filters() -> None:
    op.create_table(
        "saved_filters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("query", sa.String(1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_saved_filters_organisation_id"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_saved_filters_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_filters"),
        sa.UniqueConstraint("user_id", "page", "name", name="uq_saved_filters_user_id_page_name"),
    )


def _brought_lists() -> None:
    """Lists of barred parties come as files, and wait until a second approver confirms them."""
    op.add_column("blacklisteds", sa.Column("begins_on", sa.Date(), nullable=True))
    for table in _BARRED:
        proposed = sa.Column("is_proposed", sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column(table, sa.Column("import_id", sa.Uuid(), nullable=True))
        op.add_column(table, proposed)
        op.create_index(f"ix_{table}_import_id", table, ["import_id"])


def upgrade() -> None:
    _complaints()
    _rectifications()
    _rectification_issues()
    _calendar_feeds()
    _digest_choices()
    _saved_filters()
    _brought_lists()
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for table in _BARRED:
        op.execute(f"DELETE FROM {table} WHERE is_proposed")  # noqa: S608 - ours
        op.drop_index(f"ix_{table}_import_id", table_name=table)
        op.drop_column(table, "is_proposed")
        op.drop_column(table, "import_id")
    op.drop_column("blacklisteds", "begins_on")
    op.execute("DELETE FROM imports WHERE kind IN ('blacklist', 'restricted')")
    for table in (
        "saved_filters",
        "digest_choices",
        "calendar_feeds",
        "rectification_issues",
        "rectifications",
        "complaints",
    ):
        op.drop_table(table)
