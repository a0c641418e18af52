"""What anybody may keep: the keys of all bodies, who we are as an issuer, and which certificates no longer hold."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import http_date
from django.views.decorators.http import condition, require_safe

from certificates.issuance import status_publishing
from certificates.issuance.models import StatusList
from certificates.verification import keys, wording

# Every channel agrees within a minute: lists are published within seconds and kept for less than half of it.
_LISTS = "public, max-age=20"
_KEYS = "public, max-age=300"


def _published(data: Any, content_type: str, cache: str) -> HttpResponse:
    text = data if isinstance(data, str) else wording.as_json(data)
    # Anybody's page may read it: whoever checks certificates should not need a server for it.
    headers = {"Cache-Control": cache, "Access-Control-Allow-Origin": "*"}
    return HttpResponse(text, content_type=content_type, headers=headers)


@login_not_required
@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """The keys, with whose they are and how they stand."""
    return _published(keys.jwks(keys.published()), "application/jwk-set+json", _KEYS)


@login_not_required
@require_safe
def did(request: HttpRequest) -> HttpResponse:
    """The DID document of the installation (did:web); a compromised key is not in it."""
    return _published(keys.did_document(keys.published()), "application/did+json", _KEYS)


@login_not_required
@require_safe
def status_index(request: HttpRequest) -> HttpResponse:
    """Which lists there are and since when each is as it is: what a browser that checks offline fetches first."""
    rows = StatusList.objects.exclude(published_at=None).order_by("-id").values_list("id", "published_at")
    lists = [
        {
            "id": pk,
            "published_at": at and at.isoformat(),
            **{purpose: status_publishing.address(pk, purpose) for purpose in status_publishing.PURPOSES},
        }
        for pk, at in rows
    ]
    return _published({"lists": lists}, "application/json; charset=utf-8", _LISTS)


def _tag(request: HttpRequest, status_list: int, purpose: str) -> str | None:
    row = StatusList.objects.filter(pk=status_list).values_list("published_changes", "published_at").first()
    return f'"{row[0]}-{row[1]:%s}"' if row and row[1] else None


@login_not_required
@require_safe
@condition(etag_func=_tag)
def status(request: HttpRequest, status_list: int, purpose: str) -> HttpResponse:
    """One list, as it was signed."""
    if purpose not in status_publishing.PURPOSES:
        raise Http404
    row = StatusList.objects.filter(pk=status_list).exclude(published_at=None).first()
    if row is None:
        raise Http404
    page = _published(getattr(row, purpose), "application/vc", _LISTS)
    page.headers["Last-Modified"] = http_date(row.published_at.timestamp()) if row.published_at else ""
    return page
