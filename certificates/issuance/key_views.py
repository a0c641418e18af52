"""The page of signing keys: publish next year's, ask that one which somebody else may have is used no more, and have
signed anew what it signed.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_POST

from certificates.issuance import issue_tasks, key_cases, keys, order_queries, resigning
from certificates.issuance.key_models import Resigning
from certificates.issuance.models import SigningKey
from registry.accounts.policy import can, requires, scope_of
from registry.lib import figures
from registry.lib.scope import Scope
from registry.lib.web import listed, page_or_part
from registry.review.errors import AlreadyOpen, PersonUnknown

_SHOWN = 3  # as many earlier rounds of signing anew


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_lazy("情况说明"), max_length=200)


@require_GET
@requires("certificate.keys")
def key_list(request: Any) -> HttpResponse:
    """Keys within reach, latest first; private halves are shown nowhere."""
    scope = scope_of(request.actor, "certificate.keys")
    found = listed(request, order_queries.signing_keys(scope), ["-id"])
    year = timezone.localdate().year
    usable = order_queries.signing_keys(scope).filter(
        state__in=(SigningKey.State.ACTIVE, SigningKey.State.PUBLISHED)
    )
    held = {key.year for key in usable}
    may_publish = can(request.actor, "certificate.key_publish")
    may_resign = can(request.actor, "certificate.resign")
    context = {
        **_resigning(scope),
        "list": found,
        "rows": [(key, _left(key) if may_resign else 0) for key in found.rows],
        "years": [one for one in (year, year + 1) if one not in held] if may_publish else [],
        "may_act": may_resign or can(request.actor, "certificate.key_compromise"),
        "may_report": can(request.actor, "certificate.key_compromise"),
        "able": any(key.state == SigningKey.State.ACTIVE or key.year <= year for key in usable),
        "days": figures.number("certificates.key_days"),
        "retired": (SigningKey.State.COMPROMISED,),
        "menu": "certificates:keys",
    }
    return render(request, "certificates/issuance/keys.html", context)


@require_GET
@requires("certificate.keys")
def progress(request: Any) -> HttpResponseBase:
    """The part of the page that changes while certificates are signed anew."""
    if not request.htmx:
        return redirect("certificates:keys")
    part = "certificates/issuance/_resigning.html"
    return page_or_part(request, part, part, _resigning(scope_of(request.actor, "certificate.keys")))


def _resigning(scope: Scope) -> dict[str, Any]:
    shown = list(resigning.resignings(scope).select_related("key").order_by("-created_at")[:_SHOWN])
    return {"resignings": shown, "working": any(one.finished_at is None for one in shown)}


@require_POST
@requires("certificate.key_publish")
def publish(request: Any) -> HttpResponseBase:
    """Make and publish the institution's key of this year or the next."""
    institution = scope_of(request.actor, "certificate.key_publish").institution_id
    year = timezone.localdate().year
    if institution is None or request.POST.get("year") not in (str(year), str(year + 1)):
        messages.warning(request, _("只能发布今年或明年的密钥。"))
        return redirect("certificates:keys")
    key = keys.publish(institution, int(request.POST["year"]), actor=request.user)
    if key.state == SigningKey.State.ACTIVE:
        messages.success(request, _("密钥 %(kid)s 已发布并启用。") % {"kid": key.kid})
    else:
        messages.success(request, _("密钥 %(kid)s 已公布，到期后自动启用。") % {"kid": key.kid})
    return redirect("certificates:keys")


def _left(key: SigningKey) -> int:
    """How many certificates are to be signed anew; asked of the few keys that are compromised alone."""
    return resigning.left(key) if key.state == SigningKey.State.COMPROMISED else 0


@require_POST
@requires("certificate.resign")
def resign(request: Any, key_id: int) -> HttpResponseBase:
    """Have what a compromised key signed signed anew, by the worker."""
    scope = scope_of(request.actor, "certificate.resign")
    key = order_queries.signing_keys(scope).filter(pk=key_id).first()
    if key is None:
        raise Http404
    try:
        made: Resigning = resigning.begin(key, user=request.user)
    except resigning.NotNow as error:
        messages.warning(request, str(error))
    else:
        issue_tasks.enqueue_resigning(made.pk)
        messages.success(request, _("已开始重签 %(n)s 本证书，可以离开本页。") % {"n": made.total})
    return redirect("certificates:keys")


@require_POST
@requires("certificate.key_compromise")
def report(request: Any, key_id: int) -> HttpResponseBase:
    """Say that somebody else may have a key; a second person agrees before it is marked."""
    scope = scope_of(request.actor, "certificate.key_compromise")
    key = order_queries.signing_keys(scope).filter(pk=key_id).first()
    if key is None:
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("请写明情况说明。"))
        return redirect("certificates:keys")
    try:
        key_cases.report(key, reason=form.cleaned_data["reason"], user=request.user)
    except AlreadyOpen:
        messages.warning(request, _("已有人报告，等待另一人同意。"))
    except (PersonUnknown, key_cases.NotNow) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("已提交，另一人同意后密钥即标为已泄露。"))
    return redirect("certificates:keys")
