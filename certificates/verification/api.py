"""Checking over the API, for whoever has a key or a session: the same statement and the same answers as the page.

What is asked stands in no address, so that no log on the way keeps a name; asking changes nothing.
"""

# Annotations are read at run time, through decorators: they must be types here, not text.
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from certificates.issuance import answers
from certificates.verification import asking, envelopes
from certificates.verification.asking import Asker
from registry.accounts.policy import requires
from registry.apikeys.calls import asks
from registry.lib.limiting import TooOften

router = Router(tags=["certificates"])

Problems = {403: dict[str, Any], 422: dict[str, Any], 429: dict[str, Any]}
Answer = Literal["valid", "revoked", "suspended", "ended", "not_found", "not_ours"]


class Which(Schema):
    """A certificate: its 16-character code, or its number together with the holder's whole name."""

    code: str = Field("", max_length=40)
    number: str = Field("", max_length=80)
    name: str = Field("", max_length=100)


class Envelope(Schema):
    """The signed content of a QR code: base64url, or the whole address with it behind the #."""

    envelope: str = Field(max_length=6000)


class Certificate(Schema):
    """What anybody is told of a certificate. `holder` is masked."""

    number: str
    holder: str
    family: str
    title: str
    occupation: str
    level: str
    body: str
    issued_on: str | None = None
    expires_on: str | None = None
    state_on: str | None = None
    issued_here: bool


class Status(Schema):
    """The answer, in the words of every channel. `unconfirmed`: on record only as a ledger reports it."""

    answer: Answer
    words: str
    unconfirmed: bool = False
    checked_at: str | None = None
    certificate: Certificate | None = None


class Verified(Status):
    """`signed`: whether a key of ours signed exactly this; `key` is its id, `key_state` how it stands."""

    signed: bool
    key: str = ""
    key_state: str = ""


@router.post("/status", response={200: Status, **Problems})
@requires("certificate.verify")
@asks
def certificate_status(request: Any, which: Which) -> dict[str, Any]:
    """How a certificate stands now. There is no asking by identity number."""
    if which.code:
        code = asking.code_of(which.code)
        found = asking.by_code(code, _asker(request), "api") if code else '{"answer": "not_found"}'
    elif which.number and which.name:
        found = asking.by_number(which.number, which.name, _asker(request), "api")
    else:
        raise ValidationError(_("请给出核验码，或证书编号和姓名。"))
    return _status(asking.read(found))


@router.post("/verify", response={200: Verified, **Problems})
@requires("certificate.verify")
@asks
def certificate_verify(request: Any, given: Envelope) -> dict[str, Any]:
    """Whether a signed content is ours, and how its certificate stands now."""
    found = envelopes.check(given.envelope, _asker(request))
    return {
        **_status(found.told or {"answer": found.answer}),
        "signed": found.signed,
        "key": found.claims.kid if found.claims else "",
        "key_state": found.key_state,
    }


def _asker(request: Any) -> Asker:
    """An account asks, not a network: it is known, so it has the larger budget of misses."""
    return Asker(address="", network=f"account|{request.actor.user_id}", proved=True)


def _status(told: dict[str, Any]) -> dict[str, Any]:
    if told["answer"] == "wait":
        raise TooOften(int(told["seconds"]))
    code = None if told["answer"] == answers.Answer.NOT_FOUND else told["answer"]
    return {
        "answer": str(answers.of_code(code)),
        "words": answers.told(code),
        "unconfirmed": code == answers.UNCONFIRMED,
        "checked_at": told.get("checked_at"),
        "certificate": told if "number" in told else None,
    }
