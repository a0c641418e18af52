"""A small computation before the first code: nothing for one browser, dear for whoever asks by the thousand.

The page carries a signed question. A browser finds a number such that SHA-256 of `question:number` begins with so many
zero bits (`static/proof.js`); each question is good once. A browser without JavaScript sends no number: it waits some
seconds instead, and may come less often.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from django.core import signing

from registry.lib import figures
from registry.lib.limits import Limit, Take, take_all

_SALT = "registry.door.proof"
_LONGEST = 20  # characters of an answer: more than any number that a browser counts to


@dataclass(frozen=True, slots=True)
class Proof:
    """`done`: go on. Else `seconds` to wait, or None where the question is no longer good and a new one is needed."""

    done: bool
    seconds: int | None = None


def question() -> str:
    """A new one, signed and dated."""
    return signing.TimestampSigner(salt=_SALT).sign(secrets.token_urlsafe(12))


def bits() -> int:
    """How many zero bits an answer has to show."""
    return figures.number("door.proof_bits")


def judge(asked: str, answer: str, network: str) -> Proof:
    """Whether the answer fits, or the wait was long enough; either uses the question up."""
    signer = signing.TimestampSigner(salt=_SALT)
    longest = figures.number("door.proof_seconds")
    try:
        signer.unsign(asked, max_age=longest)
    except signing.BadSignature:
        return Proof(done=False)
    once = Take(f"proof|{asked}", [Limit(1, longest)])
    if answer:
        good = len(answer) <= _LONGEST and zero_bits(asked, answer) >= bits()
        return Proof(done=good and take_all([once]) is None)
    wait = figures.number("door.wait_seconds") - _age(asked)
    if wait > 0:
        return Proof(done=False, seconds=wait)
    refused = take_all([once, Take(f"door.unproved|{network}", figures.limits("door.unproved"))])
    return Proof(
        done=refused is None, seconds=refused.seconds if refused and refused.seconds < longest else None
    )


def zero_bits(asked: str, answer: str) -> int:
    """With how many zero bits the hash of question and answer begins."""
    digest = hashlib.sha256(f"{asked}:{answer}".encode()).digest()
    return 256 - int.from_bytes(digest, "big").bit_length()


def solve(asked: str, wanted: int) -> str:
    """What a browser does; for tests and trials."""
    number = 0
    while zero_bits(asked, str(number)) < wanted:
        number += 1
    return str(number)


def _age(asked: str) -> int:
    """Whole seconds since a question was put whose signature is good."""
    stamp = asked.rsplit(":", 2)[1]
    return int(time.time()) - signing.b62_decode(stamp)
