"""Salted commitments to personal details: what stays when the detail itself is erased."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

SALT_BYTES = 32
HASH_BYTES = 32

#: Keys that give away personal data; `before` and `after` stand in the record for ever and may not hold them.
PERSONAL_KEYS = frozenset(
    {
        "id_number",
        "id_no",
        "phone",
        "mobile",
        "bank_account",
        "account_no",
        "birth_date",
        "person_name",
        "address",
    }
)


def new_salt() -> bytes:
    """A fresh salt, one for each detail: low-entropy content must not be guessable from its commitment."""
    return secrets.token_bytes(SALT_BYTES)


def detail_bytes(detail: Mapping[str, Any]) -> bytes:
    """The exact bytes that are committed to: sorted keys, no blanks, UTF-8.

    Raises ValueError for a float, which does not survive the way to the database and back unchanged.
    """
    _refuse_floats(detail)
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def commit(salt: bytes, detail: Mapping[str, Any]) -> bytes:
    """SHA-256(salt ‖ detail), 32 bytes."""
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return hashlib.sha256(salt + detail_bytes(detail)).digest()


def personal_keys_in(value: object) -> set[str]:
    """The keys of personal data anywhere inside a JSON value."""
    if isinstance(value, Mapping):
        found = {str(key) for key in value if str(key).lower() in PERSONAL_KEYS}
        return found.union(*(personal_keys_in(inner) for inner in value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*(personal_keys_in(inner) for inner in value))
    return set()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise ValueError("write amounts as whole numbers or text: a detail holds no floats")
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_floats(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _refuse_floats(inner)
