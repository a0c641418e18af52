"""Pages of certificates: the list, one with its history, doing something to one, those reported, money to recover."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.issuance import (
    answers,
    families,
    hooks,
    measures,
    queries,
    reasons,
    recoveries,
    replacing,
    reported,
    validity,
    wording,
)
from certificates.issuance.act_models import ActKind, Recovery
from certificates.issuance.forms import ActForm, CertificateFilter, ReissueForm, ReportedFilter
from certificates.issuance.models import Certificate
from registry.accounts.policy import can, requires, scope_of
from registry.lib.web import listed
from registry.people import looking
from registry.people import queries as people
from registry.review.errors import Conflict


@require_GET
@requires("certificate.read")
def certificate_list(request: Any) -> HttpResponse:
    """Certificates in view, latest registered first; the address holds the filter."""
    form = CertificateFilter(request.GET)
    form.is_valid()
    found = queries.filtered(queries.certificates(request.scope), **form.cleaned_data)
    page = listed(
        request, found.annotate(answer=answers.annotation()).select_related("person", "level"), ["-id"]
    )
    context = {
        "form": form,
        "list": page,
        "rows": [(row, wording.answer_of(row, row.answer)) for row in page.rows],
        "many": len({row.institution_id for row in page.rows}) > 1,
        "ends": any(row.expires_on for row in page.rows),
        "may_list": can(request.actor, "certificate.measures"),
        "may_export": can(request.actor, "export.rows"),
        "may_revoke": can(request.actor, "certificate.revoke_request"),
        "may_confirm": can(request.actor, "certificate.confirm"),
        "may_recover": can(request.actor, "certificate.recoveries"),
    }
    return render(request, "certificates/issuance/list.html", context)


@require_GET
@requires("certificate.read")
def detail(request: Any, certificate_id: int) -> HttpResponse:
    """One certificate: what it says, whether it holds, what was done to it, and what may be done."""
    row = _certificate(request, certificate_id)
    looking.note(row.person, reader=request.user, what="certificate")
    code = answers.of_ids([row.pk])[row.pk]
    differs = replacing.differing(row) if code == answers.Answer.VALID else []
    context = {
        "row": row,
        "differs": "、".join(label for label, _was, _now in differs),
        "own": request.scope.kind == "own",
        "holder_seen": people.person(scope_of(request.actor, "person.read"), row.person_id) is not None,
        "told": wording.answer_of(row, code),
        "code": code,
        "ending": validity.ends_soon(row, timezone.localdate()),
        "history": wording.history(queries.history(request.scope, row), staff=request.scope.kind != "own"),
        "chain": queries.chain(request.scope, row),
        "attestation": wording.attestation(row),
        "facts": hooks.facts(row.pk),
        "recoveries": queries.recoveries_of(scope_of(request.actor, "certificate.recoveries"), row),
        "findings": reported.findings([row])[row.pk] if code == answers.UNCONFIRMED else [],
        "acts": _acts(request, row),
        "may_confirm": code == answers.UNCONFIRMED and can(request.actor, "certificate.confirm"),
        "replaced_soon": (waiting := replacing.waiting(row)),
        "may_reissue": row.basis == Certificate.Basis.ISSUED
        and not waiting
        and can(request.actor, "certificate.prepare")
        and families.allows(request.actor, row.family)
        and not replacing.obstacle(row),
        "may_receipt": can(request.actor, "audit.receipt"),
        "menu": "certificates:list",
    }
    return render(request, "certificates/issuance/detail.html", context)


def _acts(request: Any, row: Certificate) -> list[str]:
    """Kinds of act that the reader may begin on this certificate as it stands."""
    return [
        kind
        for kind, (right, _second) in measures.RIGHTS.items()
        if can(request.actor, right) and measures.obstacle(kind, row.state) == ""
    ]


@require_http_methods(["GET", "POST"])
@requires("certificate.suspend")
def suspend(request: Any, certificate_id: int) -> HttpResponseBase:
    """Suspend one: at once, by one person."""
    return _act(request, certificate_id, ActKind.SUSPEND)


@require_http_methods(["GET", "POST"])
@requires("certificate.suspend")
def restore(request: Any, certificate_id: int) -> HttpResponseBase:
    """Ask for one to be restored; another person agrees."""
    return _act(request, certificate_id, ActKind.RESTORE)


@require_http_methods(["GET", "POST"])
@requires("certificate.revoke_request")
def revoke(request: Any, certificate_id: int) -> HttpResponseBase:
    """Ask for one to be revoked; another person agrees."""
    return _act(request, certificate_id, ActKind.REVOKE)


def _act(request: Any, certificate_id: int, kind: ActKind) -> HttpResponseBase:
    row = queries.certificates(scope_of(request.actor, measures.RIGHTS[kind][0])).filter(pk=certificate_id)
    certificate = row.first()
    if certificate is None:
        raise Http404
    words = {code: one.label for code, one in reasons.of(kind).items()}
    form = ActForm(words, request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        line = measures.Line(certificate.number, asked["reason"], asked["note"])
        try:
            made = measures.at_once(kind, [line], actor=request.user)
        except (ValidationError, Conflict) as error:
            form.add_error(None, str(error) if isinstance(error, Conflict) else error)
        else:
            messages.success(request, wording.begun(made))
            return redirect("certificates:detail", certificate.pk)
    context = {
        "row": certificate,
        "kind": kind,
        "label": ActKind(kind).label,
        "second": measures.RIGHTS[kind][1] is not None,
        "obstacle": wording.problem(measures.obstacle(kind, certificate.state)),
        "form": form,
        "chain": queries.chain(request.scope, certificate),
        "menu": "certificates:list",
    }
    status = 422 if form.is_bound else 200
    return render(request, "certificates/issuance/act.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires("certificate.prepare")
def reissue(request: Any, certificate_id: int) -> HttpResponseBase:
    """Ask for one of ours to be given anew; whoever signs agrees."""
    row = queries.certificates(request.scope).filter(pk=certificate_id).first()
    if row is None:
        raise Http404
    issued = row.basis == Certificate.Basis.ISSUED
    words = {code: one.label for code, one in reasons.of(ActKind.SUPERSEDE).items()}
    form = ReissueForm(words, request.POST or None, initial={"reason": request.GET.get("reason", "")})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            replacing.ask(
                row.pk,
                reason=asked["reason"],
                actor=request.user,
                changes=form.changes(),
                note=asked["note"],
            )
        except (ValidationError, Conflict) as error:
            form.add_error(None, str(error) if isinstance(error, Conflict) else error)
        else:
            messages.success(request, _("已提交，须由签发人审核；通过后另编号签发，原证书同时变为已换发。"))
            return redirect("certificates:detail", row.pk)
    context = {
        "row": row,
        "form": form,
        "differing": replacing.differing(row),
        "obstacle": replacing.obstacle(row) if issued else _("台账所报的证书由原发证机构换发"),
        "menu": "certificates:list",
    }
    status = 422 if form.is_bound else 200
    return render(request, "certificates/issuance/reissue.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires("certificate.confirm")
def reported_list(request: Any) -> HttpResponseBase:
    """Reported certificates that wait to be confirmed, with what speaks against each; confirm those that are ticked."""
    if request.method == "POST":
        ids = [int(pk) for pk in request.POST.getlist("id") if pk.isdecimal()][:500]
        if not ids:
            messages.warning(request, _("请先勾选要确认的证书。"))
        else:
            done = reported.confirm(ids, actor=request.user, scope=request.scope)
            (messages.warning if done.problems else messages.success)(request, reported.said(done))
        return redirect(request.get_full_path())
    form = ReportedFilter(request.GET)
    form.is_valid()
    waiting = queries.filtered(reported.unconfirmed(request.scope), **form.cleaned_data)
    page = listed(request, waiting.select_related("person", "level"), ["id"])
    if not page.rows and request.GET.get("after"):  # the last page was confirmed; others may wait before it
        asked = request.GET.copy()
        asked.pop("after")
        return redirect(f"{request.path}?{asked.urlencode()}")
    found = reported.findings(page.rows)
    context = {
        "list": page,
        "form": form,
        "rows": [(row, found[row.pk]) for row in page.rows],
        "menu": "certificates:list",
    }
    return render(request, "certificates/issuance/reported.html", context)


@require_POST
@requires("certificate.confirm")
def confirm(request: Any, certificate_id: int) -> HttpResponseBase:
    """Confirm one from its page."""
    row = _certificate(request, certificate_id)
    done = reported.confirm([row.pk], actor=request.user, scope=request.scope)
    (messages.warning if done.problems else messages.success)(request, reported.said(done))
    return redirect("certificates:detail", row.pk)


@require_http_methods(["GET", "POST"])
@requires("certificate.recoveries", POST="claim.recover")
def recovery_list(request: Any) -> HttpResponseBase:
    """Money paid on certificates that were revoked since; whoever recovers takes it up, or drops it with a reason."""
    if request.method == "POST":
        return _settled(request)
    state = request.GET.get("state", Recovery.State.PROPOSED)
    scope = scope_of(request.actor, "certificate.recoveries")
    found = recoveries.recoveries(scope)
    if state in Recovery.State.values:
        found = found.filter(state=state)
    page = listed(request, found, ["-id"])
    context = {
        "list": page,
        "state": state,
        "states": Recovery.State.choices,
        "sources": recoveries.labels(),
        "may_settle": can(request.actor, "claim.recover"),
        "menu": "certificates:list",
    }
    return render(request, "certificates/issuance/recoveries.html", context)


def _settled(request: Any) -> HttpResponseBase:
    ids = [int(pk) for pk in request.POST.getlist("id") if pk.isdecimal()]
    state, note = request.POST.get("outcome", ""), request.POST.get("note", "").strip()[:200]
    if state not in (Recovery.State.TAKEN, Recovery.State.DROPPED) or not ids:
        messages.warning(request, _("请先勾选，再选择如何处理。"))
    elif state == Recovery.State.DROPPED and not note:
        messages.warning(request, _("不予追回须写明理由。"))
    else:
        scope = scope_of(request.actor, "claim.recover")
        n = recoveries.settle(ids, state=state, actor=request.user, scope=scope, note=note)
        messages.success(request, _("已处理 %(n)s 笔。") % {"n": n})
    return redirect("certificates:recoveries")


def _certificate(request: Any, certificate_id: int) -> Certificate:
    row = queries.certificates(request.scope).select_related("person").filter(pk=certificate_id).first()
    if row is None:
        raise Http404
    return row
