"""The fetcher as these tests set it up, and what it says when it fails."""

from io import BytesIO
from ipaddress import ip_network
from typing import Any

import pytest

from integrations.fetch import Fetcher, FetchSettings, Recorder
from integrations.marketplaces.base import SourceError

HOST, OTHER_HOST = "127.77.0.1", "127.77.0.2"
CANARY = "127.0.0.1"
SETTINGS = FetchSettings(
    agent="ChannelPatrol/1 (+mailto:patrol@carrier.example)",
    allowed_networks=(ip_network("127.77.0.0/16"),),
    total_seconds=2.0,
    max_bytes=1_000_000,
    pace_seconds=0.0,
)


ROBOTS = b"""\xef\xbb\xbf# ours
User-agent: ChannelPatrol
Disallow: /private
Disallow: /*?sort=
Disallow: /*.pdf$
Allow: /private/terms
Crawl-delay: 0.4

User-agent: *
Disallow: /
"""
GZIPPED = "Content-Encoding: gzip\r\n"


def fetcher(**changes: Any) -> Fetcher:  # noqa: ANN401
    return Fetcher(FetchSettings(**{name: getattr(SETTINGS, name) for name in _FIELDS} | changes))


_FIELDS = ("agent", "allowed_networks", "total_seconds", "max_bytes", "pace_seconds")


def failure(asker: Fetcher, url: str, **options: Any) -> SourceError:  # noqa: ANN401
    with pytest.raises(SourceError) as met:
        asker.ask(url, **options)
    return met.value


def word(asker: Fetcher, url: str) -> str:
    return failure(asker, url).reason.word


def recorded() -> tuple[BytesIO, Recorder]:
    warc = BytesIO()
    return warc, Recorder(warc, name="page.warc.gz", info={"software": "test"})
