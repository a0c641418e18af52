"""What the notary published, for anybody: signed heads and hashes. Nothing here says who or what."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from registry.audit import merkle

# A head changes every minute. A tile is named by all that decides its bytes, so it never does.
_HEAD = "public, max-age=10"
_KEY = "public, max-age=3600"
_FOR_EVER = "public, max-age=31536000, immutable"


@login_not_required
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed head of the log."""
    return _published("checkpoint", "text/plain; charset=utf-8", _HEAD)


@login_not_required
@require_safe
def vkey(request: HttpRequest) -> HttpResponse:
    """The key that the heads are verified with. Whoever relies on it gets it by another road as well."""
    return _published("vkey", "text/plain; charset=utf-8", _KEY)


@login_not_required
@require_safe
def tile(request: HttpRequest, place: str) -> HttpResponse:
    """Up to 256 hashes of the tree. Entries are not published."""
    try:
        asked = merkle.Tile.parse(f"tile/{place}")
    except ValueError:
        raise Http404 from None
    return _published(asked.path, "application/octet-stream", _FOR_EVER)


def _published(name: str, content_type: str, cache: str) -> HttpResponse:
    try:
        data = (settings.LOG_DIR / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise Http404 from None
    # Anybody's page may read it: whoever watches the log should not need a server for it.
    headers = {"Cache-Control": cache, "Access-Control-Allow-Origin": "*"}
    return HttpResponse(data, content_type=content_type, headers=headers)
