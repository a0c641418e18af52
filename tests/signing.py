"""Signing in without the door: a client that holds a session of an account, as the door would have left it."""

from __future__ import annotations

from django.test import Client

from registry.accounts import session_keys as keys
from registry.accounts.models import Role, User
from registry.accounts.scopes import actor_for
from registry.accounts.sessions import begin


def sign_in(client: Client, user: User, *, second_factor: bool | None = None, assurance: int = 2) -> Client:
    """The client, signed in as this account with everything that the account's role asks for at the door.

    Staff came in by password and second factor, unless `second_factor` says otherwise; a trainee with `assurance`.
    """
    client.force_login(user, backend="registry.accounts.backends.RoleBackend")
    session = client.session
    staff = actor_for(user).role != Role.TRN
    if not staff:
        session[keys.ASSURANCE] = assurance
    begin(
        session,
        user,
        address="127.0.0.1",
        device="Mozilla/5.0 (Windows NT 10.0) Chrome/128",
        second_factor=staff if second_factor is None else second_factor,
    )
    return client
