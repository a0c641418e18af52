"""The back office (Django's admin): entered by role, and only tables that name their action are in it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.urls import resolve, reverse
from django.utils.translation import gettext_lazy as _

from registry.accounts.bindings import BACK_OFFICE
from registry.accounts.policy import can


class Site(AdminSite):
    """Neither the flag of staff nor that of a superuser opens anything here."""

    site_title = site_header = index_title = _("系统设置")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """A table that names no action is left out; so are those that libraries bring along."""
        if getattr(admin_class, "policy", None) is not None:
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: Any) -> bool:
        """As the matrix says; each table asks again for itself."""
        return can(request.actor, BACK_OFFICE)

    @login_not_required
    def login(self, request: Any, extra_context: Any = None) -> Any:
        """There is one door."""
        return redirect_to_login(request.GET.get("next", "/"), settings.LOGIN_URL)

    def logout(self, request: Any, extra_context: Any = None) -> Any:
        """And one way out."""
        return resolve(reverse("accounts:sign-out")).func(request)
