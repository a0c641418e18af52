"""A small computation before an answer: nothing for one browser, dear for whoever asks by the thousand.

The page carries a signed question. A browser finds a number such that SHA-256 of `question:number` begins with so many
zero bits (`static/proof.js`); each question is good once. A browser without JavaScript sends no number: it waits some
seconds instead, and may come less often.

`use` names whose question it is, and its figures: `<use>.proof_bits`, `<use>.proof_seconds`, `<use>.wait_seconds` and
the limits `<use>.unproved`. An answer to the question of one use is none to that of another.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from django.core import signing

from registry.lib import figures
from registry.lib.limits import Limit, Take, take_all

_LONGEST = 20  # characters of an answer: more than any number that a browser counts to


@dataclass(frozen=True, slots=True)
class Proof:
    """`done`: go on. Else `seconds` to wait, or None where the question is no longer good and a new one is needed."""

    done: bool
    seconds: int | None = None


def question(use: str) -> str:
    """A new one, signed and dated."""
    return _signer(use).sign(secrets.token_urlsafe(12))


def _signer(use: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"registry.{use}.proof")


def bits(use: str) -> int:
    """How many zero bits an answer has to show."""
    return figures.number(f"{use}.proof_bits")


def wait_seconds(use: str) -> int:
    """How long whoever does not compute has to wait, in seconds."""
    return figures.number(f"{use}.wait_seconds")


def judge(use: str, asked: str, answer: str, network: str) -> Proof:
    """Whether the answer fits, or the wait was long enough; either uses the question up."""
    signer = _signer(use)
    longest = figures.number(f"{use}.proof_seconds")
    try:
        signer.unsign(asked, max_age=longest)
    except signing.BadSignature:
        return Proof(done=False)
    once = Take(f"proof|{asked}", [Limit(1, longest)])
    if answer:
        good = len(answer) <= _LONGEST and zero_bits(asked, answer) >= bits(use)
        return Proof(done=good and take_all([once]) is None)
    wait = wait_seconds(use) - _age(asked)
    if wait > 0:
        return Proof(done=False, seconds=wait)
    refused = take_all([once, Take(f"{use}.unproved|{network}", figures.limits(f"{use}.unproved"))])
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
