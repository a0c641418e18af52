"""The page on which a list is checked. Who is not signed in computes a little first, every time."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from certificates.verification import asking, lists
from certificates.verification.asking import Asker
from certificates.verification.forms import ListForm
from certificates.verification.sessionless import unindexed
from registry.accounts.policy import requires
from registry.intake import short
from registry.lib import figures, proof
from registry.lib.limits import take
from registry.lib.web import client_address, network_of
from registry.lib.xlsx import CONTENT_TYPE


@login_not_required
@require_http_methods(["GET", "POST"])
@requires("certificate.verify")
@unindexed
def check_list(request: Any) -> HttpResponse:
    """Numbers and names in, a workbook with the answers out."""
    if request.method == "GET":
        return _page(request, ListForm())
    form = ListForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    address = client_address(request)
    network = network_of(address)
    known = request.actor.user_id
    if not known:
        proved = asking.judge(request.POST.get("asked", ""), request.POST.get("answer", ""), network)
        if not proved.done:
            form.add_error(None, _("请再提交一次。"))
            return _page(request, form, status=422)
    wait = take(f"verify.list|{known or network}", figures.limits("verify.list"))
    if wait is not None:
        form.add_error(None, _("提交的名单较多，请稍后再试。"))
        page = _page(request, form, status=429)
        page.headers["Retry-After"] = str(wait.seconds)
        return page
    try:
        lines = _lines(form)
    except short.Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, form, status=422)
    now = timezone.now()
    told = lists.ask(lines, Asker(address, network, proved=True))
    name = f"certificates-{timezone.localtime(now):%Y%m%d-%H%M}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(lists.workbook(told, now), content_type=CONTENT_TYPE, headers=headers)


def _lines(form: ListForm) -> list[lists.Line]:
    file = form.cleaned_data["file"]
    if not file:
        return lists.read_text(form.cleaned_data["text"])
    with short.on_disk(file.chunks()) as handle:
        return lists.read_file(handle, file.size)


def _page(request: Any, form: ListForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "most": figures.number("verify.list_rows"),
        "asked": "" if request.actor.user_id else proof.question(asking.USE),
        "bits": proof.bits(asking.USE),
        "wait": proof.wait_seconds(asking.USE),
    }
    return render(request, "certificates/verification/list.html", context, status=status)
