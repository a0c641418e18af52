"""How the API learns who asks, when a key was shown."""

from __future__ import annotations

from typing import Any

from ninja.errors import AuthenticationError
from ninja.security.http import HttpAuthBase

from registry.apikeys.models import ApiKey
from registry.lib import figures
from registry.lib.limiting import TooOften
from registry.lib.limits import take
from registry.lib.web import client_address, network_of


class KeyAuth(HttpAuthBase):
    """`Authorization: Bearer zj_…`. A good key is counted; a bad one is 401 at once, whatever else was sent along."""

    openapi_scheme = "bearer"

    def __call__(self, request: Any) -> ApiKey | None:
        key: ApiKey | None = getattr(request, "api_key", None)
        if key is not None:
            _count(f"apikey.use|{key.kid}", "apikey.use")
        elif getattr(request, "key_refused", False):
            _count(f"apikey.miss|{network_of(client_address(request))}", "apikey.miss")
            raise AuthenticationError
        return key


def _count(key: str, name: str) -> None:
    wait = take(key, figures.limits(name))
    if wait is not None:
        raise TooOften(wait.seconds)
