"""Agents lie in the console's database; Django's own tables beside them in another."""

from typing import Any


class Router:
    def db_for_read(self, model: Any, **_hints: object) -> str:  # noqa: ANN401 - any model
        return "console" if model._meta.app_label == "register" else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_hints: object) -> bool:
        return db == "default" and app_label != "register"
