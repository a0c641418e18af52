"""Pages of blank paper: what lies where, requisitions on their way, sheets, destruction, stocktaking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.printing import paper_queries, services, stock, supply
from certificates.printing.errors import NotAllowed
from certificates.printing.paper_forms import CloseForm, CountForm, FateForm, RequestForm, SendForm
from certificates.printing.paper_models import Destruction, PaperRequest, Sheet
from registry.accounts.policy import can, requires, scope_of
from registry.lib import figures
from registry.lib.web import listed
from registry.review.errors import PersonUnknown

_VIEWS = ("stock", "requests", "sheets", "destructions", "countings")


@require_GET
@requires("paper.read")
def home(request: Any) -> HttpResponse:
    """One of five lists: stock by family, requisitions, sheets, lists of destruction, stocktakings."""
    scope = scope_of(request.actor, "paper.read")
    view = request.GET.get("view", "stock")
    if view not in _VIEWS:
        view = "stock"
    context: dict[str, Any] = {
        "view": view,
        "may_keep": can(request.actor, "paper.keep"),
        "many": scope.kind != "institution",
        "reasons": _reasons(),
        "menu": "printing:paper",
    }
    match view:
        case "requests":
            context["list"] = listed(request, paper_queries.requests(scope), ["-id"])
        case "sheets":
            context |= _sheets(request, paper_queries.sheets(scope))
        case "destructions":
            context["list"] = listed(request, paper_queries.destructions(scope), ["-id"])
        case "countings":
            context["list"] = listed(request, paper_queries.countings(scope), ["-id"])
        case _:
            context["held"] = paper_queries.held(scope, timezone.localdate())
            context["least"] = figures.number("printing.low_stock")
    return render(request, "certificates/printing/paper.html", context)


def _reasons() -> dict[str, Any]:
    """Why a sheet is no certificate, printed or not yet, by the code that it keeps."""
    return {**services.REASONS, **{code: words for code, (_to, words) in supply.FATES.items()}}


def _sheets(request: Any, found: Any) -> dict[str, Any]:
    state = request.GET.get("state", "")
    serial = stock.normalise(request.GET.get("serial", ""))[:30]
    if state in Sheet.State.values:
        found = found.filter(state=state)
    if serial:
        found = found.filter(serial__startswith=serial)
    page = listed(request, found, ["id"], size=100)
    return {
        "list": page,
        "state": state,
        "serial": serial,
        "states": Sheet.State.choices,
        "printed": paper_queries.printed_on([row.serial for row in page.rows]),
    }


@require_http_methods(["GET", "POST"])
@requires("paper.keep")
def new(request: Any) -> HttpResponseBase:
    """Ask for blank paper."""
    form = RequestForm(request.POST or None)

    def deed() -> HttpResponseBase:
        row = supply.ask(actor=request.actor, user=request.user, **form.cleaned_data)
        messages.success(request, _("已提交，等待审批。"))
        return redirect("printing:paper-request", row.pk)

    return _form(request, form, deed, title=_("申领空白证书"), button=_("提交申领"))


@require_http_methods(["GET", "POST"])
@requires("paper.keep")
def fate(request: Any) -> HttpResponseBase:
    """Note that blank sheets are damaged, lost or found again."""
    form = FateForm(request.POST or None)

    def deed() -> HttpResponseBase:
        n = supply.note(actor=request.actor, user=request.user, **form.cleaned_data)
        messages.success(request, _("已登记 %(n)s 张。") % {"n": n})
        return redirect("printing:paper")

    return _form(request, form, deed, title=_("登记作废或遗失"), button=_("登记"))


@require_http_methods(["GET", "POST"])
@requires("paper.keep")
def count(request: Any) -> HttpResponseBase:
    """Note a stocktaking."""
    form = CountForm(request.POST or None)

    def deed() -> HttpResponseBase:
        made = supply.count(actor=request.actor, user=request.user, **form.cleaned_data)
        messages.success(request, _("盘点已登记，差异 %(n)s 张。") % {"n": made.difference})
        return redirect("printing:paper")

    return _form(request, form, deed, title=_("盘点"), button=_("登记盘点"))


def _form(
    request: Any, form: forms.Form, deed: Callable[[], HttpResponseBase], *, title: str, button: str
) -> HttpResponseBase:
    if request.method == "POST" and form.is_valid():
        try:
            return deed()
        except (NotAllowed, PersonUnknown) as error:
            form.add_error(None, str(error))
    context = {"form": form, "title": title, "button": button, "menu": "printing:paper"}
    status = 422 if form.is_bound else 200
    return render(request, "certificates/printing/paper_form.html", context, status=status)


@require_GET
@requires("paper.read")
def detail(request: Any, request_id: UUID) -> HttpResponse:
    """One requisition: how far it is, and what is to be done next."""
    return _detail(request, request_id, None)


@require_POST
@requires("paper.send")
def send(request: Any, request_id: UUID) -> HttpResponseBase:
    """Send the sheets of an approved requisition out."""
    form = SendForm(request.POST)
    if form.is_valid():
        try:
            supply.send(request_id, actor=request.actor, user=request.user, **form.cleaned_data)
        except PaperRequest.DoesNotExist:
            raise Http404 from None
        except NotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已发出，等待申领机构入库。"))
            return redirect("printing:paper-request", request_id)
    return _detail(request, request_id, form)


@require_POST
@requires("paper.keep")
def receive(request: Any, request_id: UUID) -> HttpResponseBase:
    """Take a delivery into stock, or say that it is not what was sent (`back`)."""
    arrived = "back" not in request.POST
    try:
        supply.receive(request_id, actor=request.actor, user=request.user, arrived=arrived)
    except PaperRequest.DoesNotExist:
        raise Http404 from None
    except NotAllowed as error:
        messages.warning(request, str(error))
    else:
        said = _("已入库，可以用于打印。") if arrived else _("已退回，等待重新发出。")
        messages.success(request, said)
    return redirect("printing:paper-request", request_id)


def _detail(request: Any, request_id: UUID, form: SendForm | None) -> HttpResponse:
    found = paper_queries.requests(scope_of(request.actor, "paper.read"))
    row = found.select_related("sent_by", "received_by").filter(pk=request_id).first()
    if row is None:
        raise Http404
    sending = row.state == PaperRequest.State.APPROVED and can(request.actor, "paper.send")
    context = {
        "row": row,
        "form": (form or SendForm(initial={"count": row.quantity})) if sending else None,
        "may_receive": row.state == PaperRequest.State.SENT and can(request.actor, "paper.keep"),
        "menu": "printing:paper",
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "certificates/printing/paper_request.html", context, status=status)


@require_POST
@requires("paper.keep")
def destroy(request: Any) -> HttpResponseBase:
    """Put all that waits to be destroyed on a list and hand it in."""
    try:
        made = supply.list_for_destruction(actor=request.actor, user=request.user)
    except (NotAllowed, PersonUnknown) as error:
        messages.warning(request, str(error))
        return redirect("printing:paper")
    messages.success(request, _("销毁批次已建立，等待另一人批准。"))
    return redirect("printing:paper-destruction", made.pk)


@require_GET
@requires("paper.read")
def destruction(request: Any, destruction_id: UUID) -> HttpResponse:
    """One list of sheets to be destroyed, or destroyed."""
    return _destruction(request, destruction_id, CloseForm())


@require_POST
@requires("paper.keep")
def close(request: Any, destruction_id: UUID) -> HttpResponseBase:
    """Note the day on which the list was destroyed."""
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            supply.close(destruction_id, actor=request.actor, user=request.user, **form.cleaned_data)
        except Destruction.DoesNotExist:
            raise Http404 from None
        except (NotAllowed, PersonUnknown) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("已登记销毁，批次关闭。"))
            return redirect("printing:paper-destruction", destruction_id)
    return _destruction(request, destruction_id, form)


def _destruction(request: Any, destruction_id: UUID, form: CloseForm) -> HttpResponse:
    found = paper_queries.destructions(scope_of(request.actor, "paper.read"))
    row = found.select_related("closed_by", "witness").filter(pk=destruction_id).first()
    if row is None:
        raise Http404
    page = listed(request, row.sheets.all(), ["id"], size=100)
    context = {
        "row": row,
        "list": page,
        "printed": paper_queries.printed_on([sheet.serial for sheet in page.rows]),
        "reasons": _reasons(),
        "form": form,
        "may_close": row.state == Destruction.State.APPROVED and can(request.actor, "paper.keep"),
        "menu": "printing:paper",
    }
    status = 422 if form.errors else 200
    return render(request, "certificates/printing/paper_destruction.html", context, status=status)
