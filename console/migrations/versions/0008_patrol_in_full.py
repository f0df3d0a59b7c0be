"""Patrol in full: plans, checklists, pictures, links between shops, labels, custody, stamps."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_COUNTS = ("share", "flagged", "flagged_shops", "licensed_shops", "drawn", "checked", "news",
           "pictures", "from_hour")  # fmt: skip
# What runs have now beside what they had: of which kind, and what old ones get; None is nothing.
_OF_RUNS = {
    **dict.fromkeys(("plan_id", "assignee_id", "substitute_id"), (sa.Uuid(), None)),
    **dict.fromkeys(("due_at", "review_due_at", "overdue_at", "drawn_at"), (_MOMENT, None)),
    **dict.fromkeys(_COUNTS, (sa.Integer(), "0")),
    "until_hour": (sa.Integer(), "24"),
    "seed": (sa.String(64), ""),
    "asked_shops": (sa.JSON(), "[]"),
    "overdue_reason": (sa.String(1000), ""),
    "evidence_index": (sa.String(64), None),
    "engine": (sa.String(100), ""),
}
_LISTED = {
    "ix_patrol_runs_created": "organisation_id",
    "ix_patrol_runs_source_created": "source_id",
}

# Custody is written once. PostgreSQL wants a function for what SQLite says in place.
_NOBODY_CHANGES = {
    "sqlite": [
        f"""CREATE TRIGGER custody_entries_no_{verb} BEFORE {verb} ON custody_entries
        BEGIN SELECT RAISE(ABORT, 'custody is append-only'); END"""
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE FUNCTION custody_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'custody is append-only'; END $$""",
        """CREATE TRIGGER custody_entries_no_change BEFORE UPDATE OR DELETE ON custody_entries
        FOR EACH ROW EXECUTE FUNCTION custody_is_append_only()""",
    ],
}


def _screen_models() -> None:
    op.create_table(
        "screen_models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("trained_by", sa.Uuid(), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_screen_models_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_screen_models"),
        sa.UniqueConstraint("number", name="uq_screen_models_number"),
    )
    op.create_index("ix_screen_models_state", "screen_models", ["organisation_id", "state", "id"])


def _patrol_plans() -> None:
    op.create_table(
        "patrol_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("cadence", sa.String(32), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("planned_by", sa.Uuid(), nullable=False),
        sa.Column("substitute_id", sa.Uuid(), nullable=True),
        sa.Column("from_hour", sa.Integer(), nullable=False),
        sa.Column("until_hour", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_run_id", sa.Uuid(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(1000), nullable=False),
        sa.Column("is_broken", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name="fk_patrol_plans_assignee_id"),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["users.id"], name="fk_patrol_plans_substitute_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_patrol_plans_organisation_id"
        ),
        sa.ForeignKeyConstraint(["planned_by"], ["users.id"], name="fk_patrol_plans_planned_by"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_patrol_plans_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_patrol_plans"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_patrol_plans_organisation_id_name"),
    )
    op.create_index("ix_patrol_plans_next", "patrol_plans", ["paused_at", "next_at"])
    op.create_index("ix_patrol_plans_source_id", "patrol_plans", ["source_id"])


def _shop_links() -> None:
    op.create_table(
        "shop_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("judged_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one_id < other_id", name="ck_shop_links_one_before_other"),
        sa.ForeignKeyConstraint(["one_id"], ["shops.id"], name="fk_shop_links_one_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_shop_links_organisation_id"
        ),
        sa.ForeignKeyConstraint(["other_id"], ["shops.id"], name="fk_shop_links_other_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shop_links"),
        sa.UniqueConstraint(
            "kind", "one_id", "other_id", name="uq_shop_links_kind_one_id_other_id"
        ),
    )
    op.create_index("ix_shop_links_one_id", "shop_links", ["one_id"])
    op.create_index("ix_shop_links_other_id", "shop_links", ["other_id"])
    op.create_index("ix_shop_links_state", "shop_links", ["organisation_id", "state", "id"])


def _shop_traits() -> None:
    op.create_table(
        "shop_traits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("shown", sa.String(200), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_shop_traits_organisation_id"
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_shop_traits_shop_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shop_traits"),
        sa.UniqueConstraint("shop_id", "kind", "value", name="uq_shop_traits_shop_id_kind_value"),
    )
    op.create_index("ix_shop_traits_value", "shop_traits", ["organisation_id", "kind", "value"])


