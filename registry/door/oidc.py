"""The state's own sign-in (电子社保卡, 政务): OpenID Connect through allauth's provider, with what it leaves out.

allauth brings discovery, state, PKCE and the exchange of the code. Added here: a nonce, the signature of the ID token
checked with an allow-list of algorithms, and the one thing that we take from it: the verified identity number. What
else comes along, telephone or e-mail, is not looked at, and nothing of the answer is stored.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.urls import reverse
from requests import RequestException

#: seconds by which the clocks of the two houses may differ
LEEWAY = 60


class NotProved(Exception):
    """The state's sign-in said nothing that we believe. The text is for the log: no name and no number."""


def offered() -> bool:
    """Whether this installation is connected to the state's sign-in."""
    return bool(settings.OIDC_URL)


class _Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    def get_provider(self) -> Any:
        return _provider(self.request)

    def get_callback_url(self, request: Any, app: Any) -> str:
        return urljoin(settings.OIDC_BACK or request.build_absolute_uri("/"), reverse("door:oidc-back"))


class _Provider(OpenIDConnectProvider):  # type: ignore[misc]
    def get_oauth2_adapter(self, request: Any) -> _Adapter:
        return _Adapter(request, self.app.provider_id)


def _provider(request: Any) -> _Provider:
    app = SocialApp(
        provider="openid_connect",
        provider_id="state",
        name=settings.OIDC_NAME,
        client_id=settings.OIDC_CLIENT,
        secret=settings.OIDC_SECRET,
        settings={
            "server_url": settings.OIDC_URL,
            "oauth_pkce_enabled": True,
            "scope": list(settings.OIDC_SCOPES),
        },
    )
    return _Provider(request, app=app)


def begin(request: Any) -> Any:
    """The redirection to the state's sign-in. Raises NotProved when it cannot be reached."""
    nonce = secrets.token_urlsafe(24)
    try:
        return _provider(request).redirect(
            request, "login", data={"nonce": nonce}, auth_params={"nonce": nonce}
        )
    except (RequestException, KeyError, ValueError) as error:
        raise NotProved(type(error).__name__) from None


def number_of(request: Any) -> str:
    """Of whoever comes back from there: the identity number that was verified. Raises NotProved."""
    provider = _provider(request)
    state = statekit.unstash_state(
        request, provider_id=provider.sub_id, state_id=request.GET.get("state", "")
    )
    if state is None or "code" not in request.GET:
        raise NotProved(f"state {state is not None}, error {request.GET.get('error', '')[:20]!r}")
    adapter = provider.get_oauth2_adapter(request)
    try:
        client = adapter.get_client(request, provider.app)
        answer = adapter.get_access_token_data(
            request, provider.app, client, pkce_code_verifier=state.get("pkce_code_verifier")
        )
        claims = _claims(adapter, str(answer.get("id_token", "")), str(state["data"]["nonce"]))
        return _verified(adapter, claims, str(answer.get("access_token", "")))
    except (OAuth2Error, RequestException, jwt.PyJWTError, KeyError, ValueError) as error:
        raise NotProved(type(error).__name__) from None


def _claims(adapter: _Adapter, token: str, nonce: str) -> Mapping[str, Any]:
    """What the ID token says, once everything about it is right."""
    head = jwt.get_unverified_header(token)
    allowed = list(settings.OIDC_ALGORITHMS)
    if head.get("alg") not in allowed:
        raise NotProved("algorithm")
    claims: Mapping[str, Any] = jwt.decode(
        token,
        key=_key(adapter, head),
        algorithms=[head["alg"]],
        issuer=adapter.openid_config["issuer"],
        audience=settings.OIDC_CLIENT,
        leeway=LEEWAY,
        options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
    )
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise NotProved("nonce")
    if claims.get("azp", settings.OIDC_CLIENT) != settings.OIDC_CLIENT:
        raise NotProved("party")
    return claims


def _key(adapter: _Adapter, head: Mapping[str, Any]) -> Any:
    """The published key that the token names, of the kind that its algorithm takes."""
    with get_adapter().get_requests_session() as session:
        answer = session.get(adapter.openid_config["jwks_uri"])
        answer.raise_for_status()
        keys = answer.json()["keys"]
    for key in keys:
        fits = key.get("kid") == head.get("kid") and key.get("alg", head["alg"]) == head["alg"]
        # A shared secret is no published key; a key for encrypting signs nothing.
        if fits and key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use", "sig") == "sig":
            return jwt.get_algorithm_by_name(head["alg"]).from_jwk(json.dumps(key))
    raise NotProved("key")


def _verified(adapter: _Adapter, claims: Mapping[str, Any], access_token: str) -> str:
    """The identity number, from the ID token or else from what the same person's userinfo says."""
    if settings.OIDC_CLAIM not in claims and "userinfo_endpoint" in adapter.openid_config:
        said = adapter._fetch_user_info(access_token)
        if said.get("sub") != claims["sub"]:
            raise NotProved("subject")
        claims = said
    flag = settings.OIDC_VERIFIED_CLAIM
    if flag and claims.get(flag) is not True:
        raise NotProved("not verified")
    number = claims.get(settings.OIDC_CLAIM)
    if not isinstance(number, str) or not number:
        raise NotProved("no number")
    return number
