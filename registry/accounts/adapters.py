"""What allauth asks this house: who may sign up (nobody), where secrets lie (sealed), whose address it is."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID, uuid5

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth import login

from registry.accounts import services, sessions
from registry.accounts.models import User
from registry.identity.current import keyring
from registry.identity.keyring import FACTOR
from registry.lib.web import client_address

BACKEND = "registry.accounts.backends.RoleBackend"
_NOBODY = UUID(int=0)
_row: ContextVar[UUID] = ContextVar("row to which a secret is bound", default=_NOBODY)


@contextmanager
def secrets_of(user: User) -> Iterator[None]:
    """Inside, what is sealed and opened is bound to this account: moved to another's row it opens nothing."""
    token = _row.set(uuid5(_NOBODY, f"factor of account {user.pk}"))
    try:
        yield
    finally:
        _row.reset(token)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves, nothing is mailed, and a session begins in one place."""

    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def get_client_ip(self, request: Any) -> str:
        return client_address(request) or "0.0.0.0"

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say it themselves."""

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """Accounts have no address to write to."""

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def login(self, request: Any, user: User) -> None:
        """All stages are passed: the session is made anew and says how its holder came in."""
        proofs = [
            record["type"]
            for record in get_authentication_records(request, user)
            if record["method"] == "mfa"
        ]
        login(request, user, backend=BACKEND)
        device = request.META.get("HTTP_USER_AGENT", "")
        sessions.begin(
            request.session, user, address=client_address(request), device=device, second_factor=bool(proofs)
        )
        services.signed_in(user, factor=proofs[-1] if proofs else "")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are sealed like numbers are."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(keyring().seal(text, FACTOR, _row.get())).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        return keyring().open_(base64.b64decode(encrypted_text), FACTOR, _row.get()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "匠册"}
