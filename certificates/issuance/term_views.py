"""Pages on which the administrator sets how certificates are numbered and for how long they hold, from a day on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from certificates.issuance import rules, term_forms, validity
from certificates.issuance.models import Certificate, NumberRule
from registry.accounts.policy import requires

_MENU = "certificates:terms"


@require_http_methods(["GET", "POST"])
@requires("certificate.terms")
def terms(request: Any) -> HttpResponseBase:
    """Rules and periods, those in force first seen; a new period is kept here."""
    today = timezone.localdate()
    form = term_forms.ValidityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            kept = validity.set_months(
                asked["family"],
                asked["months"],
                valid_from=asked["valid_from"],
                document_no=asked["document_no"],
                actor=request.user,
            )
        except validity.NotAllowed as error:
            form.add_error("valid_from", str(error))
        else:
            messages.success(request, _("已保存，自 %(day)s 起签发的证书使用。") % {"day": kept.valid_from})
            return redirect(_MENU)
    context = {
        "rules": [(row, rules.said(row.segments), _state(row, today)) for row in _rules()],
        "now": [(label, validity.months(family, today)) for family, label in Certificate.Family.choices],
        "periods": validity.periods(),
        "form": form,
        "menu": _MENU,
    }
    return render(request, "certificates/issuance/terms.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@requires("certificate.terms")
def new_rule(request: Any) -> HttpResponseBase:
    """A new rule: shown with the number that would come next, kept on the second button."""
    family = request.GET.get("family", "")
    if family not in Certificate.Family.values:
        family = Certificate.Family.SKILL_LEVEL.value
    form = term_forms.RuleForm(request.POST or None, initial=term_forms.initial(family))
    shown = None
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        shown = rules.example(asked["family"], asked["region_code"], asked["segments"], asked["valid_from"])
        if "keep" in request.POST and _kept(request, form):
            return redirect(_MENU)
    context = {"form": form, "example": shown, "menu": _MENU}
    return render(
        request,
        "certificates/issuance/rule_new.html",
        context,
        status=422 if form.is_bound and form.errors else 200,
    )


def _kept(request: Any, form: term_forms.RuleForm) -> bool:
    asked = form.cleaned_data
    try:
        rules.add(
            asked["family"],
            asked["region_code"],
            asked["segments"],
            valid_from=asked["valid_from"],
            name=asked["name"],
            document_no=asked["document_no"],
            actor=request.user,
        )
    except rules.NotAllowed as error:
        form.add_error("valid_from", str(error))
        return False
    messages.success(request, _("已保存，自 %(day)s 起按新规则编号。") % {"day": asked["valid_from"]})
    return True


def _rules() -> list[NumberRule]:
    return list(NumberRule.objects.order_by("family", "region_code", "-valid_from"))


def _state(row: NumberRule, day: Any) -> str:
    if row.valid_from > day:
        return _("未生效")
    return _("已停用") if row.valid_to and row.valid_to < day else _("使用中")
