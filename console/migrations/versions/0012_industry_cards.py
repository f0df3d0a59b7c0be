"""Industry cards: purchasers, batches, scopes, who answers for them, and who uses them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COUNTED = ["province", "state", "card_class", "cards", "unit_id", "person_id", "id"]
_MADE = ["purchaser_id", "state", "activated_at", "id", "number"]
_INDEXES = (
    ("ix_accountable_units_batch", "accountable_units", ["batch_id", "id"]),
    ("ix_accountable_persons_batch", "accountable_persons", ["batch_id", "is_open", "id"]),
    ("ix_accountable_persons_document_index", "accountable_persons", ["document_index"]),
    ("ix_accountable_persons_subject_id", "accountable_persons", ["subject_id"]),
    ("ix_accountable_persons_unit_id", "accountable_persons", ["unit_id"]),
    ("ix_purchasers_listed", "purchasers", ["carrier_id", "id", "name", "uscc"]),
    ("ix_purchasers_licence", "purchasers", ["carrier_id", "licence_until"]),
    ("ix_purchasers_makers", "purchasers", ["carrier_id", "is_device_maker"]),
    (
        "ix_industry_batches_listed",
        "industry_batches",
        ["carrier_id", "id", "state", "card_class", "due_at", "search_text"],
    ),
    ("ix_industry_batches_change", "industry_batches", ["carrier_id", "change_due_at"]),
    ("ix_industry_batches_case_id", "industry_batches", ["case_id"]),
    ("ix_industry_batches_late", "industry_batches", ["state", "is_late", "due_at"]),
    ("ix_industry_batches_province", "industry_batches", _COUNTED),
    ("ix_industry_batches_counted", "industry_batches", ["carrier_id", *_COUNTED]),
    ("ix_industry_batches_purchaser", "industry_batches", _MADE),
    ("ix_industry_batches_reassess", "industry_batches", ["state", "reassess_on"]),
    ("ix_industry_batches_state", "industry_batches", ["carrier_id", "state", "due_at", "id"]),
    ("ix_card_users_batch", "card_users", ["batch_id", "is_open", "card"]),
    ("ix_card_users_card", "card_users", ["card", "id"]),
    ("ix_card_users_document_index", "card_users", ["document_index"]),
    ("ix_card_users_subject_id", "card_users", ["subject_id"]),
    ("ix_device_locks_batch_id", "device_locks", ["batch_id"]),
    ("ix_industry_agreements_batch", "industry_agreements", ["batch_id", "id"]),
    ("ix_industry_agreements_until", "industry_agreements", ["superseded_at", "valid_until"]),
    ("ix_industry_ranges_batch_id", "industry_ranges", ["batch_id"]),
    ("ix_industry_ranges_first", "industry_ranges", ["first", "last"]),
    ("ix_risk_assessments_batch", "risk_assessments", ["batch_id", "id"]),
)
_TABLES = (
    "purchasers",
    "accountable_units",
    "accountable_persons",
    "industry_batches",
    "card_scopes",
    "risk_assessments",
    "industry_agreements",
    "industry_ranges",
    "device_locks",
    "card_users",
    "user_slots",
)


def _purchasers() -> None:
    op.create_table(
        "purchasers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("is_device_maker", sa.Boolean(), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("licence_sha256", sa.String(64), nullable=False),
        sa.Column("licence_file", sa.String(200), nullable=False),
        sa.Column("licence_type", sa.String(64), nullable=False),
        sa.Column("licence_name", sa.String(200), nullable=False),
        sa.Column("licence_until", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_purchasers_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_purchasers"),
        sa.UniqueConstraint("carrier_id", "uscc", name="uq_purchasers_carrier_id_uscc"),
    )


def _accountable_units() -> None:
    op.create_table(
        "accountable_units",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accountable_units"),
        sa.UniqueConstraint(
            "id", "batch_id", "is_open", name="uq_accountable_units_id_batch_id_is_open"
        ),
    )


def _accountable_persons() -> None:
    op.create_table(
        "accountable_persons",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_mask", sa.String(64), nullable=False),
        sa.Column("document_kind", sa.String(32), nullable=False),
        sa.Column("document_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("document_mask", sa.String(64), nullable=False),
        sa.Column("document_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_mask", sa.String(64), nullable=False),
        sa.Column("verified_how", sa.String(32), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compare_ref", sa.String(64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.String(100), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["accountable_units.id"], name="fk_accountable_persons_unit_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_accountable_persons"),
        sa.UniqueConstraint(
            "id", "batch_id", "is_open", name="uq_accountable_persons_id_batch_id_is_open"
        ),
    )


def _order_of_batches() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("province", sa.String(2), nullable=False),
        sa.Column("purchaser_id", sa.Uuid(), nullable=False),
        sa.Column("card_class", sa.String(32), nullable=False),
        sa.Column("product", sa.String(120), nullable=False),
        sa.Column("ordered", sa.Integer(), nullable=False),
        sa.Column("use_statement", sa.String(4000), nullable=False),
        sa.Column("search_text", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_reason", sa.String(2000), nullable=False),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("unit_open", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
    )


def _way_of_batches() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("person_open", sa.Boolean(), nullable=False),
        sa.Column("change_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("change_reason", sa.String(500), nullable=False),
        sa.Column("proof_sha256", sa.String(64), nullable=False),
        sa.Column("proof_file", sa.String(200), nullable=False),
        sa.Column("proof_type", sa.String(64), nullable=False),
        sa.Column("activated_by", sa.Uuid(), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assessed_until", sa.Date(), nullable=True),
        sa.Column("reassess_on", sa.Date(), nullable=True),
        sa.Column("is_reassess_due", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("retired_cards", sa.Integer(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _industry_batches() -> None:
    op.create_table(
        "industry_batches",
        *_order_of_batches(),
        *_way_of_batches(),
        sa.CheckConstraint(
            "state IN ('draft', 'purchaser_review', 'approved', 'refused', 'contracted', "
            "'shut_down', 'retired') OR (unit_id IS NOT NULL AND person_id IS NOT NULL)",
            name="ck_industry_batches_answered_for",
        ),
        sa.CheckConstraint(
            "unit_open IS TRUE AND person_open IS TRUE", name="ck_industry_batches_answers_open"
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_industry_batches_carrier_id"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_industry_batches_case_id"),
        sa.ForeignKeyConstraint(
            ["person_id", "id", "person_open"],
            [
                "accountable_persons.id",
                "accountable_persons.batch_id",
                "accountable_persons.is_open",
            ],
            name="fk_industry_batches_person_id_id_person_open",
        ),
        sa.ForeignKeyConstraint(
            ["purchaser_id"], ["purchasers.id"], name="fk_industry_batches_purchaser_id"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id", "id", "unit_open"],
            ["accountable_units.id", "accountable_units.batch_id", "accountable_units.is_open"],
            name="fk_industry_batches_unit_id_id_unit_open",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_industry_batches"),
        sa.UniqueConstraint("number", name="uq_industry_batches_number"),
    )


def _card_scopes() -> None:
    op.create_table(
        "card_scopes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("function", sa.String(1000), nullable=False),
        sa.Column("business_scope", sa.String(1000), nullable=False),
        sa.Column("scenario", sa.String(1000), nullable=False),
        sa.Column("product_form", sa.String(1000), nullable=False),
        sa.Column("voice", sa.String(32), nullable=False),
        sa.Column("voice_numbers", sa.JSON(), nullable=False),
        sa.Column("sms", sa.String(32), nullable=False),
        sa.Column("sms_numbers", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("monthly_mb", sa.Integer(), nullable=True),
        sa.Column("device_lock", sa.Boolean(), nullable=False),
        sa.Column("tacs", sa.JSON(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("apn", sa.String(100), nullable=False),
        sa.Column("chassis", sa.Boolean(), nullable=False),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.Column("bound_by", sa.Uuid(), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_card_scopes_batch_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_card_scopes"),
        sa.UniqueConstraint("batch_id", name="uq_card_scopes_batch_id"),
    )


def _risk_assessments() -> None:
    op.create_table(
        "risk_assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("form_version", sa.String(64), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("barred_by", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("is_yearly", sa.Boolean(), nullable=False),
        sa.Column("assessed_by", sa.Uuid(), nullable=True),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("rule_version", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_risk_assessments_batch_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_risk_assessments"),
    )


def _industry_agreements() -> None:
    op.create_table(
        "industry_agreements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("no_resale", sa.Boolean(), nullable=False),
        sa.Column("real_name_duty", sa.Boolean(), nullable=False),
        sa.Column("monitoring_consent", sa.Boolean(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("filed_by", sa.Uuid(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("no_resale IS TRUE", name="ck_industry_agreements_no_resale"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_industry_agreements_batch_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_industry_agreements"),
    )


def _industry_ranges() -> None:
    op.create_table(
        "industry_ranges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("last >= first", name="ck_industry_ranges_order"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_industry_ranges_batch_id"
        ),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_industry_ranges_carrier_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_industry_ranges"),
    )


def _device_locks() -> None:
    op.create_table(
        "device_locks",
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("device", sa.String(16), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_device_locks_batch_id"
        ),
        sa.PrimaryKeyConstraint("card", name="pk_device_locks"),
    )


def _card_users() -> None:
    op.create_table(
        "card_users",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_mask", sa.String(64), nullable=False),
        sa.Column("document_kind", sa.String(32), nullable=False),
        sa.Column("document_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("document_mask", sa.String(64), nullable=False),
        sa.Column("document_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_mask", sa.String(64), nullable=False),
        sa.Column("verified_how", sa.String(32), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("compare_ref", sa.String(64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("card", sa.BigInteger(), nullable=False),
        sa.Column("site", sa.String(300), nullable=False),
        sa.Column("chassis", sa.String(32), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["industry_batches.id"], name="fk_card_users_batch_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_card_users"),
    )


def _user_slots() -> None:
    op.create_table(
        "user_slots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_index", sa.LargeBinary(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["carrier_id"], ["organisations.id"], name="fk_user_slots_carrier_id"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["card_users.id"], name="fk_user_slots_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_user_slots"),
        sa.UniqueConstraint(
            "document_index",
            "carrier_id",
            "slot",
            name="uq_user_slots_document_index_carrier_id_slot",
        ),
        sa.UniqueConstraint("user_id", name="uq_user_slots_user_id"),
    )


def _sparse() -> None:
    op.create_index(
        "ix_industry_batches_kept",
        "industry_batches",
        ["keep_until"],
        sqlite_where=sa.text("keep_until IS NOT NULL"),
        postgresql_where=sa.text("keep_until IS NOT NULL"),
    )


def _one_of_a_kind() -> None:
    op.create_index(
        "ix_accountable_units_open",
        "accountable_units",
        ["batch_id"],
        unique=True,
        sqlite_where=sa.text("is_open IS TRUE"),
        postgresql_where=sa.text("is_open IS TRUE"),
    )
    op.create_index(
        "ix_card_users_open",
        "card_users",
        ["card"],
        unique=True,
        sqlite_where=sa.text("is_open IS TRUE"),
        postgresql_where=sa.text("is_open IS TRUE"),
    )


def upgrade() -> None:
    _purchasers()
    _accountable_units()
    _accountable_persons()
    _industry_batches()
    _card_scopes()
    _risk_assessments()
    _industry_agreements()
    _industry_ranges()
    _device_locks()
    _card_users()
    _user_slots()
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)
    _one_of_a_kind()
    _sparse()


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
