from typing import ClassVar

from django.contrib import admin

from tests.bench.admin_peer.register.models import Agent


@admin.register(Agent)
class AgentAdmin(admin.ModelAdmin):
    list_display = ("agent_no", "name", "state", "uscc", "province", "created_at")
    list_filter = ("state", "province")
    search_fields: ClassVar[list[str]] = ["agent_no", "name"]
    list_per_page = 50
    ordering = ("-created_at",)
