"""Pages of classes: the list, and one class with its people in numbers and its timetable."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from registry.accounts.policy import can, requires
from registry.lib.web import listed
from training.classes import queries
from training.classes.forms import ClassFilter
from training.classes.models import TrainingClass


@require_GET
@requires("class.read")
def class_list(request: Any) -> HttpResponse:
    """Classes within the reader's scope, newest first."""
    form = ClassFilter(request.GET)
    form.is_valid()
    found = queries.filtered(queries.classes(request.scope), **form.cleaned_data)
    return render(
        request,
        "training/classes/list.html",
        {"form": form, "list": listed(request, found, ["-starts_on", "-id"])},
    )


@require_GET
@requires("class.read")
def detail(request: Any, class_id: int) -> HttpResponse:
    """One class; its people are a list of their own."""
    klass = queries.klass(request.scope, class_id)
    if klass is None:
        raise Http404
    takes_people = klass.state in TrainingClass.TAKES_PEOPLE
    return render(
        request,
        "training/classes/detail.html",
        {
            "klass": klass,
            "rows": f"{reverse('enrolments:list')}?klass={klass.pk}",
            "capacity_text": _("班额 %(n)s 人") % {"n": klass.capacity} if klass.capacity else "",
            "sessions": klass.sessions.order_by("on", "starts"),
            "may_upload": takes_people and can(request.actor, "intake.upload"),
        },
    )
