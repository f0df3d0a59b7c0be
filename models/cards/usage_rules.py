"""What use of industry cards is compared with. Apart from Arrow: tables do without it."""

from enum import StrEnum
from typing import Final

from models.rules import FindingKind

MEGABYTE: Final = 1 << 20
"""Bytes of what scopes and bills call one."""


class UsageRule(StrEnum):
    """Which limit of its scope a card, or a batch as a whole, was used against."""

    VOLUME_OVER_LIMIT = "volume_over_limit"
    TARGET_OUTSIDE = "target_outside"
    DEVICE_SWAPPED = "device_swapped"
    REGION_LEFT = "region_left"
    VOICE_OFF = "voice_off"
    SMS_OFF = "sms_off"
    SILENCE_THEN_BURST = "silence_then_burst"
    RESALE_PATTERN = "resale_pattern"
    USED_BEFORE_ACTIVATION = "used_before_activation"

    @property
    def kind(self) -> FindingKind:
        """The kind of finding that a hit leads to."""
        is_resale = self is UsageRule.RESALE_PATTERN
        return FindingKind.IOT_RESALE if is_resale else FindingKind.IOT_SCOPE_BREACH
