"""Nouns over keys."""

from __future__ import annotations

from django.db.models import QuerySet

from registry.accounts.scopes import within
from registry.apikeys.models import ApiKey
from registry.lib.scope import Scope


def keys(scope: Scope) -> QuerySet[ApiKey]:
    """Keys of the institution, or all; the newest first, those that are good before the others."""
    seen = ApiKey.objects.filter(within(scope, institution_field="institution_id"))
    return seen.select_related("institution", "issued_by", "revoked_by").defer("digest").order_by("-id")
