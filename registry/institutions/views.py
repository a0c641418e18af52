"""Pages of institutions: the catalogue, and one institution with what it is filed for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from registry.institutions import queries
from registry.institutions.forms import InstitutionFilter
from registry.lib.web import listed

View = TypeVar("View", bound=Callable[..., Any])

# Accounts know institutions, not the other way round, so their gate is named here and not imported.
requires: Callable[[str], Callable[[View], View]] = import_string("registry.accounts.policy.requires")


@require_GET
@requires("institution.read")
def institution_list(request: Any) -> HttpResponse:
    """Institutions within the reader's scope, by name."""
    form = InstitutionFilter(request.GET, scope=request.scope)
    found = listed(request, queries.institutions(request.scope, **form.asked), ["name_key", "id"])
    return render(request, "registry/institutions/list.html", {"form": form, "list": found})


@require_GET
@requires("institution.read")
def institution_detail(request: Any, institution_id: int) -> HttpResponse:
    """One institution: names, place, and its filings with the days they hold."""
    institution = queries.institution(request.scope, institution_id)
    if institution is None:
        raise Http404(_("没有这个机构，或不在您的权限范围内。"))
    context = {
        "institution": institution,
        "aliases": institution.aliases.all(),
        "filings": list(queries.filings(request.scope, institution_id)),
        "today": timezone.localdate(),
    }
    return render(request, "registry/institutions/detail.html", context)
