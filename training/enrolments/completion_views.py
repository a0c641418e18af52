"""The page at a class from which its school issues completion certificates (培训合格证书)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_POST

from certificates.issuance import order_queries, orders
from registry.accounts.policy import can, requires, scope_of
from registry.lib.fields import DayInput
from training.classes import queries as classes
from training.classes.models import TrainingClass
from training.enrolments import completion


class IssueForm(forms.Form):
    """The day that the certificates bear."""

    issued_on = forms.DateField(
        label=_lazy("发证日期"),
        widget=DayInput(),
        help_text=_lazy("印在证书上的日期，不早于结班日期，不晚于今天。"),
        error_messages={
            "required": _lazy("请填写发证日期。"),
            "invalid": _lazy("请按 2026-03-05 的格式填写日期。"),
        },
    )


@require_GET
@requires("certificate.orders")
def certificates(request: Any, class_id: int) -> HttpResponse:
    """A class with everybody in it: who has a certificate, who can get one, and why somebody cannot."""
    form = IssueForm(initial={"issued_on": timezone.localdate()})
    return _page(request, class_id, form)


@require_POST
@requires("certificate.prepare")
def draw_up(request: Any, class_id: int) -> HttpResponseBase:
    """Draw an order up for the class; leads to its page, where it is handed to the principal."""
    form = IssueForm(request.POST)
    if form.is_valid():
        try:
            made = completion.draw_up(
                class_id,
                actor=request.actor,
                user=request.user,
                issued_on=form.cleaned_data["issued_on"],
            )
        except TrainingClass.DoesNotExist:
            raise Http404 from None
        except orders.NotNow as error:
            form.add_error(None, ValidationError(str(error)))
        else:
            messages.success(request, _("签发单已生成，请核对名单后提交签发人。"))
            return redirect("certificates:order", made.pk)
    return _page(request, class_id, form, status=422)


def _page(request: Any, class_id: int, form: IssueForm, *, status: int = 200) -> HttpResponse:
    scope = scope_of(request.actor, "certificate.orders")
    klass = classes.klass(scope, class_id)
    if klass is None:
        raise Http404
    found = completion.trainees(scope, klass, timezone.localdate())
    drawn_up = list(order_queries.of_origin(completion.origin(klass)))
    ready = sum(not one.why and one.made is None for one in found)
    context = {
        "klass": klass,
        "course": completion.course(klass),
        "trainees": found,
        "ready": ready,
        "held": sum(one.made is not None for one in found),
        "orders": drawn_up,
        "form": form,
        "may_draw_up": ready > 0
        and klass.is_over
        and not any(one.state in order_queries.UNDER_WAY for one in drawn_up)
        and klass.institution_id == scope.institution_id
        and can(request.actor, "certificate.prepare"),
        "menu": "classes:list",
    }
    return render(request, "training/enrolments/certificates.html", context, status=status)
