"""Views that may be asked only so often by one account (or, without one, from one network)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from registry.lib import figures
from registry.lib.limits import take
from registry.lib.web import client_address, network_of

View = TypeVar("View", bound=Callable[..., Any])


class TooOften(Exception):
    """Refused for now; after `seconds` there is room again. The middleware and the API make 429 of it."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def limited(name: str, *methods: str) -> Callable[[View], View]:
    """A view counts under the limit of this name (`figures.toml`), when asked by one of these methods (POST).

    It stands below `requires`, so that only who may do it at all is counted. An unknown name raises LookupError at
    import.
    """
    figures.known(name)
    counted = frozenset(methods or ("POST",))

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
            if request.method in counted:
                who = request.actor.user_id or network_of(client_address(request))
                wait = take(f"{name}|{who}", figures.limits(name))
                if wait is not None:
                    raise TooOften(wait.seconds)
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate
