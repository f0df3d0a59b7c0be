"""Complaints, rectification notices, and what people keep for their own day."""

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
    ("ix_complaints_due", "complaints", ["state", "due_at"]),
    ("ix_complaints_handler_id", "complaints", ["handler_id"]),
    ("ix_complaints_own", "complaints", ["organisation_id", "state", "id"]),
    ("ix_complaints_province", "complaints", ["province", "id"]),
    ("ix_rectifications_agent_id", "rectifications", ["agent_id"]),
    ("ix_rectifications_case_id", "rectifications", ["case_id"]),
    ("ix_rectifications_due", "rectifications", ["state", "due_at"]),
    ("ix_rectifications_own", "rectifications", ["organisation_id", "state", "id"]),
    ("ix_rectifications_unit", "rectifications", ["unit_id", "state", "id"]),
)


def _complaints() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("asked_by_sha256", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
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
        sa.Column("answer", sa.String(4000), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("reward", sa.String(300), nullable=False),
        sa.Column("rewarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_complaints_case_id"),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_complaints_finding_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_complaints_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_complaints"),
        sa.UniqueConstraint("number", name="uq_complaints_number"),
    )


def _rectifications() -> None:
    op.create_table(
        "rectifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("instruction_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("unit_name", sa.String(200), nullable=False),
        sa.Column("delivery", sa.String(32), nullable=False),
        sa.Column("tier", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recheck_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(64), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminder_proof", sa.String(300), nullable=False),
        sa.Column("submitted_by", sa.String(64), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rechecked_by", sa.Uuid(), nullable=True),
        sa.Column("result", sa.String(2000), nullable=False),
        sa.Column("report_receipt", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
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
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=True),
        sa.Column("remark", sa.String(1000), nullable=False),
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


def upgrade() -> None:
    _complaints()
    _rectifications()
    _rectification_issues()
    _calendar_feeds()
    _digest_choices()
    _saved_filters()
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for table in (
        "saved_filters",
        "digest_choices",
        "calendar_feeds",
        "rectification_issues",
        "rectifications",
        "complaints",
    ):
        op.drop_table(table)
