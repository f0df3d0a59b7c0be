"""Requests for every route about industry cards, made from what the API says of itself."""

from typing import Any
from uuid import UUID

from console.web.api.app import build
from tests.cards.used import DAY
from tests.cards.world import iccid20
from tests.cases.world import PNG
from tests.conftest import Desks

NOBODY = UUID(int=0)


def operations(desks: Desks) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path with ids of nobody, and a body that is well formed, for each of our routes."""
    described = build(desks.house.house).openapi()
    found: list[tuple[str, str, dict[str, Any]]] = []
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            if one.get("tags") != ["industry cards"]:
                continue
            filled = path.replace("{iccid}", iccid20(1))
            for name in ("purchaser", "batch", "person", "user", "mark", "run", "entry", "finding",
                         "order"):  # fmt: skip
                filled = filled.replace(f"{{{name}_id}}", str(NOBODY))
            asked = {
                each["name"]: sample(each["schema"], described)
                for each in one.get("parameters", [])
                if each["in"] == "query" and each["required"]
            }
            found.append((method.upper(), filled, {"params": asked, **body(one, described)}))
    return found


def body(operation: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/jose" in content:
        return {"content": b"x", "headers": {"content-type": "application/jose"}}
    if "multipart/form-data" in content:
        given = sample(content["multipart/form-data"]["schema"], described)
        data = {name: one for name, one in given.items() if name != "file"}
        return {"data": data, "files": {"file": ("x.png", PNG)}}
    if "application/json" in content:
        return {"json": sample(content["application/json"]["schema"], described)}
    return {}


def sample(schema: dict[str, Any], described: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The least that a schema lets in."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return sample(described["components"]["schemas"][name], described)
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {})
            return {name: sample(parts[name], described) for name in schema.get("required", [])}
        case "array":
            return [sample(schema["items"], described)] * schema.get("minItems", 0)
        case "integer" | "boolean" as kind:
            return False if kind == "boolean" else schema.get("minimum", 0)
        case _:
            words = {"uuid": str(NOBODY), "date": str(DAY), "date-time": f"{DAY}T00:00:00Z"}
            return schema.get("enum", [words.get(schema.get("format", ""), "x")])[0]
