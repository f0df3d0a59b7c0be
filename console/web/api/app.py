"""The API as one application, mounted at /api/v1."""

from fastapi import FastAPI

from console.desk import House
from console.web.api import (
    card_reads,
    case_appeals,
    case_moves,
    cases,
    channel,
    complaints,
    devices,
    imports,
    industry,
    instructions,
    notices,
    oversight,
    patrol,
    patrol_checks,
    patrol_links,
    patrol_models,
    patrol_plans,
    patrol_triage,
    rectifications,
    reports,
    spot_checks,
    staff,
    stock,
    test_purchases,
    traces,
)
from console.web.api.base import FAULTS, handle_errors

ROUTERS = (
    staff.router,
    channel.router,
    cases.router,
    case_moves.router,
    instructions.router,
    reports.router,
    case_appeals.router,
    notices.router,
    complaints.router,
    rectifications.router,
    patrol.router,
    patrol_links.router,
    patrol_models.router,
    patrol_plans.router,
    patrol_checks.router,
    patrol_triage.router,
    imports.router,
    stock.router,
    test_purchases.router,
    devices.router,
    card_reads.router,
    spot_checks.router,
    traces.router,
    industry.router,
    oversight.router,
)


def build(house: House) -> FastAPI:
    """The API over a house. Its description is at /api/v1/openapi.json; no page calls outside."""
    api = FastAPI(
        title="Online card channel governance",
        version="1",
        docs_url=None,
        redoc_url=None,
        responses=dict(FAULTS),
    )
    api.state.house = house
    handle_errors(api)
    for router in ROUTERS:
        api.include_router(router)
    return api
