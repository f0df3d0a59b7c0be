"""What may be done, and which role may do it (DOMAIN 4.15)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """Named <area>:<deed>. One use case asks for one permission. `:read` changes nothing."""

    ACCOUNT_USE = "account:use"
    AGENT_EDIT = "agent:edit"
    AGENT_IMPORT = "agent:import"
    AGENT_READ = "agent:read"
    AGENT_REVIEW = "agent:review"
    AUDIT_READ = "audit:read"
    AUDIT_SEAL = "audit:seal"
    APPEAL_DECIDE = "appeal:decide"
    APPEAL_LODGE = "appeal:lodge"
    APPEAL_READ = "appeal:read"
    BADGE_DESIGN = "badge:design"
    BADGE_HALT = "badge:halt"
    BADGE_ISSUE = "badge:issue"
    BADGE_READ = "badge:read"
    BLACKLIST_EDIT = "blacklist:edit"
    BLACKLIST_READ = "blacklist:read"
    CARD_ORDER = "card:order"
    CARD_READ_SEND = "card_read:send"
    CARD_SHUT_DOWN = "card:shut_down"
    CASE_ANSWER = "case:answer"
    CASE_CLOSE = "case:close"
    CASE_OPEN = "case:open"
    CASE_READ = "case:read"
    CASE_SEND = "case:send"
    CASE_TRANSFER = "case:transfer"
    CHECK_FILL = "check:fill"
    CHECK_REVIEW = "check:review"
    CLIENT_EDIT = "client:edit"
    CLIENT_READ = "client:read"
    COMPLAINT_HANDLE = "complaint:handle"
    COMPLAINT_LODGE = "complaint:lodge"
    COMPLAINT_READ = "complaint:read"
    DEVICE_APPROVE = "device:approve"
    DEVICE_EDIT = "device:edit"
    DEVICE_READ = "device:read"
    EVIDENCE_READ = "evidence:read"
    EXPORT_APPROVE = "export:approve"
    EXPORT_ASK = "export:ask"
    EXPORT_READ = "export:read"
    EXTENSION_ASK = "extension:ask"
    EXTENSION_GRANT = "extension:grant"
    FINDING_CONFIRM = "finding:confirm"
    FINDING_READ = "finding:read"
    HOLDER_VOUCH = "holder:vouch"
    INDUSTRY_COUNT = "industry_count:read"
    INDUSTRY_EDIT = "industry:edit"
    INDUSTRY_READ = "industry:read"
    INDUSTRY_REVIEW = "industry:review"
    INSTRUCTION_CONFIRM = "instruction:confirm"
    INSTRUCTION_EDIT = "instruction:edit"
    INSTRUCTION_READ = "instruction:read"
    KEY_EDIT = "key:edit"
    KEY_READ = "key:read"
    LICENCE_APPROVE = "licence:approve"
    LICENCE_EDIT = "licence:edit"
    LICENCE_READ = "licence:read"
    LICENCE_REVOKE = "licence:revoke"
    LINK_JUDGE = "link:judge"
    LISTING_IMPORT = "listing:import"
    LOG_READ = "log:read"
    MODEL_ADOPT = "model:adopt"
    MODEL_TRAIN = "model:train"
    NOTICE_WRITE = "notice:write"
    ORGANISATION_EDIT = "organisation:edit"
    OVERVIEW_COUNT = "overview:count"
    OVERVIEW_READ = "overview:read"
    PAPER_EDIT = "paper:edit"
    PAPER_READ = "paper:read"
    PATROL_READ = "patrol:read"
    PATROL_RUN = "patrol:run"
    PLAN_EDIT = "plan:edit"
    PERSON_IMPORT = "person:import"
    PUBLICATION_EDIT = "publication:edit"
    PUBLICATION_PUBLISH = "publication:publish"
    PUBLICATION_READ = "publication:read"
    RECTIFICATION_ANSWER = "rectification:answer"
    RECTIFICATION_ISSUE = "rectification:issue"
    RECTIFICATION_READ = "rectification:read"
    RECTIFICATION_RECHECK = "rectification:recheck"
    RULE_READ = "rule:read"
    SHOP_EDIT = "shop:edit"
    SHOP_READ = "shop:read"
    SIGNAL_CLOSE = "signal:close"
    SIGNAL_READ = "signal:read"
    SOURCE_EDIT = "source:edit"
    SPOT_CHECK_DO = "spot_check:do"
    SPOT_CHECK_PLAN = "spot_check:plan"
    SPOT_CHECK_READ = "spot_check:read"
    SPOT_CHECK_REVIEW = "spot_check:review"
    STAFF_EDIT = "staff:edit"
    STAFF_GRANT = "staff:grant"
    STAFF_READ = "staff:read"
    STOCK_IMPORT = "stock:import"
    STOCK_READ = "stock:read"
    TEST_PURCHASE_APPROVE = "test_purchase:approve"
    TEST_PURCHASE_EDIT = "test_purchase:edit"
    TRACE_EDIT = "trace:edit"
    USAGE_IMPORT = "usage:import"
    USAGE_JUDGE = "usage:judge"
    SWEEP = "house:sweep"

    @property
    def only_reads(self) -> bool:
        return self.endswith(":read")


class Role(StrEnum):
    CHANNEL_MANAGER = "channel_manager"
    APPROVER = "approver"
    IOT_MANAGER = "iot_manager"
    INSPECTOR = "inspector"
    PLATFORM_OFFICER = "platform_officer"
    REGULATOR = "regulator"
    PRIVACY_OFFICER = "privacy_officer"
    AUDITOR = "auditor"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    DEVICE = "device"
    """A reader device: it sends what it read, and nothing else."""
    SELF = "self"
    """Whoever is signed in, about nothing but their own account."""
    PUBLIC = "public"
    HOUSE = "house"


_P = Permission
_CHANNEL_READ: Final = frozenset(
    {
        _P.AGENT_READ, _P.LICENCE_READ, _P.BADGE_READ, _P.BLACKLIST_READ, _P.PUBLICATION_READ,
        _P.SHOP_READ, _P.PATROL_READ, _P.FINDING_READ, _P.CASE_READ, _P.EVIDENCE_READ,
        _P.OVERVIEW_READ, _P.SIGNAL_READ, _P.PAPER_READ, _P.APPEAL_READ, _P.KEY_READ,
        _P.INSTRUCTION_READ, _P.RECTIFICATION_READ, _P.COMPLAINT_READ, _P.STOCK_READ,
    }
)  # fmt: skip
_EVERYONE: Final = frozenset({_P.RULE_READ, _P.LOG_READ})
_INDUSTRY: Final = frozenset({_P.INDUSTRY_READ, _P.INDUSTRY_COUNT})
_SPOT_CHECKS: Final = frozenset({_P.SPOT_CHECK_READ, _P.DEVICE_READ})
_LISTS_OUT: Final = frozenset({_P.EXPORT_READ, _P.EXPORT_ASK})
"""Lists as files: a few rows at once, many with a second person's leave."""

