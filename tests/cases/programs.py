"""Programs of organisations, as they speak to the API."""

from typing import Any

import httpx

from console.actions.staff.people import add_client
from console.web.api.app import build
from models.permissions import Role
from tests.browser import Visitor
from tests.conftest import Desks


class Program:
    """A program with a bearer key; each write has a key of its own unless it is told one."""

    def __init__(self, desks: Desks, organisation: str, *roles: Role) -> None:
        _, self.key = add_client(
            desks.security, organisation=organisation, name=f"{organisation} erp", roles=list(roles)
        )
        self.visitor = Visitor(build(desks.house.house))
        self.writes = 0

    def get(self, path: str) -> httpx.Response:
        return self.visitor.get(path, headers={"authorization": f"Bearer {self.key}"})

    def post(self, path: str, once: str | None = None, **options: Any) -> httpx.Response:  # noqa: ANN401
        return self.write("POST", path, once, **options)

    def put(self, path: str, once: str | None = None, **options: Any) -> httpx.Response:  # noqa: ANN401
        return self.write("PUT", path, once, **options)

    def write(
        self,
        method: str,
        path: str,
        once: str | None = None,
        **options: Any,  # noqa: ANN401
    ) -> httpx.Response:
        self.writes += 1
        headers = {
            "authorization": f"Bearer {self.key}",
            "idempotency-key": once or f"{self.key[-6:]}-{self.writes}",
        }
        more = options.pop("headers", {})
        return self.visitor.ask(method, path, headers=headers | more, **options)
