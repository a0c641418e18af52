"""Pages of layouts: which is in force, a sample of it, and moving what stands on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods

from certificates.issuance.models import Certificate
from certificates.printing import layouts, pdf, preview, queries, samples, services, shipped
from certificates.printing.forms import NUMBERS, AdjustForm, places
from certificates.printing.models import PageLayout
from registry.accounts.policy import requires

# What stands on the page without a label of its own, by the identifiers of the layouts that ship.
_NAMES = {
    "title": _lazy("证书名称"),
    "title_en": _lazy("英文名称"),
    "subtitle": _lazy("副标题"),
    "statement": _lazy("正文"),
    "statement_both": _lazy("正文（中英对照）"),
    "statement_en": _lazy("英文正文"),
    "photo": _lazy("照片"),
    "qr": _lazy("二维码"),
    "scan": _lazy("二维码说明"),
    "code": _lazy("核验码"),
    "body": _lazy("评价机构名称"),
    "seal": _lazy("印章提示"),
    "seal_both": _lazy("印章提示（中英对照）"),
    "issued_on": _lazy("发证日期"),
    "lookup_1": _lazy("页脚第一行"),
    "lookup_2": _lazy("页脚第二行"),
}


@require_GET
@requires("layout.edit")
def layout_list(request: Any) -> HttpResponse:
    """Families and the version of each that is in force."""
    today = timezone.localdate()
    labels = dict(Certificate.Family.choices)
    rows = [
        (family, labels[family], queries.layout_for(family, today), queries.versions(family).first())
        for family in shipped.FAMILIES
    ]
    return render(request, "certificates/printing/layouts.html", {"rows": rows, "menu": "printing:layouts"})


@require_http_methods(["GET", "POST"])
@requires("layout.edit")
def layout(request: Any, family: str) -> HttpResponseBase:
    """The page with a sample on it; typed numbers are shown first and kept on the second button."""
    row = _latest(family)
    drawn = layouts.read(row.data)
    form = AdjustForm(request.POST if "keep" in request.POST else None)
    faults: list[str] = []
    if request.method == "POST":
        wanted, wrong = places(drawn, request.POST)
        faults = [_("%(field)s 不是数字。") % {"field": each} for each in wrong]
        try:
            drawn = layouts.moved(drawn, wanted)
        except layouts.BadLayout as error:
            faults.append(str(error))
        if not faults and "keep" in request.POST and form.is_valid():
            try:
                kept = services.adjust(
                    family, layouts.written(drawn), actor=request.user, **form.cleaned_data
                )
            except services.NotAllowed as error:
                form.add_error("valid_from", str(error))
            else:
                messages.success(
                    request,
                    _("已保存为第 %(version)s 版，自 %(day)s 起用。")
                    % {"version": kept.version, "day": kept.valid_from},
                )
                return redirect("printing:layout", family)
    asked = request.POST if request.method == "POST" else request.GET
    bilingual, long = asked.get("bilingual") == "on", asked.get("long") == "on"
    context = {
        "family": family,
        "label": dict(Certificate.Family.choices)[family],
        "row": row,
        "versions": queries.versions(family),
        "layout": drawn,
        "parts": [
            (element, _said(element), items)
            for element, items in preview.parts(drawn, samples.sample(family, long=long), bilingual=bilingual)
        ],
        "bilingual": bilingual,
        "long": long,
        "numbers": [(name, label) for name, label in NUMBERS],
        "elements": [
            (
                element,
                _said(element),
                [(name, label, f"{getattr(element, name):g}") for name, label in NUMBERS],
            )
            for element in drawn.elements
        ],
        "faults": faults,
        "form": form if form.is_bound else AdjustForm(),
        "menu": "printing:layouts",
    }
    status = 400 if faults or (form.is_bound and form.errors) else 200
    return render(request, "certificates/printing/layout.html", context, status=status)


@require_GET
@requires("layout.edit")
def sample(request: Any, family: str) -> HttpResponse:
    """The layout as it is printed, with an invented certificate on it."""
    row = _latest(family)
    way = pdf.Way(
        bilingual=request.GET.get("bilingual") == "on", preprinted=request.GET.get("preprinted") == "on"
    )
    shown = samples.sample(family, long=request.GET.get("long") == "on")
    made = pdf.render([shown], layouts.read(row.data), way)
    name = f"{family}-{row.version}.pdf"
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={"Content-Disposition": content_disposition_header(False, name) or "inline"},
    )


def _latest(family: str) -> PageLayout:
    """The newest version, whether it is in force yet or not: what is adjusted next starts from it."""
    row = queries.versions(family).first() if family in shipped.FAMILIES else None
    if row is None:
        raise Http404
    return row


def _said(element: layouts.Element) -> str:
    """What a person knows an element by."""
    return element.label or str(_NAMES.get(element.id) or element.text[:18] or element.field)
