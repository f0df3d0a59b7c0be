"""What an offer can be (SCREENING), and the kinds that its findings and tables name."""

from enum import StrEnum
from typing import Final


class Label(StrEnum):
    """What is offered, in the order of a model's columns; everything but the last is flagged."""

    SELLS_CARD = "sells_card"
    REAL_NAME_SERVICE = "real_name_service"
    READER_CRACK_TOOL = "reader_crack_tool"
    ILLEGAL_DEVICE = "illegal_device"
    NOT_CARD = "not_card"


class OfferKind(StrEnum):
    """A closer word for it, for people and for the kind of finding; `OTHER` where none is told."""

    PHONE_CARD = "phone_card"
    DATA_CARD = "data_card"
    IOT_CARD = "iot_card"
    FOREIGN_CARD = "foreign_card"
    ESIM = "esim"
    NUMBER = "number"
    """A pretty number, or one that is handed over."""
    REGISTRATION_CARD = "registration_card"
    """Sold to register accounts with."""
    BULK_CARDS = "bulk_cards"
    REGISTERED_ACCOUNT = "registered_account"
    FACE_CHECK = "face_check"
    OPENING = "opening"
    """Cards opened or activated for others."""
    IDENTITY_MATERIAL = "identity_material"
    VIRTUAL_CAMERA = "virtual_camera"
    VIRTUAL_READER = "virtual_reader"
    SIM_BANK = "sim_bank"
    CALLER_CHANGER = "caller_changer"
    CODE_PLATFORM = "code_platform"
    TOP_UP = "top_up"
    ACCESSORY = "accessory"
    DEVICE = "device"
    OTHER_CARD = "other_card"
    """A card of another world: games, gifts, buses, members."""
    COLLECTIBLE = "collectible"
    OTHER = "other"


FLAGGED: Final = tuple(label for label in Label if label is not Label.NOT_CARD)
