"""The one place in the library that knows requests: typed requests, and pages that can answer with a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request after our middleware: `htmx` says whether only a part of a page is asked for."""

    htmx: HtmxDetails


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
