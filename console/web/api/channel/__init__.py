"""The channel by API: agents, licences, shops, badges, signals, publications, the blacklist."""

from fastapi import APIRouter

from console.web.api.channel import (
    agents,
    appeals,
    badges,
    barred_lists,
    blacklist,
    checks,
    keys,
    licences,
    papers,
    publications,
    shops,
    signals,
    tellings,
    versions,
)

router = APIRouter(tags=["channel"])
for _part in (
    agents,
    papers,
    appeals,
    licences,
    versions,
    tellings,
    shops,
    badges,
    checks,
    signals,
    keys,
    publications,
    blacklist,
    barred_lists,
):
    router.include_router(_part.router)
