"""What the public pages of checking have in common: who asks, and that no search engine keeps them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from certificates.verification import asking
from certificates.verification.asking import Asker
from registry.lib.web import client_address, network_of

View = Callable[..., Any]


def asker_of(request: Any) -> Asker:
    """Whence the request comes, and whether its form brings the small computation or has waited."""
    address = client_address(request)
    network = network_of(address)
    asked = request.POST.get("asked", "") if request.method == "POST" else ""
    proved = bool(asked) and asking.judge(asked, request.POST.get("answer", ""), network).done
    return Asker(address, network, proved)


def unindexed(view: View) -> View:
    """Search engines neither keep nor follow the page."""

    @wraps(view)
    def wrapped(request: Any, *args: Any, **kwargs: Any) -> Any:
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return wrapped
