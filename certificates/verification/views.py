"""The public pages of checking: one box, the page behind a QR code, the match of a person, and what works offline.

Open to everybody; they know no session. What was typed stands in no address but for the code, which is the paper's own.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.issuance.models import Certificate
from certificates.verification import asking, matching, wording
from certificates.verification.forms import AskForm, MatchForm
from certificates.verification.sessionless import asker_of, unindexed
from registry.accounts.policy import requires
from registry.lib import proof
from registry.lib.limits import Wait

_REFERENCE = "verification.reference"
_REFERENCE_SECONDS = 3600
_JSON = "application/json; charset=utf-8"


@login_not_required
@require_http_methods(["GET", "POST"])
@requires("certificate.verify")
@unindexed
def home(request: Any) -> HttpResponse:
    """The box, and the answer below it."""
    if request.method == "GET":
        return _page(request, AskForm())
    form = AskForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    told = _asked(request, form)
    if told["answer"] == "wait":
        return _wait(request, form, told)
    # What was typed does not stay on the screen.
    return _page(request, AskForm(), told=told)


def _asked(request: Any, form: AskForm) -> dict[str, Any]:
    asker = asker_of(request)
    code = form.cleaned_data["code"]
    if code:
        return asking.read(asking.by_code(code, asker))
    number, name = form.cleaned_data["what"], form.cleaned_data["name"]
    return asking.read(asking.by_number(number, name, asker))


def _wait(request: Any, form: AskForm, told: dict[str, Any]) -> HttpResponse:
    """The budget is used up: whoever computes a little (or waits) may go on."""
    asked = proof.question(asking.USE)
    page = _page(request, form, asked=asked, seconds=told["seconds"], status=429)
    page.headers["Retry-After"] = str(told["seconds"])
    return page


def _page(request: Any, form: AskForm, *, status: int = 200, **more: Any) -> HttpResponse:
    told = more.get("told")
    context = {
        "form": form,
        "bits": proof.bits(asking.USE),
        "wait": proof.wait_seconds(asking.USE),
        **more,
        **(shown(told) if told else {}),
        "config": wording.for_browser(),
    }
    return render(request, "certificates/verification/home.html", context, status=status)


def shown(told: dict[str, Any]) -> dict[str, Any]:
    """What the card of an answer needs."""
    found: dict[str, Any] = {"told": told, "verdict": wording.verdict(told)}
    if "number" in told:
        found["family"] = Certificate.Family(told["family"]).label
        found["reference"] = signing.dumps(told["number"], salt=_REFERENCE)
        found["match"] = MatchForm(initial={"reference": found["reference"]}, auto_id="match_%s")
    return found


@login_not_required
@require_GET
@requires("certificate.verify")
@unindexed
def code(request: Any, code: str) -> HttpResponse:
    """What a QR code leads to. The signed content lies behind the # and is checked in the browser."""
    asker = asker_of(request)
    known = asking.code_of(code)
    told = asking.read(asking.by_code(known, asker)) if known else {"answer": "not_found"}
    waiting = told["answer"] == "wait"
    context = {
        "code": known or "",
        "config": wording.for_browser(),
        "bits": proof.bits(asking.USE),
        "wait": proof.wait_seconds(asking.USE),
        **({"asked": proof.question(asking.USE), "seconds": told["seconds"]} if waiting else shown(told)),
    }
    page = render(request, "certificates/verification/code.html", context, status=429 if waiting else 200)
    if waiting:
        page.headers["Retry-After"] = str(told["seconds"])
    return page


@login_not_required
@require_POST
@requires("certificate.verify")
@unindexed
def match(request: Any) -> HttpResponse:
    """Whether a person is the one whom the certificate is about: 一致 or 不一致."""
    form = MatchForm(request.POST, auto_id="match_%s")
    try:
        number = signing.loads(request.POST.get("reference", ""), salt=_REFERENCE, max_age=_REFERENCE_SECONDS)
    except signing.BadSignature:
        return _page(request, AskForm(), said=_("页面已过期，请重新核验证书。"), status=410)
    if not form.is_valid():
        return render(request, "certificates/verification/match.html", {"match": form}, status=422)
    network = asker_of(request).network
    fits = matching.match(str(number), form.cleaned_data["name"], form.cleaned_data["last"], network)
    if isinstance(fits, Wait):
        page = render(
            request,
            "certificates/verification/match.html",
            {"match": form, "seconds": fits.seconds},
            status=429,
        )
        page.headers["Retry-After"] = str(fits.seconds)
        return page
    return render(
        request, "certificates/verification/match.html", {"match": form, "fits": fits, "done": True}
    )


# --- for programs -----------------------------------------------------------------------------------


@login_not_required
@csrf_exempt  # it changes nothing and knows nobody: another page may send the form as well as ours
@require_POST
@requires("certificate.verify")
@unindexed
def answer(request: Any) -> HttpResponse:
    """`code`, or `number` and `name`, as a form; the answer as JSON. 429 with a question when the budget is used up."""
    asker = asker_of(request)
    given = request.POST.get("code", "")
    if given:
        known = asking.code_of(given)
        told = asking.by_code(known, asker) if known else '{"answer": "not_found"}'
    else:
        told = asking.by_number(
            request.POST.get("number", "")[:80], request.POST.get("name", "")[:100], asker
        )
    return _json(told)


@login_not_required
@require_GET
@requires("certificate.verify")
@unindexed
def code_json(request: HttpRequest, code: str) -> HttpResponse:
    """The answer to a code as JSON."""
    known = asking.code_of(code)
    return _json(asking.by_code(known, asker_of(request)) if known else '{"answer": "not_found"}')


def _json(told: str) -> HttpResponse:
    if not told.startswith('{"answer" : "wait"'):
        return HttpResponse(told, content_type=_JSON)
    seconds = asking.read(told)["seconds"]
    question = {
        "answer": "wait",
        "seconds": seconds,
        "asked": proof.question(asking.USE),
        "bits": proof.bits(asking.USE),
        "wait": proof.wait_seconds(asking.USE),
    }
    return HttpResponse(
        wording.as_json(question), content_type=_JSON, status=429, headers={"Retry-After": str(seconds)}
    )


# --- without the server -----------------------------------------------------------------------------


@login_not_required
@require_GET
@requires("certificate.verify")
@unindexed
def offline(request: Any) -> HttpResponse:
    """The page that a browser keeps: the same check of the signed content, without anything of ours to ask."""
    context = {"config": wording.for_browser()}
    return render(request, "certificates/verification/offline.html", context)


@login_not_required
@require_GET
@requires("certificate.verify")
def worker(request: Any) -> HttpResponse:
    """The service worker of the pages below /v/: keeps what they need to work without the server."""
    page = render(
        request, "certificates/verification/worker.js", content_type="text/javascript; charset=utf-8"
    )
    return page
