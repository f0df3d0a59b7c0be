"""Reader devices, their reads, and spot checks; a finding may be of a check and of no patrol."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_spot_check_plans_carrier", "spot_check_plans", ["carrier_id", "id"]),
    ("ix_spot_check_plans_province", "spot_check_plans", ["province", "id"]),
    ("ix_enrolment_codes_own", "enrolment_codes", ["organisation_id", "id"]),
    ("ix_reader_devices_holder_id", "reader_devices", ["holder_id"]),
    ("ix_reader_devices_own", "reader_devices", ["organisation_id", "state", "id"]),
    ("ix_reader_devices_province", "reader_devices", ["province", "id"]),
    ("ix_reader_devices_seen", "reader_devices", ["state", "last_seen_at"]),
    ("ix_card_readers_device_id", "card_readers", ["device_id"]),
    ("ix_spot_checks_agent_id", "spot_checks", ["agent_id"]),
    ("ix_spot_checks_assignee_id", "spot_checks", ["assignee_id"]),
    ("ix_spot_checks_day", "spot_checks", ["carrier_id", "planned_for", "id"]),
    ("ix_spot_checks_device", "spot_checks", ["device_id", "state"]),
    ("ix_spot_checks_due", "spot_checks", ["state", "session_until"]),
    ("ix_spot_checks_finding_id", "spot_checks", ["finding_id"]),
    ("ix_spot_checks_listed", "spot_checks", ["carrier_id", "id"]),
    ("ix_spot_checks_own", "spot_checks", ["carrier_id", "state", "id"]),
    ("ix_spot_checks_plan_id", "spot_checks", ["plan_id"]),
    ("ix_spot_checks_previous_id", "spot_checks", ["previous_id"]),
    ("ix_spot_checks_province", "spot_checks", ["province", "id"]),
    ("ix_spot_checks_purchase_id", "spot_checks", ["purchase_id"]),
    ("ix_spot_checks_shop_id", "spot_checks", ["shop_id"]),
    (
        "ix_spot_checks_told",
        "spot_checks",
        ["carrier_id", "verdict", "agent_id", "platform", "province"],
    ),
    ("ix_spot_checks_usage_finding_id", "spot_checks", ["usage_finding_id"]),
    ("ix_card_reads_card", "card_reads", ["card", "id"]),
    ("ix_card_reads_check", "card_reads", ["check_id", "id"]),
    ("ix_card_reads_device", "card_reads", ["device_id", "id"]),
    ("ix_card_reads_hour", "card_reads", ["device_id", "captured_at"]),
    ("ix_card_reads_own", "card_reads", ["organisation_id", "id"]),
    ("ix_card_reads_raw", "card_reads", ["state", "received_at"]),
    ("ix_card_reads_sha256", "card_reads", ["sha256"]),
    ("ix_read_challenges_check_id", "read_challenges", ["check_id"]),
    ("ix_read_challenges_open", "read_challenges", ["device_id", "check_id", "kind", "used_at"]),
    ("ix_findings_check_id", "findings", ["check_id"]),
)


def _spot_check_plans() -> None:
    op.create_table(
        "spot_check_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("basis", sa.String(500), nullable=False),
        sa.Column("platforms", sa.JSON(), nullable=False),
        sa.Column("provinces", sa.JSON(), nullable=False),
        sa.Column("wants_card", sa.Boolean(), nullable=False),
        sa.Column("wants_identity", sa.Boolean(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("frame_size", sa.Integer(), nullable=False),
        sa.Column("frame_sha256", sa.String(64), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_spot_check_plans_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_spot_check_plans"),
        sa.UniqueConstraint("number", name="uq_spot_check_plans_number"),
    )


def _enrolment_codes() -> None:
    op.create_table(
        "enrolment_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["holder_id"], ["users.id"], name="fk_enrolment_codes_holder_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_enrolment_codes_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enrolment_codes"),
        sa.UniqueConstraint("code_hash", name="uq_enrolment_codes_code_hash"),
    )


def _reader_devices() -> None:
    op.create_table(
        "reader_devices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(9), nullable=False),
        sa.Column("host", sa.String(120), nullable=False),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("trained_until", sa.Date(), nullable=True),
        sa.Column("secrecy_ref", sa.String(64), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("why", sa.String(32), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("agent_version", sa.String(32), nullable=False),
        sa.Column("agent_build", sa.String(64), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skew_ms", sa.Integer(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_sha256", sa.String(64), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["users.id"], name="fk_reader_devices_holder_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_reader_devices_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reader_devices"),
        sa.UniqueConstraint("kid", name="uq_reader_devices_kid"),
        sa.UniqueConstraint("number", name="uq_reader_devices_number"),
    )


def _card_readers() -> None:
    op.create_table(
        "card_readers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("usb", sa.String(9), nullable=False),
        sa.Column("serial", sa.String(64), nullable=False),
        sa.Column("sam_id", sa.String(40), nullable=False),
        sa.Column("is_virtual", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("judged_by", sa.Uuid(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["reader_devices.id"], name="fk_card_readers_device_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_card_readers"),
        sa.UniqueConstraint(
            "device_id",
            "name",
            "serial",
            "sam_id",
            name="uq_card_readers_device_id_name_serial_sam_id",
        ),
    )


def _plan_of_spot_checks() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("purchase_id", sa.Uuid(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("basis", sa.String(500), nullable=False),
        sa.Column("use_approval", sa.String(64), nullable=False),
        sa.Column("wants_card", sa.Boolean(), nullable=False),
        sa.Column("wants_identity", sa.Boolean(), nullable=False),
    )


def _work_of_spot_checks() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("planned_by", sa.Uuid(), nullable=True),
        sa.Column("planned_for", sa.Date(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("session_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice_version", sa.String(16), nullable=False),
        sa.Column("notice_shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=True),
        sa.Column("result", sa.String(32), nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("service_refused", sa.Boolean(), nullable=True),
        sa.Column("follow_up", sa.String(1000), nullable=False),
    )


def _end_of_spot_checks() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("followed_up_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("recheck_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_note", sa.String(1000), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=True),
        sa.Column("usage_finding_id", sa.Uuid(), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def _spot_checks() -> None:
    op.create_table(
        "spot_checks",
        *_plan_of_spot_checks(),
        *_work_of_spot_checks(),
        *_end_of_spot_checks(),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_spot_checks_agent_id"),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name="fk_spot_checks_assignee_id"),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_spot_checks_carrier_id"
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["reader_devices.id"], name="fk_spot_checks_device_id"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["spot_check_plans.id"], name="fk_spot_checks_plan_id"
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["test_purchases.id"], name="fk_spot_checks_purchase_id"
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["authorised_shops.id"], name="fk_spot_checks_shop_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_spot_checks"),
        sa.UniqueConstraint("number", name="uq_spot_checks_number"),
    )


def _card_reads() -> None:
    op.create_table(
        "card_reads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("read_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("refusal", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("skew_ms", sa.Integer(), nullable=False),
        sa.Column("is_offline", sa.Boolean(), nullable=False),
        sa.Column("reader", sa.JSON(), nullable=False),
        sa.Column("agent", sa.JSON(), nullable=False),
        sa.Column("iccid", sa.String(20), nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("fault", sa.String(32), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.String(1000), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["spot_checks.id"], name="fk_card_reads_check_id"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["reader_devices.id"], name="fk_card_reads_device_id"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_card_reads_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_card_reads"),
        sa.UniqueConstraint("device_id", "read_id", name="uq_card_reads_device_id_read_id"),
    )


def _read_challenges() -> None:
    op.create_table(
        "read_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.String(43), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("is_offline", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["check_id"], ["spot_checks.id"], name="fk_read_challenges_check_id"
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["reader_devices.id"], name="fk_read_challenges_device_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_read_challenges"),
        sa.UniqueConstraint("value", name="uq_read_challenges_value"),
    )


def upgrade() -> None:
    _spot_check_plans()
    _enrolment_codes()
    _reader_devices()
    _card_readers()
    _spot_checks()
    _card_reads()
    _read_challenges()
    with op.batch_alter_table("findings") as findings:
        findings.alter_column("run_id", existing_type=sa.Uuid(), nullable=True)
        findings.add_column(sa.Column("check_id", sa.Uuid(), nullable=True))
    with op.batch_alter_table("organisations") as organisations:
        organisations.add_column(
            sa.Column("is_for_tests", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    with op.batch_alter_table("organisations") as organisations:
        organisations.drop_column("is_for_tests")
    op.drop_index("ix_findings_check_id", table_name="findings")
    # What a check found has no patrol to stand under.
    op.execute("DELETE FROM findings WHERE run_id IS NULL")
    with op.batch_alter_table("findings") as findings:
        findings.drop_column("check_id")
        findings.alter_column("run_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_table("read_challenges")
    op.drop_table("card_reads")
    op.drop_table("spot_checks")
    op.drop_table("card_readers")
    op.drop_table("reader_devices")
    op.drop_table("enrolment_codes")
    op.drop_table("spot_check_plans")
