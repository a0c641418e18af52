"""Which certificates a candidate holds: known by the room above, which says so once, at start."""

from __future__ import annotations

# Yields number, person_id, rank, since (may be NULL) of standing certificates, of the people in ``%(people)s`` and of
# those whose numbers are in ``%(numbers)s``.
_NOBODY = (
    "SELECT ''::text AS number, NULL::uuid AS person_id, 0::smallint AS rank, NULL::date AS since WHERE false"
)
_source = [_NOBODY]


def register(sql: str) -> None:
    """Called once from ``AppConfig.ready``."""
    _source[0] = sql


def source() -> str:
    """The statement."""
    return _source[0]
