"""The channel by API: agents, licences, shops, badges, publications, the blacklist."""

from fastapi import APIRouter

from console.web.api.channel import agents, badges, blacklist, licences, publications, shops

router = APIRouter(tags=["channel"])
for _part in (agents, licences, shops, badges, publications, blacklist):
    router.include_router(_part.router)