GRANTS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.CHANNEL_MANAGER: _EVERYONE | _CHANNEL_READ | _INDUSTRY | _SPOT_CHECKS | _LISTS_OUT | {
        _P.TEST_PURCHASE_EDIT, _P.SPOT_CHECK_PLAN, _P.DEVICE_EDIT, _P.HOLDER_VOUCH,
        _P.AGENT_EDIT, _P.AGENT_IMPORT, _P.LICENCE_EDIT, _P.BADGE_ISSUE, _P.PUBLICATION_EDIT,
        _P.PUBLICATION_PUBLISH, _P.SHOP_EDIT, _P.SOURCE_EDIT, _P.PATROL_RUN, _P.LISTING_IMPORT,
        _P.CASE_OPEN, _P.CASE_SEND, _P.CASE_CLOSE, _P.AUDIT_READ, _P.PAPER_EDIT, _P.APPEAL_LODGE,
        _P.BADGE_DESIGN, _P.SIGNAL_CLOSE, _P.PLAN_EDIT, _P.CHECK_FILL, _P.LINK_JUDGE,
        _P.MODEL_TRAIN, _P.NOTICE_WRITE, _P.CASE_TRANSFER, _P.STOCK_IMPORT, _P.TRACE_EDIT,
        _P.INSTRUCTION_EDIT, _P.RECTIFICATION_ISSUE, _P.RECTIFICATION_ANSWER,
        _P.RECTIFICATION_RECHECK, _P.COMPLAINT_HANDLE, _P.EXTENSION_ASK, _P.OVERVIEW_COUNT,
    },
    Role.APPROVER: _EVERYONE | _CHANNEL_READ | _INDUSTRY | _SPOT_CHECKS | _LISTS_OUT | {
        _P.EXPORT_APPROVE,
        _P.SPOT_CHECK_REVIEW, _P.DEVICE_APPROVE,
        _P.INDUSTRY_REVIEW, _P.USAGE_JUDGE, _P.CARD_SHUT_DOWN, _P.TEST_PURCHASE_APPROVE,
        _P.AGENT_REVIEW, _P.LICENCE_APPROVE, _P.LICENCE_REVOKE, _P.BLACKLIST_EDIT,
        _P.PUBLICATION_PUBLISH, _P.FINDING_CONFIRM, _P.CASE_CLOSE, _P.AUDIT_READ,
        _P.APPEAL_DECIDE, _P.BADGE_HALT, _P.SIGNAL_CLOSE, _P.CHECK_REVIEW, _P.LINK_JUDGE,
        _P.MODEL_ADOPT, _P.INSTRUCTION_CONFIRM, _P.RECTIFICATION_RECHECK, _P.COMPLAINT_HANDLE,
        _P.EXTENSION_GRANT, _P.CASE_TRANSFER, _P.OVERVIEW_COUNT,
    },
    Role.IOT_MANAGER: _EVERYONE | _INDUSTRY | _LISTS_OUT | {
        _P.AGENT_READ, _P.LICENCE_READ, _P.FINDING_READ, _P.CASE_READ, _P.EVIDENCE_READ,
        _P.SHOP_READ, _P.STOCK_READ, _P.COMPLAINT_READ, _P.INSTRUCTION_READ, _P.BLACKLIST_READ,
        _P.AUDIT_READ, _P.INDUSTRY_EDIT, _P.PERSON_IMPORT, _P.USAGE_IMPORT, _P.USAGE_JUDGE,
        _P.CARD_ORDER, _P.TEST_PURCHASE_EDIT, _P.CASE_OPEN, _P.CASE_SEND, _P.CASE_CLOSE,
        _P.CASE_TRANSFER, _P.NOTICE_WRITE, _P.COMPLAINT_HANDLE,
    },
    Role.INSPECTOR: _EVERYONE | _CHANNEL_READ | _SPOT_CHECKS | _LISTS_OUT | {
        _P.TEST_PURCHASE_EDIT, _P.SPOT_CHECK_DO, _P.DEVICE_EDIT,
        _P.CHECK_FILL, _P.RECTIFICATION_ISSUE, _P.RECTIFICATION_RECHECK,
    },
    Role.PLATFORM_OFFICER: _EVERYONE | (
        _CHANNEL_READ - {_P.BLACKLIST_READ, _P.PAPER_READ, _P.APPEAL_READ, _P.STOCK_READ}
    ) | _LISTS_OUT | {
        _P.EXPORT_APPROVE,
        _P.SHOP_EDIT, _P.SOURCE_EDIT, _P.PATROL_RUN, _P.LISTING_IMPORT, _P.FINDING_CONFIRM,
        _P.CASE_ANSWER, _P.AUDIT_READ, _P.PLAN_EDIT, _P.CHECK_FILL, _P.CHECK_REVIEW,
        _P.LINK_JUDGE, _P.MODEL_TRAIN, _P.MODEL_ADOPT, _P.NOTICE_WRITE, _P.EXTENSION_ASK,
        _P.INSTRUCTION_EDIT, _P.INSTRUCTION_CONFIRM, _P.RECTIFICATION_ISSUE,
        _P.RECTIFICATION_ANSWER, _P.RECTIFICATION_RECHECK, _P.COMPLAINT_HANDLE,
        _P.EXTENSION_GRANT, _P.OVERVIEW_COUNT,
    },
    # Nothing that writes.
    Role.REGULATOR: _EVERYONE | _CHANNEL_READ | {
        _P.AUDIT_READ, _P.INDUSTRY_COUNT, _P.SPOT_CHECK_READ, _P.EXPORT_READ,
    },
    Role.PRIVACY_OFFICER: _EVERYONE | {_P.AUDIT_READ, _P.OVERVIEW_READ, _P.EXPORT_APPROVE},
    Role.AUDITOR: _EVERYONE | _CHANNEL_READ | _INDUSTRY | _SPOT_CHECKS | _LISTS_OUT | {
        _P.AUDIT_READ, _P.STAFF_READ,
    },
    Role.SYSTEM_ADMIN: _EVERYONE | {_P.STAFF_READ, _P.STAFF_EDIT, _P.ORGANISATION_EDIT},
    Role.SECURITY_ADMIN: _EVERYONE | {
        _P.STAFF_READ, _P.STAFF_GRANT, _P.CLIENT_READ, _P.CLIENT_EDIT, _P.KEY_READ, _P.KEY_EDIT,
        _P.BADGE_HALT,
    },
    Role.AUDIT_ADMIN: _EVERYONE | {_P.AUDIT_READ, _P.AUDIT_SEAL, _P.STAFF_READ, _P.KEY_READ},
    Role.DEVICE: frozenset({_P.CARD_READ_SEND}),
    Role.SELF: frozenset({_P.ACCOUNT_USE}),
    Role.PUBLIC: frozenset({_P.COMPLAINT_LODGE}),
    Role.HOUSE: frozenset(Permission),
}  # fmt: skip
BY_PEOPLE: Final = frozenset(
    {
        _P.CARD_SHUT_DOWN, _P.DEVICE_APPROVE, _P.EXPORT_APPROVE, _P.HOLDER_VOUCH,
        _P.INDUSTRY_REVIEW, _P.SPOT_CHECK_REVIEW, _P.TEST_PURCHASE_APPROVE,
    }
)  # fmt: skip
"""The second person's part. A key is whoever's who has it, and so nobody's second pair of eyes:
whatever its roles, it may not do these.
"""
