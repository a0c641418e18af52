"""Pages of keys: those of one's institution, a new one, and the end of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registry.accounts.policy import can, requires, scope_of
from registry.apikeys import queries, services
from registry.apikeys.forms import IssueForm, RevokeForm
from registry.apikeys.scopes import SCOPES
from registry.lib.web import listed


@require_GET
@requires("apikey.revoke")
def key_list(request: Any) -> HttpResponse:
    """Keys within reach; secrets are shown nowhere."""
    found = listed(request, queries.keys(scope_of(request.actor, "apikey.revoke")), ["-id"], size=50)
    labels = {name: str(label) for name, (label, _actions) in SCOPES.items()}
    rows = [(key, [labels.get(each, each) for each in key.scopes]) for key in found.rows]
    return render(
        request,
        "registry/apikeys/list.html",
        {
            "list": found,
            "rows": rows,
            "today": timezone.localdate(),
            "may_issue": can(request.actor, "apikey.issue"),
            "form": RevokeForm(),
        },
    )


@require_http_methods(["GET", "POST"])
@requires("apikey.issue")
@sensitive_variables("issued")
def issue(request: Any) -> HttpResponse:
    """A new key. Its text stands on the answer to this one request, and nowhere after."""
    form = IssueForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            issued = services.issue(
                institution_id=scope_of(request.actor, "apikey.issue").institution_id or 0,
                issuer_role=request.actor.role,
                purpose=form.cleaned_data["purpose"],
                scopes=form.cleaned_data["scopes"],
                networks=form.cleaned_data["networks"],
                days=form.cleaned_data["days"],
                actor=request.user,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return render(request, "registry/apikeys/issued.html", {"issued": issued, "menu": "apikeys:list"})
    return render(request, "registry/apikeys/issue.html", {"form": form, "menu": "apikeys:list"})


@require_POST
@requires("apikey.revoke")
def revoke(request: Any, kid: str) -> HttpResponseBase:
    """From the next request on the key is none."""
    key = queries.keys(scope_of(request.actor, "apikey.revoke")).filter(kid=kid).first()
    if key is None:
        raise Http404
    form = RevokeForm(request.POST)
    if form.is_valid():
        services.revoke(key, reason=form.cleaned_data["reason"], actor=request.user)
        messages.success(request, _("密钥 zj_%(kid)s 已吊销。") % {"kid": key.kid})
    else:
        messages.warning(request, _("还没有吊销：请写明理由。"))
    return redirect("apikeys:list")
