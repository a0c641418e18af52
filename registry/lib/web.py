"""The one place in the library that knows requests: typed requests, pages in parts, lists in pages, addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from registry.lib.paging import Page, keyset
from registry.lib.scope import Actor, Scope

# Counting further would cost more than the page itself.
MOST_COUNTED = 100_000


class HtmxHttpRequest(HttpRequest):
    """A request after our middleware: `htmx` says whether only a part of a page is asked for."""

    htmx: HtmxDetails
    actor: Actor
    scope: Scope
    request_id: str


def page_or_part(
    request: HtmxHttpRequest, full: str, part: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """The fragment for htmx, the whole page for everybody else (also when going back in history).

    Both are at one address, so the answer varies by the header that htmx sends.
    """
    wants_part = bool(request.htmx) and not request.htmx.history_restore_request
    response = render(request, part if wants_part else full, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list with the total beside it; with `at_least` there are more, which were not counted."""

    page: Page[Any]
    total: int
    at_least: bool

    @property
    def rows(self) -> list[Any]:
        return self.page.rows


def listed(
    request: HttpRequest,
    found: QuerySet[Any, Any],
    order: Sequence[str],
    *,
    size: int = 50,
    total: int | None = None,
) -> Listed:
    """The page that the address asks for (`?after=`). `total` is given by a caller who knows it already."""
    page = keyset(found, order, request.GET.get("after", ""), size)
    if total is None:
        total = (
            len(page.rows)
            if not page.next and not page.previous
            else found.order_by()[: MOST_COUNTED + 1].count()
        )
    return Listed(
        page, min(total, MOST_COUNTED) if total == MOST_COUNTED + 1 else total, total == MOST_COUNTED + 1
    )


# One household or office: what is counted as one visitor.
_PREFIX = {4: 24, 6: 56}


def client_address(request: HttpRequest) -> str:
    """Whence the request came, as the outermost proxy of our own saw it; empty when that cannot be told.

    What stands further left in X-Forwarded-For was written by the client and is not believed.
    """
    came = str(request.META.get("REMOTE_ADDR", ""))
    if settings.PROXIES:
        seen = [*str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(","), came]
        came = seen[max(0, len(seen) - 1 - settings.PROXIES)]
    return _address(came)


@lru_cache(maxsize=1024)  # whoever asks once asks again
def _address(text: str) -> str:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """The /24 or /56 that an address lies in; empty for none, so that the unknown share one count."""
    if not address:
        return ""
    prefix = _PREFIX[ip_address(address).version]
    return str(ip_network(f"{address}/{prefix}", strict=False))
