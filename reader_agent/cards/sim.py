"""What is read of a SIM card, in which order, and what each refusal means (READER B.2).

The ICCID alone takes four commands; whatever else is asked for comes after it.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

from reader_agent.cards import decode
from reader_agent.cards.chip import GSM, OK, Chip, Link
from reader_agent.cards.pcsc import Answer, CardFault

Facts = dict[str, Any]

_MF, _EF_ICCID, _EF_DIR, _DF_TELECOM, _DF_GSM = 0x3F00, 0x2FE2, 0x2F00, 0x7F10, 0x7F20
_EF_IMSI, _EF_AD, _EF_SPN, _EF_GID1, _EF_MSISDN = 0x6F07, 0x6FAD, 0x6F46, 0x6F3E, 0x6F40
_AD_SIZE, _SPN_SIZE = 4, 17
_GROUP_SIZE: Final = 20
"""Bytes of GID1 that are told; the file may have any size."""
_USIM: Final = "A0000000871002"
_APPLICATIONS: Final = 8
"""Records of EF_DIR that are looked at."""

_OTHER_CLASS: Final = frozenset({0x6E00, 0x6D00, 0x6A82, 0x6A81, 0x6A86, 0x9404})
"""How a card refuses SELECT MF when it is none of this class."""
_LOCKED: Final = frozenset({0x6982, 0x9804, 0x9840})
_BLOCKED: Final = frozenset({0x6983, 0x63C0, 0x9840})
_ABSENT: Final = frozenset({0x6A82, 0x6A83, 0x9404})


class SimFault(Exception):
    """`code` and `stage` as the wire has them; `sw`: four hex digits, or empty."""

    def __init__(self, code: str, stage: str, sw: int | None = None) -> None:
        super().__init__(code, stage)
        self.code = code
        self.stage = stage
        self.sw = "" if sw is None else f"{sw:04X}"


class Sim:
    """One reading of one card."""

    def __init__(self, link: Link) -> None:
        self._chip = Chip(link)
        self._stage = "select"
        self._pin1 = "unknown"
        self._is_locked = False
        self._readings: dict[str, Callable[[], object]] = {
            "mnc_len": self._mnc_length,
            "spn": self._operator,
            "gid1": self._group,
            "msisdn": self._number,
        }

    def read(self, fields: Collection[str]) -> Facts:
        """The card as the wire has it, but for its ATR; `SimFault` where there is none to tell.

        A field that was asked for and that the card doesn't give is None.
        """
        try:
            self._open()
            facts = self._iccid()
            asked = set(fields) - {"iccid"}
            facts |= self._subscription(asked) if asked else {"imsi_state": "not_asked"}
        except CardFault as fault:
            raise SimFault(fault.code, self._stage) from fault
        kind = "uicc" if self._chip.is_uicc else "gsm"
        return {"kind": kind, "pin1": self._pin1, "apdus": self._chip.sent} | facts

    def _open(self) -> None:
        told = self._chip.describe(_MF)
        if told.sw in _OTHER_CLASS:
            self._chip.cla = GSM
            told = self._chip.describe(_MF)
        if told.sw != OK:
            code = "not_a_sim" if told.sw in _OTHER_CLASS else "unreadable"
            raise SimFault(code, self._stage, told.sw)
        self._pin1 = self._pin_of(told.data)
        self._is_locked = self._pin1 in {"enabled", "blocked"}

    def _pin_of(self, told: bytes) -> str:
        """As far as the MF tells; a UICC doesn't tell there that it is blocked."""
        tries = None
        try:
            if self._chip.is_uicc:
                is_on = decode.file_control(told).is_pin1_on
            else:
                directory = decode.gsm_file(told)
                is_on, tries = directory.is_pin1_on, directory.pin1_tries
        except decode.Undecodable:
            is_on = None
        if is_on is None:
            return "unknown"
        locked = "blocked" if tries == 0 else "enabled"
        return locked if is_on else "disabled"

    def _iccid(self) -> Facts:
        self._stage = "iccid"
        told = self._chip.file(_EF_ICCID, decode.ICCID_SIZE)
        if told.sw != OK:
            raise SimFault("iccid_fault", self._stage, told.sw)
        try:
            text = decode.iccid(told.data)
        except decode.Undecodable:
            raise SimFault("iccid_fault", self._stage) from None
        if text is None:
            raise SimFault("blank", self._stage)
        raw = told.data.hex().upper()
        return {"iccid": text, "iccid_raw": raw, "iccid_luhn": decode.luhn(text)}

    def _subscription(self, asked: Collection[str]) -> Facts:
        self._stage = "application"
        is_there = self._enter()
        facts: Facts = {"imsi_state": "not_asked"}
        if "imsi" in asked:
            self._stage = "imsi"
            facts["imsi"], facts["imsi_state"] = self._imsi() if is_there else (None, "absent")
        for field, reading in self._readings.items():
            if field in asked:
                self._stage = field
                facts[field] = reading() if is_there else None
        return facts

    def _enter(self) -> bool:
        """Into the directory of the subscription: of the USIM, or the one of 2G."""
        if self._chip.is_uicc:
            for aid in filter(None, (self._usim(), _USIM)):
                if self._chip.select_application(aid).sw == OK:
                    return True
            self._chip.select(_MF)
        return self._chip.select(_DF_GSM).sw == OK

    def _usim(self) -> str | None:
        """Its whole name by EF_DIR: some cards don't take the first part for it."""
        if self._chip.select(_EF_DIR).sw != OK:
            return None
        for number in range(1, _APPLICATIONS + 1):
            told = self._chip.record(number)
            if told.sw != OK:
                break
            found = decode.application(told.data)
            if found and found[0].startswith(_USIM):
                return found[0]
        return None

    def _imsi(self) -> tuple[str | None, str]:
        told = self._chip.file(_EF_IMSI, decode.IMSI_SIZE)
        self._is_locked = told.sw in _LOCKED
        if self._is_locked:
            sw = self._chip.ask_tries().sw if self._chip.is_uicc else told.sw
            is_blocked = sw in _BLOCKED or self._pin1 == "blocked"
            self._pin1 = "blocked" if is_blocked else "enabled"
            return None, "pin"
        if told.sw in _ABSENT:
            return None, "absent"
        try:
            text = decode.imsi(_content(told))
        except decode.Undecodable:
            return None, "fault"
        return text, "ok" if text else "blank"

    def _mnc_length(self) -> int | None:
        told = self._chip.file(_EF_AD, _AD_SIZE if self._chip.is_uicc else 0)
        return decode.mnc_length(told.data) if told.sw == OK else None

    def _operator(self) -> str | None:
        told = self._chip.file(_EF_SPN, _SPN_SIZE)
        return decode.operator_name(told.data) if told.sw == OK else None

    def _group(self) -> str | None:
        if self._is_locked:
            return None
        told = self._chip.file(_EF_GID1)
        group = told.data[:_GROUP_SIZE] if told.sw == OK else b""
        return group.hex().upper() if group.strip(b"\xff") else None

    def _number(self) -> str | None:
        if self._is_locked:
            return None
        if not self._chip.is_uicc:
            self._chip.select(_MF)
            self._chip.select(_DF_TELECOM)
        try:
            return decode.msisdn(_content(self._chip.first_record(_EF_MSISDN)))
        except decode.Undecodable:
            return None


def _content(told: Answer) -> bytes:
    if told.sw != OK:
        raise decode.Undecodable(f"{told.sw:04X}")
    return told.data
