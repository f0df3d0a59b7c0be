"""Where a stranger's links lead."""

from urllib.parse import urljoin


def joined(base: str, link: str) -> str:
    """The address that a link leads to; empty when it is none at all (`http://[`)."""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""
