from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("static/<path:path>", serve, {"insecure": True}),
]
