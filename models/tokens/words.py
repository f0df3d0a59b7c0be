"""The words of an answer about a badge."""

from enum import StrEnum


class Verdict(StrEnum):
    VALID = "valid"
    VALID_SHOP_UNCHECKED = "valid_shop_unchecked"
    """Genuine, but seen nobody knows where. Never to be shown green."""
    WRONG_SHOP = "wrong_shop"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    STATUS_UNKNOWN = "status_unknown"
    FORGED = "forged"
    NOT_OURS = "not_ours"


class Reason(StrEnum):
    """Why, more exactly than the verdict says it. Each belongs to one verdict."""

    IN_ORDER = "in_order"
    NO_PAGE = "no_page"
    OTHER_SHOP = "other_shop"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    PAST_ITS_END = "past_its_end"
    BEFORE_ITS_BEGINNING = "before_its_beginning"
    NO_LIST = "no_list"
    OTHER_LIST = "other_list"
    STALE_LIST = "stale_list"
    NOT_IN_LIST = "not_in_list"
    UNKNOWN_STATUS = "unknown_status"
    BAD_FORM = "bad_form"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    KEY_NOT_IN_FORCE = "key_not_in_force"
    KEY_REVOKED = "key_revoked"
    OTHER_ADDRESS = "other_address"


class KeyRole(StrEnum):
    """What a key signs. It signs nothing else."""

    BADGE = "badge"
    STATUS_LIST = "status_list"
    LOG = "log"
    REGISTER = "register"
    READER = "reader"
    """Receipts of card reads, and the passes of the devices that send them."""
