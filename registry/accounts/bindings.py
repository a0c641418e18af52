"""Which action each page does that cannot say so itself: pages of others, and pages open to everybody.

A view of ours names its action with `policy.requires`. What is neither named there nor here is refused to everybody
(`middleware.EveryPageHasAnAction`) and fails a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: Opens the back office and its pages that belong to no table.
BACK_OFFICE = "backoffice.enter"

#: name of the page → why everybody may open it, signed in or not
PUBLIC: Mapping[str, str] = {
    "accounts:sign-in": "the door",
    "accounts:second-step": "the door, second half",
    "account_login": "the door, as a library calls it",
    "mfa_authenticate": "the door, second half, as a library calls it",
    "accounts:sign-out": "the way out; does nothing for who is not in",
    "door:knock": "the trainees' door",
    "door:code": "the trainees' door",
    "door:again": "the trainees' door",
    "door:oidc": "leads trainees to the state's own sign-in",
    "door:oidc-back": "the way back from there",
    "admin:login": "leads to the door",
    "live": "answers a load balancer",
    "ready": "answers a load balancer",
    "healthy": "names what is not in order, and nothing else",
    "log:checkpoint": "signed heads are for whoever does not trust us",
    "log:vkey": "the key to verify them with",
    "log:tile": "hashes of the log, without what was hashed",
    "wellknown:jwks": "public keys are for whoever checks a certificate",
    "wellknown:did": "the same keys, as did:web",
    "wellknown:status_index": "which status lists there are",
    "wellknown:status": "which places of a list are revoked or suspended; whose they are, only who holds them knows",
    "credentials:transcript": "whoever was handed a transcript asks whether it is ours",
    "credentials:did": "keys of bodies are for whoever does not trust us",
    "credentials:key": "a key of a body",
    "credentials:context": "what words of credentials mean",
    "api:openapi-json": "the description of the API, which is in the source as well",
    "api:api-root": "answers that there is nothing",
}

#: name of a page of a library → the action that it does
OF_OTHERS: Mapping[str, str] = {}


def action_of(view: Callable[..., Any], name: str, method: str = "GET") -> str | None:
    """The action that a page does, None for one that is public or that nobody has bound.

    `name` is the page's full name (`people:list`).
    """
    by_method: Mapping[str, str] = getattr(view, "policy_by_method", {})
    own: str | None = by_method.get(method) or getattr(view, "policy", None)
    if own is not None or name in PUBLIC:
        return own
    of_table = _of_table(view)
    if of_table is not None:
        return of_table
    return BACK_OFFICE if hasattr(view, "admin_site") else OF_OTHERS.get(name)


def _of_table(view: Any) -> str | None:
    """Of a page of a table in the back office: some say whose they are, of others the method beneath does."""
    while view is not None:
        for holder in (getattr(view, "model_admin", None), getattr(view, "__self__", None)):
            action: str | None = getattr(holder, "policy", None)
            if action is not None:
                return action
        view = getattr(view, "__wrapped__", None)
    return None
