"""What each role comes to do, as the pages of its tour in the order of the work."""

from collections.abc import Mapping, Sequence
from typing import Final

from models.permissions import Role

_R: Final = Role
STEPS: Final[Mapping[Role, Sequence[str]]] = {
    _R.CHANNEL_MANAGER: (
        "agents", "licences", "badges", "patrols", "cases", "instructions",
    ),
    _R.APPROVER: ("work_list", "admission", "licences", "findings", "cases", "exports"),
    _R.IOT_MANAGER: ("purchasers", "industry", "monitoring", "usage_findings", "cases"),
    _R.INSPECTOR: ("findings", "spot_checks", "devices", "rectifications", "test_purchases"),
    _R.PLATFORM_OFFICER: ("notices", "badge_check", "shops", "findings", "tellings"),
    _R.REGULATOR: ("overview", "comparisons", "reports", "cases", "agents", "industry_counts"),
    _R.PRIVACY_OFFICER: ("audit", "exports", "overview", "log", "account"),
    _R.AUDITOR: ("audit", "cases", "licences", "industry", "log"),
    _R.SYSTEM_ADMIN: ("staff", "work_list", "log", "account"),
    _R.SECURITY_ADMIN: ("staff", "clients", "keys", "log", "account"),
    _R.AUDIT_ADMIN: ("audit", "staff", "keys", "log", "account"),
}  # fmt: skip
"""The pages in the order of the role's work; `tour.<role>_<page>` says what is done there."""
