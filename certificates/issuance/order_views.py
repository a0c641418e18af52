"""Pages of orders: draw one up from a closed batch, hand it to the signatory, watch how far it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.issuance import families, hooks, order_queries, orders, validity
from certificates.issuance.models import Order, OrderLine
from registry.accounts.policy import can, requires, scope_of
from registry.lib.web import listed, page_or_part
from registry.review.errors import PersonUnknown

State = Order.State


class NewOrderForm(forms.Form):
    """Which batch, and the day that the certificates bear."""

    exam = forms.TypedChoiceField(
        label=_lazy("评价批次"), coerce=int, error_messages={"required": _lazy("请选择已办结的评价批次。")}
    )
    issued_on = forms.DateField(
        label=_lazy("发证日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_lazy("印在证书上的日期，不早于考试日期，不晚于今天。"),
        error_messages={
            "required": _lazy("请填写发证日期。"),
            "invalid": _lazy("请按 2026-03-05 的格式填写日期。"),
        },
    )


@require_GET
@requires("certificate.orders")
def order_list(request: Any) -> HttpResponse:
    """Orders within reach, latest first."""
    found = listed(
        request, order_queries.orders(scope_of(request.actor, "certificate.orders")), ["-created_at", "-id"]
    )
    return render(
        request,
        "certificates/issuance/orders.html",
        {
            "list": found,
            "may_draw_up": can(request.actor, "certificate.prepare") and can(request.actor, "exam.read"),
            "menu": "certificates:orders",
        },
    )


@require_http_methods(["GET", "POST"])
@requires("certificate.prepare")
def new(request: Any) -> HttpResponseBase:
    """Choose a closed batch; drawing up looks at everybody and says who will be refused."""
    scope = scope_of(request.actor, "certificate.prepare")
    exams = list(order_queries.issuable(scope)[:200]) if can(request.actor, "exam.read") else []
    form = NewOrderForm(
        request.POST if request.method == "POST" else None,
        initial={"issued_on": timezone.localdate(), "exam": request.GET.get("exam")},
    )
    form.fields["exam"].choices = [  # type: ignore[attr-defined]
        (
            one.pk,
            _("%(number)s %(occupation)s %(level)s，%(day)s，合格 %(n)s 人")
            % {
                "number": one.number,
                "occupation": one.occupation.name,
                "level": one.level.name,
                "day": one.exam_on.isoformat(),
                "n": one.passed,  # type: ignore[attr-defined]
            },
        )
        for one in exams
    ]
    if form.is_valid():
        try:
            order = orders.for_exam(
                actor=request.actor,
                user=request.user,
                exam_id=form.cleaned_data["exam"],
                issued_on=form.cleaned_data["issued_on"],
            )
        except orders.NotNow as error:
            form.add_error(None, ValidationError(str(error)))
        else:
            messages.success(request, _("签发单已生成，请核对名单后提交签发人。"))
            return redirect("certificates:order", order.pk)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "exams": exams, "menu": "certificates:orders"}
    return render(request, "certificates/issuance/order_new.html", context, status=status)


@require_GET
@requires("certificate.orders")
def order(request: Any, order_id: UUID) -> HttpResponse:
    """One order: how far it is, whom it is for, who is refused and why."""
    return render(request, "certificates/issuance/order.html", _context(request, order_id))


@require_GET
@requires("certificate.orders")
def progress(request: Any, order_id: UUID) -> HttpResponse:
    """The part of the page that changes while certificates are issued."""
    return page_or_part(
        request,
        "certificates/issuance/order.html",
        "certificates/issuance/_order_state.html",
        _context(request, order_id),
    )


@require_POST
@requires("certificate.prepare")
def submit(request: Any, order_id: UUID) -> HttpResponseBase:
    """Hand a draft to the signatory."""
    try:
        orders.submit(order_id, actor=request.actor, user=request.user)
    except Order.DoesNotExist:
        raise Http404 from None
    except (orders.NotNow, PersonUnknown) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("已提交，等待签发人签发。"))
    return redirect("certificates:order", order_id)


@require_POST
@requires("certificate.prepare")
def cancel(request: Any, order_id: UUID) -> HttpResponseBase:
    """Drop a draft."""
    try:
        orders.cancel(order_id, actor=request.actor, user=request.user)
    except Order.DoesNotExist:
        raise Http404 from None
    except orders.NotNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("签发单已作废，可以重新制证。"))
    return redirect("certificates:order", order_id)


def _shown(line: OrderLine) -> tuple[OrderLine, str, str]:
    """A line, what it is about, and why it is refused."""
    what = line.entry.get("occupation_name") or line.entry.get("title") or "—"
    return line, what, hooks.wording(line.refusal) if line.refusal else ""


def _context(request: Any, order_id: UUID) -> dict[str, Any]:
    scope = scope_of(request.actor, "certificate.orders")
    found = order_queries.orders(scope).filter(pk=order_id).first()
    if found is None:
        raise Http404
    lines = order_queries.lines(found)
    show = request.GET.get("show", "")
    if show == "refused":
        lines = lines.exclude(refusal="")
    elif show == "issued":
        lines = lines.filter(refusal="")
    page = listed(request, lines, ["id"])
    done = found.prepared + found.signed
    return {
        "order": found,
        "last_day": validity.last_day(found.family, found.issued_on),
        "list": page,
        "rows": [_shown(line) for line in page.rows],
        "show": show,
        "reasons": [(hooks.wording(code), n) for code, n in order_queries.reasons(found)],
        "working": found.state in (State.APPROVED, State.ISSUING),
        "issuable": found.total - found.refused,
        # Numbered and signed are the two steps of everybody.
        "done": done,
        "steps": 2 * (found.total - found.refused),
        "may_prepare": found.state == State.DRAFT
        and can(request.actor, "certificate.prepare")
        and families.allows(request.actor, found.family)
        and found.institution_id == scope.institution_id,
        "case_open": found.state == State.WAITING and found.case_id is not None,
        "menu": "certificates:orders",
    }
