"""Asking after a certificate: one statement that looks, answers and notes that somebody asked.

The answer is JSON as PostgreSQL made it (sql/answers.sql). Misses are counted for each network; when the budget is used
up, nothing is looked for until the asker has done a small computation (registry.lib.proof), which has a larger budget
of its own. Nothing is ever looked for by an identity number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils import timezone

from certificates.issuance import numbering
from registry.lib import figures, proof
from registry.lib.keyed import keyed
from registry.lib.limits import Limit
from registry.lib.prepared import Prepared
from registry.lib.text import name_key

USE = "verify"
CODE_LENGTH = 16
_CROCKFORD = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_MISREAD = str.maketrans("OIL", "011")
_ASKER_BYTES = 16


@dataclass(frozen=True, slots=True)
class Asker:
    """Whence somebody asks. `proved` by the computation, for this one question."""

    address: str
    network: str
    proved: bool = False

    @property
    def keyed(self) -> bytes | None:
        """What the log of checks keeps of the address."""
        return keyed("verification.asker", self.address)[:_ASKER_BYTES] if self.address else None

    def budget(self, day: date) -> tuple[bytes, tuple[Limit, ...]]:
        """The counter of misses and its limits on a day."""
        name = "verify.proved" if self.proved else "verify.miss"
        return keyed("counter", f"{name}|{self.network}"), figures.limits(name, day)


def code_of(text: str) -> str | None:
    """The 16 characters of a check code as they are stored: blanks and dashes left out, letters that are misread put
    right (Crockford's base 32); None for what is no code.
    """
    code = "".join(text.replace("-", "").split()).upper().translate(_MISREAD)
    return code if len(code) == CODE_LENGTH and _CROCKFORD.issuperset(code) else None


def by_code(code: str, asker: Asker, way: str = "code") -> str:
    """The answer to a check code as JSON text."""
    return _ask(asker, way, code=code)


def by_number(number: str, name: str, asker: Asker, way: str = "number") -> str:
    """The answer to a number together with the holder's name; either alone finds nothing."""
    return _ask(asker, way, number=numbering.normalise(number), key=name_key(name))


def by_id(certificate_id: int, asker: Asker, way: str, share: int | None = None) -> str:
    """The answer for whoever was shown the certificate by its holder."""
    return _ask(asker, way, pk=certificate_id, share=share)


def read(answer: str) -> dict[str, Any]:
    """The JSON as a page uses it."""
    found: dict[str, Any] = json.loads(answer)
    return found


def judge(asked: str, answer: str, network: str) -> proof.Proof:
    """Whether the small computation was done, or the wait was long enough."""
    return proof.judge(USE, asked, answer, network)


def _ask(
    asker: Asker,
    way: str,
    *,
    code: str | None = None,
    number: str | None = None,
    key: str | None = None,
    pk: int | None = None,
    share: int | None = None,
) -> str:
    today = timezone.localdate()
    counter, limits = asker.budget(today)
    who = asker.keyed
    told = _ASK.value(
        *(code, number, key, None if pk is None else str(pk), today.isoformat(), way),
        *(None if who is None else f"\\x{who.hex()}", None if share is None else str(share)),
        *(f"\\x{counter.hex()}", *_as_arrays(limits)),
    )
    assert told is not None  # the function answers always
    return told


_ASK = Prepared(
    "verification_ask",
    "SELECT verification_ask($1::text, $2::text, $3::text, $4::bigint, $5::date, $6::text, $7::bytea, $8::bigint,"
    " $9::bytea, $10::integer[], $11::float8[])",
)


@lru_cache(maxsize=16)
def _as_arrays(limits: tuple[Limit, ...]) -> tuple[str, str]:
    most = ",".join(str(int(limit.n)) for limit in limits)
    spans = ",".join(str(int(limit.seconds)) for limit in limits)
    return f"{{{most}}}", f"{{{spans}}}"