def _custody_entries() -> None:
    op.create_table(
        "custody_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("actor", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_custody_entries_organisation_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["patrol_runs.id"], name="fk_custody_entries_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_custody_entries"),
    )
    op.create_index("ix_custody_entries_item", "custody_entries", ["manifest_sha256", "id"])
    op.create_index("ix_custody_entries_organisation_id", "custody_entries", ["organisation_id"])
    op.create_index("ix_custody_entries_run_id", "custody_entries", ["run_id"])


def _evidence_stamps() -> None:
    op.create_table(
        "evidence_stamps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("index_sha256", sa.String(64), nullable=False),
        sa.Column("tsa", sa.String(300), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_sha256", sa.String(64), nullable=True),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.String(64), nullable=False),
        sa.Column("problem", sa.String(500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_evidence_stamps_organisation_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["patrol_runs.id"], name="fk_evidence_stamps_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_stamps"),
    )
    op.create_index("ix_evidence_stamps_run_id", "evidence_stamps", ["run_id"])
    op.create_index("ix_evidence_stamps_waiting", "evidence_stamps", ["state", "next_try_at"])


def _seen_pictures() -> None:
    op.create_table(
        "seen_pictures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("likeness", sa.String(64), nullable=False),
        sa.Column("badge_text", sa.String(1000), nullable=False),
        sa.Column("badge_verdict", sa.String(32), nullable=False),
        sa.Column("badge_agent_no", sa.String(40), nullable=False),
        sa.Column("evidence_sha256", sa.String(64), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_seen_pictures_organisation_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["patrol_runs.id"], name="fk_seen_pictures_run_id"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_seen_pictures_shop_id"),
        sa.PrimaryKeyConstraint("id", name="pk_seen_pictures"),
        sa.UniqueConstraint(
            "run_id", "shop_id", "sha256", name="uq_seen_pictures_run_id_shop_id_sha256"
        ),
    )
    op.create_index("ix_seen_pictures_organisation_id", "seen_pictures", ["organisation_id"])
    op.create_index("ix_seen_pictures_shop_id", "seen_pictures", ["shop_id"])


def _shop_checks() -> None:
    op.create_table(
        "shop_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("hints", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("remark", sa.String(1000), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("is_passed_on", sa.Boolean(), nullable=False),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_review_drawn", sa.Boolean(), nullable=False),
        sa.Column("review", sa.JSON(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.JSON(), nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_reason", sa.String(1000), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_shop_checks_organisation_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["patrol_runs.id"], name="fk_shop_checks_run_id"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_shop_checks_shop_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shop_checks"),
        sa.UniqueConstraint("run_id", "shop_id", name="uq_shop_checks_run_id_shop_id"),
    )
    op.create_index("ix_shop_checks_shop_id", "shop_checks", ["shop_id"])
    op.create_index("ix_shop_checks_waiting", "shop_checks", ["run_id", "done_at", "id"])
    op.create_index("ix_shop_checks_own", "shop_checks", ["organisation_id", "done_at", "id"])
    op.create_index(
        "ix_shop_checks_review",
        "shop_checks",
        ["organisation_id", "is_review_drawn", "reviewed_at", "id"],
    )


def _title_labels() -> None:
    op.create_table(
        "title_labels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title_sha256", sa.String(64), nullable=False),
        sa.Column("title_seen", sa.String(1000), nullable=False),
        sa.Column("shop_name", sa.String(200), nullable=False),
        sa.Column("label", sa.String(32), nullable=False),
        sa.Column("machine_label", sa.String(32), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("labelled_by", sa.Uuid(), nullable=False),
        sa.Column("labelled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_title_labels_finding_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_title_labels_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_title_labels"),
        sa.UniqueConstraint(
            "organisation_id", "title_sha256", name="uq_title_labels_organisation_id_title_sha256"
        ),
    )
    op.create_index("ix_title_labels_finding_id", "title_labels", ["finding_id"])
    op.create_index("ix_title_labels_made", "title_labels", ["organisation_id", "id"])


def _findings() -> None:
    op.add_column("findings", sa.Column("basis", sa.String(32), nullable=False, server_default=""))
    op.add_column("findings", sa.Column("facts", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("findings", sa.Column("risk", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "findings", sa.Column("is_new", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("findings", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.create_index("ix_findings_merged_into_id", "findings", ["merged_into_id"])
    op.create_index("ix_findings_risk", "findings", ["organisation_id", "state", "risk", "id"])
    op.add_column("findings", sa.Column("case_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_findings_created", "findings", ["organisation_id", "created_at", "id"])


def _patrol_runs() -> None:
    for name, (kind, default) in _OF_RUNS.items():
        is_open = default is None
        column = sa.Column(name, kind, nullable=is_open, server_default=default)
        op.add_column("patrol_runs", column)
    for name, first in _LISTED.items():
        op.create_index(name, "patrol_runs", [first, "created_at", "id"])
    op.create_index("ix_patrol_runs_plan_id", "patrol_runs", ["plan_id"])
    op.create_index("ix_patrol_runs_due", "patrol_runs", ["state", "due_at"])


def _run_steps() -> None:
    op.add_column("run_steps", sa.Column("phase", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE run_steps SET phase = 2 WHERE key LIKE 'judge:%'")
    op.drop_index("ix_run_steps_waiting", table_name="run_steps")
    op.create_index("ix_run_steps_waiting", "run_steps", ["run_id", "is_done", "phase", "id"])


def _seen_listings() -> None:
    op.add_column(
        "seen_listings",
        sa.Column("label", sa.String(32), nullable=False, server_default="not_card"),
    )
    op.add_column(
        "seen_listings", sa.Column("kind", sa.String(32), nullable=False, server_default="other")
    )
    op.add_column(
        "seen_listings", sa.Column("severity", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "seen_listings", sa.Column("is_new", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.create_index(
        "ix_seen_listings_known", "seen_listings", ["organisation_id", "platform", "listing_id"]
    )
    op.create_index("ix_seen_listings_label", "seen_listings", ["run_id", "label", "id"])
    op.execute("UPDATE seen_listings SET label = 'sells_card' WHERE is_card")


def _custody_is_written_once() -> None:
    for statement in _NOBODY_CHANGES[op.get_bind().dialect.name]:
        op.execute(statement)


def _sources() -> None:
    op.add_column("sources", sa.Column("asked_on", sa.Date(), nullable=True))
    op.add_column("sources", sa.Column("asked", sa.Integer(), nullable=False, server_default="0"))


def _drop_columns() -> None:
    op.drop_column("sources", "asked")
    op.drop_column("sources", "asked_on")
    op.drop_index("ix_seen_listings_label", table_name="seen_listings")
    op.drop_index("ix_seen_listings_known", table_name="seen_listings")
    op.drop_column("seen_listings", "is_new")
    op.drop_column("seen_listings", "severity")
    op.drop_column("seen_listings", "kind")
    op.drop_column("seen_listings", "label")
    op.drop_index("ix_run_steps_waiting", table_name="run_steps")
    op.create_index("ix_run_steps_waiting", "run_steps", ["run_id", "is_done", "id"])
    op.drop_column("run_steps", "phase")
    for name in _LISTED:
        op.drop_index(name, table_name="patrol_runs")
    op.drop_index("ix_patrol_runs_due", table_name="patrol_runs")
    op.drop_index("ix_findings_created", table_name="findings")
    op.drop_column("findings", "case_due_at")
    op.drop_index("ix_patrol_runs_plan_id", table_name="patrol_runs")
    for name in reversed(_OF_RUNS):
        op.drop_column("patrol_runs", name)
    op.drop_index("ix_findings_risk", table_name="findings")
    op.drop_index("ix_findings_merged_into_id", table_name="findings")
    op.drop_column("findings", "merged_into_id")
    op.drop_column("findings", "is_new")
    op.drop_column("findings", "risk")
    op.drop_column("findings", "facts")
    op.drop_column("findings", "basis")


def upgrade() -> None:
    _screen_models()
    _patrol_plans()
    _shop_links()
    _shop_traits()
    _custody_entries()
    _evidence_stamps()
    _seen_pictures()
    _shop_checks()
    _title_labels()
    _findings()
    _patrol_runs()
    _run_steps()
    _seen_listings()
    _custody_is_written_once()
    _sources()


def downgrade() -> None:
    _drop_columns()
    for table in (
        "title_labels",
        "shop_checks",
        "seen_pictures",
        "evidence_stamps",
        "custody_entries",
        "shop_traits",
        "shop_links",
        "patrol_plans",
        "screen_models",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION custody_is_append_only()")
