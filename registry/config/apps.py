"""Django's admin as an installed app, with our site in place of its own."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class BackOffice(AdminConfig):
    default_site = "registry.config.backoffice.Site"
