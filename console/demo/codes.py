"""Codes of firms that are none."""

from models.formats import organisation_check_character, uscc_check_character


def made_up_uscc(number: int) -> str:
    """A well-formed code of no firm: its region is nobody's."""
    organisation = f"MADEX{number:03d}" if number < 1000 else f"MAD{number:05d}"  # noqa: PLR2004
    body = f"91440000{organisation}{organisation_check_character(organisation)}"
    return body + uscc_check_character(body)
