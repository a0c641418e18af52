"""Pages of credentials: what a holder takes away, and what strangers read about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from certificates.credentials import documents, making, queries, tasks, transcripts
from certificates.credentials.models import Credential
from certificates.credentials.published_keys import did_document, jwk
from registry.accounts.policy import requires
from registry.lib.limiting import limited
from registry.lib.web import page_or_part
from registry.people import queries as people
from registry.people.models import Person

Form, State = Credential.Form, Credential.State
_KINDS = {
    Form.VC: ("application/vc", "vc.json"),
    Form.BADGE: ("application/json", "badge.json"),
    Form.TOKEN: ("application/vc+jwt", "badge.jwt"),
}
#: What somebody shows us to be compared is never larger.
_MOST_BYTES = 8 * 1024 * 1024


# --- the holder's ----------------------------------------------------------------------------------------


@require_GET
@requires("credential.read")
def home(request: Any) -> HttpResponse:
    """My certificates in forms of others, and my transcripts."""
    person = _own(request)
    made = list(queries.credentials(request.scope, person.pk))
    held = {(each.certificate_id, each.form): each for each in reversed(made)}
    context = {
        "rows": [
            {
                "certificate": row,
                "holds": getattr(row, "answer", "") == "valid",
                "forms": [(form, label, held.get((row.pk, form))) for form, label in Form.choices],
            }
            for row in queries.certificates(request.scope, person.pk)
        ],
        "transcripts": transcripts.of_person(request.scope, person.pk),
        "working": any(each.state == State.MAKING for each in made),
        "menu": "credentials:home",
    }
    return page_or_part(
        request,
        "certificates/credentials/home.html",
        "certificates/credentials/_certificates.html",
        context,
    )


@require_POST
@requires("credential.take")
def ask(request: Any, certificate_id: int, form: str) -> HttpResponseBase:
    """Have a certificate made into a credential; the worker signs it."""
    row = queries.certificates(request.scope, _own(request).pk).filter(pk=certificate_id).first()
    if row is None or form not in Form.values:
        raise Http404
    try:
        made, waiting = making.ask(row, form, actor=request.user)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        if waiting:
            tasks.enqueue(made.pk)
            messages.success(request, _("正在签名，好了就可以下载。"))
    return redirect("credentials:home")


@require_GET
@requires("credential.take")
def fetch(request: Any, credential_id: UUID) -> HttpResponse:
    """A credential that is ready."""
    row = queries.credential(request.scope, credential_id)
    if row is None:
        raise Http404
    kind, ending = _KINDS[Form(row.form)]
    return _file(making.content(row), kind, f"{row.certificate.number}-{ending}")


@require_POST
@requires("credential.take")
def make_transcript(request: Any) -> HttpResponseBase:
    """Have a transcript made, now."""
    transcripts.make(_own(request), actor=request.user)
    messages.success(request, _("电子档案已做好，可以下载。"))
    return redirect("credentials:home")


@require_GET
@requires("credential.take")
def fetch_transcript(request: Any, transcript_id: UUID, form: str) -> HttpResponse:
    """One of my transcripts, as json or as pdf."""
    found = transcripts.file(request.scope, transcript_id, form)
    if found is None:
        raise Http404
    return _file(found, f"application/{form}", _("电子档案") + f".{form}")


@require_POST
@requires("credential.take")
def withdraw_transcript(request: Any, transcript_id: UUID) -> HttpResponseBase:
    """Take a transcript back: whoever checks it is told."""
    if not transcripts.withdraw(request.scope, transcript_id, actor=request.user):
        raise Http404
    messages.success(request, _("已收回，核验网址将显示已收回。"))
    return redirect("credentials:home")


def _own(request: Any) -> Person:
    scope = request.scope
    person = people.person(scope, scope.person_id) if scope.kind == "own" else None
    if person is None:
        raise Http404
    return person


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return HttpResponse(body, content_type=kind, headers={**headers, "Cache-Control": "no-store"})


# --- open to everybody -----------------------------------------------------------------------------------


@login_not_required
@require_http_methods(["GET", "POST"])
@limited("public.page", "GET", "POST")
def transcript(request: Any, code: str) -> HttpResponse:
    """Whether a transcript is ours, and whether the file at hand is the one that was made."""
    shown = request.FILES.get("file") if request.method == "POST" else None
    file = shown.read(_MOST_BYTES + 1) if shown is not None else None
    found = transcripts.check(code.upper(), file)
    page = render(
        request,
        "certificates/credentials/transcript.html",
        {"found": found, "code": code},
        status=200 if found else 404,
    )
    page.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return page


@login_not_required
@require_safe
def did(request: HttpRequest, institution_id: int) -> HttpResponse:
    """The DID document of a body."""
    keys = queries.public_keys(institution_id)
    if not keys:
        raise Http404
    return _published(did_document(settings.PUBLIC_URL, institution_id, keys), "application/did+json")


@login_not_required
@require_safe
def key(request: HttpRequest, kid: str) -> HttpResponse:
    """One key as JWK."""
    found = queries.public_key(kid)
    if found is None:
        raise Http404
    return _published(jwk(found), "application/jwk+json")


@login_not_required
@require_safe
def context(request: HttpRequest) -> HttpResponse:
    """What the words of our credentials mean."""
    return _published(documents.CONTEXT, "application/ld+json")


def _published(data: dict[str, Any], kind: str) -> HttpResponse:
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return JsonResponse(
        data, content_type=kind, headers=headers, json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
