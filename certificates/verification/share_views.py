"""Links of holders: made and taken back on their own page, opened by whoever was given one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.issuance import answers
from certificates.verification import asking, queries, services
from certificates.verification.forms import ShareForm
from certificates.verification.sessionless import asker_of, unindexed
from certificates.verification.views import shown
from registry.accounts.policy import requires
from registry.lib import figures
from registry.lib.web import listed

_SHOWN = 100


@require_http_methods(["GET", "POST"])
@requires("certificate.share")
def mine(request: Any) -> HttpResponse:
    """A holder's certificates, how often somebody asked after each, and the links that were handed out."""
    certificates = list(queries.own(request.scope).annotate(answer=answers.annotation()))
    form = ShareForm(request.POST or None, certificates=certificates)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.share(
                form.certificate,
                actor=request.user,
                days=form.cleaned_data["days"],
                label=form.cleaned_data["label"],
                with_name=form.cleaned_data["with_name"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            # Shown once, on this answer alone: only its digest is kept.
            return _mine(request, certificates, ShareForm(certificates=certificates), made.token)
    return _mine(request, certificates, form, status=422 if form.errors else 200)


def _mine(
    request: Any, certificates: list[Any], form: ShareForm, token: str = "", *, status: int = 200
) -> HttpResponse:
    checks = queries.checks_of(each.pk for each in certificates)
    shares = list(queries.shares(request.scope)[:_SHOWN])
    opened = queries.visits_of(each.pk for each in shares)
    context = {
        "certificates": [(each, answers.told(each.answer), checks.get(each.pk, 0)) for each in certificates],
        "shares": [(each, *opened.get(each.pk, (0, None))) for each in shares],
        "form": form,
        "link": request.build_absolute_uri(f"/v/s/{token}") if token else "",
        "days": figures.number("verify.log_days"),
        "menu": "verification:mine",
    }
    return render(request, "certificates/verification/mine.html", context, status=status)


@require_POST
@requires("certificate.share")
def end(request: Any, share_id: int) -> HttpResponse:
    """The link leads nowhere from now on."""
    made = get_object_or_404(queries.shares(request.scope), pk=share_id)
    if services.end(made, actor=request.user):
        messages.success(request, _("分享已停用。"))
    return redirect("verification:mine")


@require_GET
@requires("certificate.share")
def visits(request: Any, share_id: int) -> HttpResponse:
    """When a link was opened."""
    made = get_object_or_404(queries.shares(request.scope), pk=share_id)
    page = listed(request, queries.visits(made), ["-id"])
    rows = [(each.at, answers.told(each.answer, each.at)) for each in page.rows]
    context = {"share": made, "list": page, "rows": rows, "menu": "verification:mine"}
    return render(request, "certificates/verification/visits.html", context)


@login_not_required
@require_GET
@requires("certificate.verify")
@unindexed
def shared(request: Any, token: str) -> HttpResponse:
    """What somebody sees who was given a link."""
    made = queries.shared(token)
    if made is None:
        raise Http404
    told = asking.read(asking.by_id(made.certificate_id, asker_of(request), "share", made.pk))
    if told["answer"] == "wait":
        return render(request, "certificates/verification/shared.html", {"told": None}, status=429)
    holder = made.certificate.person
    if made.with_name and holder.restricted_at is None:
        told["holder"] = holder.name
    return render(
        request,
        "certificates/verification/shared.html",
        {"share": made, "log_days": _log_days(), **shown(told)},
    )


def _log_days() -> int:
    return figures.number("verify.log_days")
