"""Industry cards by API: purchasers, batches, who answers for them, their use, what is ordered."""

from fastapi import APIRouter

from console.web.api.industry import (
    accountable,
    batches,
    cards,
    counts,
    findings,
    orders,
    purchasers,
    usage,
)

router = APIRouter(tags=["industry cards"])
for _part in (purchasers, batches, accountable, cards, usage, findings, orders, counts):
    router.include_router(_part.router)
