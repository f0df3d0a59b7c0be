"""Numbers of our field: what is well formed, what is not, and why.

A check answers with what the number says, or with a `Fault`. It never says that a number
exists, or that it belongs to the one who shows it.
"""

from models.formats.cards import (
    Carrier,
    Iccid,
    Luhn,
    Phone,
    PhoneUse,
    check_iccid,
    check_phone,
    iccid_from_ef,
    iccid_to_ef,
)
from models.formats.filings import (
    IcpFiling,
    TelecomLicence,
    check_icp_filing,
    check_telecom_licence,
    police_filing_region,
)
from models.formats.numbers import (
    IssuedNumber,
    check_agent_number,
    check_licence_number,
    make_agent_number,
    make_licence_number,
)
from models.formats.people import (
    IdKind,
    ResidentId,
    check_resident_id,
    mask_resident_id,
    resident_check_character,
)
from models.formats.text import Fault, compact, luhn_digit, luhn_holds, normalise
from models.formats.uscc import (
    Uscc,
    UsccKind,
    check_uscc,
    is_business_licence_holder,
    organisation_check_character,
    uscc_check_character,
)

__all__ = [
    "Carrier",
    "Fault",
    "Iccid",
    "IcpFiling",
    "IdKind",
    "IssuedNumber",
    "Luhn",
    "Phone",
    "PhoneUse",
    "ResidentId",
    "TelecomLicence",
    "Uscc",
    "UsccKind",
    "check_agent_number",
    "check_iccid",
    "check_icp_filing",
    "check_licence_number",
    "check_phone",
    "check_resident_id",
    "check_telecom_licence",
    "check_uscc",
    "compact",
    "iccid_from_ef",
    "iccid_to_ef",
    "is_business_licence_holder",
    "luhn_digit",
    "luhn_holds",
    "make_agent_number",
    "make_licence_number",
    "mask_resident_id",
    "normalise",
    "organisation_check_character",
    "police_filing_region",
    "resident_check_character",
    "uscc_check_character",
]
