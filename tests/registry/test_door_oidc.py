"""The state's own sign-in, against a provider that the test runs: what is believed, and what is not."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from registry.accounts import session_keys as keys
from registry.accounts.models import Role
from registry.door.models import Verification
from tests.registry.knocking import NAME, NOBODYS_NUMBER, NUMBER, on_record
from tests.registry.places import make_user
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

CLIENT = "jiangce"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class State:
    """A provider that says what the test wants it to."""

    url: str = ""
    number: str | None = NUMBER
    change: dict[str, Any] = field(default_factory=dict)  # claims that are other than they should be
    sign: dict[str, Any] = field(default_factory=lambda: {"key": KEY, "algorithm": "RS256"})
    userinfo: dict[str, Any] | None = None
    asked: dict[str, str] = field(default_factory=dict)
    exchanged: int = 0

    def token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "s-1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
            "phone_number": "13911112222",
            "email": "someone@example.org",
        }
        if self.number is not None:
            claims["id_number"] = self.number
        claims |= self.change
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, headers={"kid": "one"}, **self.sign)

    def answer(self, path: str, sent: dict[str, str]) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            made = {
                each: f"{self.url}/{each}"
                for each in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            }
            more = {} if self.userinfo is None else {"userinfo_endpoint": f"{self.url}/userinfo"}
            return {"issuer": self.url, **made, **more}
        if path == "/jwks_uri":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        if path == "/userinfo":
            return self.userinfo or {}
        assert path == "/token_endpoint"
        self.exchanged += 1
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest())
        assert challenge.decode().rstrip("=") == self.asked["code_challenge"]
        assert self.asked["code_challenge_method"] == "S256"
        return {"access_token": "a", "token_type": "Bearer", "id_token": self.token()}


@pytest.fixture
def state(settings: Any, monkeypatch: Any) -> Iterator[State]:
    held = State()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            sent = {name: one[0] for name, one in parse_qs(self.rfile.read(length).decode()).items()}
            said = json.dumps(held.answer(self.path, sent)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    settings.OIDC_URL, settings.OIDC_CLIENT, settings.OIDC_SECRET = held.url, CLIENT, "s"
    monkeypatch.setenv("NO_PROXY", "*")
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def go_and_come_back(client: Client, state: State, **more: str) -> Any:
    away = client.get("/door/state/")
    assert away.status_code == 302 and away["Location"].startswith(f"{state.url}/authorization_endpoint?")
    state.asked = {name: one[0] for name, one in parse_qs(urlsplit(away["Location"]).query).items()}
    return client.get("/door/state/back/", {"code": "c", "state": state.asked["state"], **more})


def test_whom_the_state_knows_comes_in_at_level_two(client: Client, state: State) -> None:
    person = on_record()
    back = go_and_come_back(client, state)
    assert (back.status_code, back["Location"]) == (302, "/people/me/")
    assert state.asked["redirect_uri"] == "http://testserver/door/state/back/"
    assert client.session[keys.ASSURANCE] == 2
    assert NAME in client.get("/people/me/").content.decode()
    proved = Verification.objects.get()
    assert (proved.person, proved.kind, proved.phone_index) == (person, "oidc", None)
    assert "认证级别" in client.get("/door/level/").content.decode()


def test_a_trainee_of_level_one_goes_up(client: Client, state: State) -> None:
    person = on_record()
    person.user = make_user("trainee", Role.TRN)
    person.save()
    sign_in(client, person.user, assurance=1)
    assert "用电子社保卡认证" in client.get("/door/level/").content.decode()
    go_and_come_back(client, state)
    page = client.get("/people/me/")
    actor = page.wsgi_request.actor  # type: ignore[attr-defined]
    assert (actor.user_id, actor.assurance) == (person.user.pk, 2)


def test_only_the_identity_number_binds(client: Client, state: State) -> None:
    """The telephone of the record comes along; the number is another's."""
    on_record(phone="13911112222")
    state.number = NOBODYS_NUMBER
    assert go_and_come_back(client, state).status_code == 404
    state.number = None
    assert go_and_come_back(client, state).status_code == 400
    assert client.get("/people/me/").status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"change": {"nonce": "another"}},
        {"change": {"nonce": None}},
        {"change": {"aud": "another"}},
        {"change": {"iss": "https://elsewhere.example"}},
        {"change": {"exp": 1}},
        {"change": {"azp": "another"}},
        {"change": {"id_number": 11010519491231002}},
        {"sign": {"key": OTHER_KEY, "algorithm": "RS256"}},
        {"sign": {"key": KEY, "algorithm": "RS512"}},
        {"sign": {"key": "a shared secret that is long enough for it", "algorithm": "HS256"}},
        {"sign": {"key": None, "algorithm": "none"}},
    ],
    ids=["nonce", "no-nonce", "audience", "issuer", "late", "party", "type", "key", "rs512", "hs256", "none"],
)
def test_what_is_not_as_it_should_be_is_not_believed(
    client: Client, state: State, wrong: dict[str, Any]
) -> None:
    on_record()
    for name, value in wrong.items():
        setattr(state, name, value)
    back = go_and_come_back(client, state)
    assert back.status_code == 400 and "没有完成" in back.content.decode()
    assert client.get("/people/me/").status_code == 302


def test_a_way_back_that_nobody_went_is_refused(client: Client, state: State) -> None:
    on_record()
    assert client.get("/door/state/back/", {"code": "c", "state": "made-up"}).status_code == 400
    go_and_come_back(client, state)
    used = state.asked["state"]
    stranger = Client()
    assert stranger.get("/door/state/back/", {"code": "c", "state": used}).status_code == 400
    assert client.get("/door/state/back/", {"code": "c", "state": used}).status_code == 400
    assert state.exchanged == 1


def test_whoever_gives_up_there_is_not_signed_in(client: Client, state: State) -> None:
    on_record()
    client.get("/door/state/")
    assert client.get("/door/state/back/", {"error": "access_denied", "state": "x"}).status_code == 400


def test_a_number_that_the_state_has_not_verified_is_not_taken(
    client: Client, state: State, settings: Any
) -> None:
    settings.OIDC_VERIFIED_CLAIM = "id_verified"
    on_record()
    for said in ({}, {"id_verified": "true"}, {"id_verified": False}):
        state.change = said
        assert go_and_come_back(client, state).status_code == 400
    state.change = {"id_verified": True}
    assert go_and_come_back(client, state).status_code == 302


def test_userinfo_counts_when_it_speaks_of_the_same_person(client: Client, state: State) -> None:
    on_record()
    state.number = None
    state.userinfo = {"sub": "another", "id_number": NUMBER}
    assert go_and_come_back(client, state).status_code == 400
    state.userinfo = {"sub": "s-1", "id_number": NUMBER}
    assert go_and_come_back(client, state).status_code == 302


def test_nothing_is_offered_where_nothing_is_connected(client: Client) -> None:
    assert client.get("/door/state/").status_code == 404
    assert client.get("/door/state/back/").status_code == 404
    assert "电子社保卡" not in client.get("/door/").content.decode()


def test_a_provider_that_is_down_is_said_plainly(client: Client, settings: Any, monkeypatch: Any) -> None:
    settings.OIDC_URL, settings.OIDC_CLIENT = "http://127.0.0.1:9", CLIENT
    monkeypatch.setenv("NO_PROXY", "*")
    assert client.get("/door/state/").status_code == 400
