"""The site map: where each room hangs. Rooms name their own pages."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from registry.config import views
from registry.config.api import api

# (where it hangs, the room). Mounted by name, so that this file imports no room.
ROOMS = [
    ("accounts/", "registry.accounts"),
    ("apikeys/", "registry.apikeys"),
    ("door/", "registry.door"),
    ("exports/", "registry.exports"),
    ("staffing/", "registry.staffing"),
    ("inspection/", "registry.inspection"),
    ("intake/", "registry.intake"),
    ("people/", "registry.people"),
    ("review/", "registry.review"),
    ("rights/", "registry.rights"),
    ("institutions/", "registry.institutions"),
    ("evaluations/", "certificates.evaluations"),
    ("certificates/", "certificates.issuance"),
    ("v/", "certificates.verification"),
    ("credentials/", "certificates.credentials"),
    ("printing/", "certificates.printing"),
    ("classes/", "training.classes"),
    ("enrolments/", "training.enrolments"),
    ("targets/", "training.targets"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("health/all", views.healthy, name="healthy"),
    path(".well-known/registry-log/", include("registry.audit.log_urls")),
    path(".well-known/", include("certificates.verification.published_urls")),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    *(path(prefix, include(f"{room}.urls")) for prefix, room in ROOMS if find_spec(f"{room}.urls")),
    path("accounts/", include("registry.accounts.library_urls")),
]

handler400 = "registry.config.views.bad_request"
handler403 = "registry.config.views.permission_denied"
handler404 = "registry.config.views.not_found"
handler500 = "registry.config.views.server_error"
