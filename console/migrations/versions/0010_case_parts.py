"""What hangs on a case: tasks, rechecks, appeals, reports, traces."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_extensions_subject", "extensions", ["subject_kind", "subject_id"]),
    ("ix_extensions_waiting", "extensions", ["decider_id", "state", "id"]),
    ("ix_authority_reports_case", "authority_reports", ["case_id", "id"]),
    ("ix_instructions_case_id", "instructions", ["case_id"]),
    ("ix_instructions_own", "instructions", ["organisation_id", "state", "id"]),
    ("ix_instructions_province", "instructions", ["province", "id"]),
    ("ix_instructions_late", "instructions", ["state", "is_late", "due_at"]),
    ("ix_rechecks_late", "rechecks", ["is_late", "done_at", "due_at"]),
    ("ix_rechecks_due", "rechecks", ["organisation_id", "done_at", "due_at"]),
    ("ix_case_appeals_case", "case_appeals", ["case_id", "id"]),
    ("ix_case_appeals_due", "case_appeals", ["organisation_id", "state", "due_at"]),
    ("ix_case_appeals_late", "case_appeals", ["state", "is_late", "due_at"]),
    ("ix_messages_notice", "messages", ["notice_id", "id"]),
    ("ix_outgoing_messages_next_try_at", "outgoing_messages", ["next_try_at"]),
    ("ix_outgoing_messages_notice", "outgoing_messages", ["notice_id", "id"]),
    (
        "ix_outgoing_messages_waiting",
        "outgoing_messages",
        ["organisation_id", "event", "sent_at", "next_try_at"],
    ),
    ("ix_case_tasks_assignee", "case_tasks", ["assignee_id", "state", "due_at"]),
    ("ix_case_tasks_case", "case_tasks", ["case_id", "id"]),
    ("ix_case_tasks_kind", "case_tasks", ["state", "kind", "id"]),
    ("ix_case_tasks_late", "case_tasks", ["state", "is_late", "due_at"]),
    ("ix_case_tasks_origin_id", "case_tasks", ["origin_id"]),
    ("ix_case_tasks_due", "case_tasks", ["organisation_id", "state", "kind", "due_at"]),
    ("ix_traced_cards_iccid", "traced_cards", ["iccid"]),
    ("ix_traced_cards_trace", "traced_cards", ["trace_id", "id"]),
    ("ix_recoveries_case_id", "recoveries", ["case_id"]),
)


def _case_tasks() -> None:
    op.create_table(
        "case_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=True),
        sa.Column("measure_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("target_name", sa.String(300), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("is_mandatory", sa.Boolean(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("words_given", sa.String(2000), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_tasks_case_id"),
        sa.ForeignKeyConstraint(
            ["measure_id"], ["case_measures.id"], name="fk_case_tasks_measure_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_case_tasks_organisation_id"
        ),
        sa.ForeignKeyConstraint(["origin_id"], ["cases.id"], name="fk_case_tasks_origin_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_tasks"),
    )


def _extensions() -> None:
    op.create_table(
        "extensions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_name", sa.String(300), nullable=False),
        sa.Column("asker_id", sa.Uuid(), nullable=False),
        sa.Column("decider_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("old_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(1000), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["asker_id"], ["organisations.id"], name="fk_extensions_asker_id"),
        sa.ForeignKeyConstraint(
            ["decider_id"], ["organisations.id"], name="fk_extensions_decider_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_extensions"),
    )


def _authority_reports() -> None:
    op.create_table(
        "authority_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("organ", sa.String(32), nullable=False),
        sa.Column("organ_name", sa.String(200), nullable=False),
        sa.Column("is_transfer", sa.Boolean(), nullable=False),
        sa.Column("report_no", sa.String(64), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words_given", sa.String(4000), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("receipt_sha256", sa.String(64), nullable=False),
        sa.Column("receipt_name", sa.String(200), nullable=False),
        sa.Column("noted_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("feedback", sa.String(4000), nullable=False),
        sa.Column("feedback_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_authority_reports_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_authority_reports"),
    )


def _instructions() -> None:
    op.create_table(
        "instructions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("authority", sa.String(16), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("jurisdiction", sa.String(32), nullable=False),
        sa.Column("document_no", sa.String(64), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("wanted", sa.String(4000), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.Column("report", sa.String(4000), nullable=False),
        sa.Column("report_sha256", sa.String(64), nullable=False),
        sa.Column("report_name", sa.String(200), nullable=False),
        sa.Column("reported_by", sa.Uuid(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_instructions_case_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_instructions_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_instructions"),
        sa.UniqueConstraint("number", name="uq_instructions_number"),
        sa.UniqueConstraint(
            "organisation_id",
            "authority",
            "document_no",
            name="uq_instructions_organisation_id_authority_document_no",
        ),
    )


def _rechecks() -> None:
    op.create_table(
        "rechecks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("is_clean", sa.Boolean(), nullable=True),
        sa.Column("words_given", sa.String(2000), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_rechecks_case_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_rechecks_organisation_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["patrol_runs.id"], name="fk_rechecks_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_rechecks"),
        sa.UniqueConstraint("case_id", "round", "number", name="uq_rechecks_case_id_round_number"),
    )


def _case_appeals() -> None:
    op.create_table(
        "case_appeals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("appellant", sa.String(200), nullable=False),
        sa.Column("ground", sa.String(4000), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("lodged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lodged_by", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("case_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(4000), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_appeals_case_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_case_appeals_organisation_id"
        ),
        sa.ForeignKeyConstraint(["party_id"], ["case_parties.id"], name="fk_case_appeals_party_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_appeals"),
        sa.UniqueConstraint("number", name="uq_case_appeals_number"),
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name="fk_messages_notice_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_messages_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )


def _outgoing_messages() -> None:
    op.create_table(
        "outgoing_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(48), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("still_asked", sa.JSON(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_words", sa.String(1000), nullable=False),
        sa.Column("receipt", sa.String(200), nullable=True),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_outgoing_messages_message_id"
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name="fk_outgoing_messages_notice_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_outgoing_messages_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["organisations.id"], name="fk_outgoing_messages_recipient_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_messages"),
        sa.UniqueConstraint("message_id", name="uq_outgoing_messages_message_id"),
        sa.UniqueConstraint("number", name="uq_outgoing_messages_number"),
    )


def _outflow_traces() -> None:
    op.create_table(
        "outflow_traces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("why_not", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=True),
        sa.Column("concluded_by", sa.Uuid(), nullable=True),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_outflow_traces_case_id"),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name="fk_outflow_traces_instruction_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_outflow_traces"),
        sa.UniqueConstraint("case_id", name="uq_outflow_traces_case_id"),
    )


def _traced_cards() -> None:
    op.create_table(
        "traced_cards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trace_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("iccid", sa.String(20), nullable=False),
        sa.Column("how", sa.String(300), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("chain", sa.JSON(), nullable=False),
        sa.Column("why_not", sa.String(32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["stock_batches.id"], name="fk_traced_cards_batch_id"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_traced_cards_case_id"),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["source_channels.id"], name="fk_traced_cards_channel_id"
        ),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["outflow_traces.id"], name="fk_traced_cards_trace_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_traced_cards"),
    )


def _recoveries() -> None:
    op.create_table(
        "recoveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("ordered", sa.Integer(), nullable=False),
        sa.Column("recovered", sa.Integer(), nullable=False),
        sa.Column("missing_why", sa.String(2000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_recoveries_case_id"),
        sa.ForeignKeyConstraint(["task_id"], ["case_tasks.id"], name="fk_recoveries_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recoveries"),
    )


def _case_hands() -> None:
    op.create_table(
        "case_hands",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_hands_case_id"),
        sa.PrimaryKeyConstraint("case_id", "user_id", name="pk_case_hands"),
    )
    # UNION leaves out what is there twice: one person may have done several things.
    people = ("owner_id", "proposed_by", "decided_by")
    rows = " UNION ".join(
        f"SELECT id, {one} FROM cases WHERE {one} IS NOT NULL"  # noqa: S608 - names from above
        for one in people
    )
    op.execute(f"INSERT INTO case_hands (case_id, user_id) {rows}")


def upgrade() -> None:
    _case_hands()
    _case_tasks()
    _extensions()
    _authority_reports()
    _instructions()
    _rechecks()
    _case_appeals()
    _messages()
    _outgoing_messages()
    _outflow_traces()
    _traced_cards()
    _recoveries()
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for table in (
        "recoveries",
        "traced_cards",
        "outflow_traces",
        "outgoing_messages",
        "messages",
        "case_appeals",
        "rechecks",
        "instructions",
        "authority_reports",
        "extensions",
        "case_tasks",
        "case_hands",
    ):
        op.drop_table(table)
