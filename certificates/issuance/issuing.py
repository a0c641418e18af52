"""Issuing: first everything that is to be attested is stored with its number, then it is signed as it was stored.

prepare   reads whom an order's lines are about, then in one transaction gives out numbers and stores intents with the
          exact bytes to be signed. Undone, it leaves nothing: the serials are free again.
sign      signs stored bytes outside of any lock, then in one transaction stores signatures and puts the certificates,
          which have the ids of their intents, on record.

Each can be cut off anywhere and is simply called again, by however many workers at once: lines that have their intent
and intents that have their signature are passed over. Order of locks: order, key, intents, then counters.
"""

from __future__ import annotations

import json
import os
from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from certificates.issuance import composing, entries, hooks, keys, numbers, people, sealing, status_lists
from certificates.issuance.composing import Composed, Terms
from certificates.issuance.entries import Entry, Refused
from certificates.issuance.models import Certificate, Order
from certificates.issuance.signing import sign, sign_these
from registry.audit import services as audit
from registry.audit.services import Account
from registry.lib.again import BROKEN_OFF, WRITTEN_MEANWHILE, again

__all__ = ["CHUNK", "attest", "examine", "issue", "prepare", "sign", "sign_these"]

CHUNK: Final = 500
# Somebody attested the same source meanwhile, or two stood in each other's way.
_PASSING: Final = BROKEN_OFF | WRITTEN_MEANWHILE
State = Order.State


class Line(NamedTuple):
    """A line of an order with its entry; `id` 0 where there is no order."""

    id: int
    entry: Entry


class Examined(NamedTuple):
    """Of a chunk, by place: who can be numbered, and who cannot."""

    subjects: dict[int, hooks.Subject]
    refused: dict[int, Refused]


class Prepared(NamedTuple):
    """What became of a chunk: ids of intents by the lines' places, refusals by the lines' places."""

    ids: dict[int, int]
    refused: dict[int, Refused]


def issue(order_id: UUID, *, size: int = CHUNK) -> None:
    """Carry an approved order through, or on from wherever it stands, so many at a time."""
    after = 0
    while (last := prepare(order_id, after=after, limit=size)) is not None:
        after = last
        sign(order_id, limit=size)
    while sign(order_id, limit=size):
        pass
    finish(order_id)


def prepare(order_id: UUID, *, after: int = 0, limit: int = CHUNK) -> int | None:
    """Number and store the next lines of an order, or refuse them; returns the last line's id, None when none is left.

    Raises keys.NoKey where the body has no key in use.
    """
    order = Order.objects.select_related("institution").get(pk=order_id)
    if order.state not in (State.APPROVED, State.ISSUING):
        return None
    due = lines(order_id, after, limit)
    if not due:
        return None
    terms = composing.terms(
        order.institution, order.family, order.issued_on, order.region_code, keys.in_use(order.institution_id)
    )
    again(lambda: _prepare(terms, due, order_id, None), _PASSING)
    return due[-1].id


def attest(
    given: Sequence[Entry],
    *,
    institution: Any,
    family: str,
    issued_on: date,
    region_code: str,
    actor: Account | None = None,
) -> Prepared:
    """The same for a few entries without an order, such as the reissue of one certificate: stored, not yet signed.

    `sign_these` puts them on record. Within a transaction of the caller's, ids and serials are its own until it ends.
    """
    terms = composing.terms(institution, family, issued_on, region_code, keys.in_use(institution.pk))
    alone = [Line(0, entry) for entry in given]
    return again(lambda: _prepare(terms, alone, None, actor), _PASSING)


def examine(terms: Terms, given: Sequence[Entry], order_id: UUID | None) -> Examined:
    """Who can be numbered and who cannot, before anything is given out; reads alone."""
    known = people.known({entry.person_id for entry in given})
    refused: dict[int, Refused] = {}
    subjects: dict[int, hooks.Subject] = {}
    for place, entry in enumerate(given):
        whom = known.get(entry.person_id, Refused(entries.PERSON_GONE))
        space = terms.space(entry)
        if entry.barred:
            refused[place] = Refused(entry.barred)
        elif isinstance(whom, Refused):
            refused[place] = whom
        elif isinstance(space, Refused):
            refused[place] = space
        else:
            subjects[place] = terms.subject(entry, whom)
    places = list(subjects)
    for at, reason in hooks.refusals(list(subjects.values())).items():
        refused[places[at]] = reason
    for place, other in _attested(given, order_id).items():
        subjects.pop(place, None)
        if other:
            refused.setdefault(place, Refused(entries.ALREADY_ISSUED))
    for place in _held({place: subject for place, subject in subjects.items() if place not in refused}):
        refused[place] = Refused(entries.HELD_ALREADY)
    return Examined({place: subject for place, subject in subjects.items() if place not in refused}, refused)


def _prepare(terms: Terms, due: list[Line], order_id: UUID | None, actor: Account | None) -> Prepared:
    # Before the transaction: the list of places stays locked to the end of whoever asked.
    reserved = status_lists.reserve(terms.institution.pk, len(due))
    with transaction.atomic():
        # Behind the order's lock nobody else looks at its lines; that two orders do not attest the same source is the
        # table's own rule, and `again` then finds it attested.
        if order_id is not None and not _hold(order_id):
            return Prepared({}, {})
        seen = examine(terms, [line.entry for line in due], order_id)
        refused = dict(seen.refused)
        ids = _store(terms, seen.subjects, refused, reserved, order_id, actor)
        if order_id is not None:
            _tally(order_id, len(ids), {due[place].id: why for place, why in refused.items()})
    return Prepared(ids, refused)


def _store(
    terms: Terms,
    subjects: Mapping[int, hooks.Subject],
    refused: dict[int, Refused],
    reserved: Sequence[status_lists.Place],
    order_id: UUID | None,
    actor: Account | None,
) -> dict[int, int]:
    """Give out numbers and store the intents; whom the numbers do not reach is added to `refused`."""
    spaces = {}
    for place, subject in subjects.items():
        space = terms.space(subject.entry)
        if isinstance(space, Refused):
            refused[place] = space
        else:
            spaces[place] = space
    serials = numbers.allocate(Tally(spaces.values()))
    queues = {space: iter(found) for space, found in serials.items()}
    drawn = dict(zip(spaces, _draw(len(spaces)), strict=True))
    rows: dict[int, Composed] = {}
    turn = iter(reserved)
    seal = sealing.sealer()
    for place, space in spaces.items():
        serial = next(queues[space], None)
        if serial is None:
            refused[place] = Refused(entries.SPACE_FULL, space.text)
            continue
        rows[place] = terms.compose(
            subjects[place], drawn[place], space, serial, next(turn), os.urandom(8), seal
        )
    _copy(rows.values(), order_id)
    ids = {place: row.id for place, row in rows.items()}
    if ids:
        action = audit.record(
            code="issuance.prepare",
            actor=actor,
            subject_type="issue_order" if order_id is not None else "attestation",
            subject_id=order_id or next(iter(ids.values())),
            n=len(ids),
            after={"family": terms.family, "institution": terms.institution.pk},
        )
        audit.manifest_rows(action, "issuance_attestation", "attestation_v1", list(ids.values()))
    return ids


# --- statements ----------------------------------------------------------------------------------------

# LATERAL with a LIMIT: one probe of the index of sources for each line, whatever the planner believes of tables that
# have grown by thousands of rows since it last looked.
_LINES = """
SELECT l.id, l.source_type, l.source_id, l.person_id, l.entry FROM issuance_orderline l
LEFT JOIN LATERAL (
    SELECT a.order_id FROM issuance_attestation a
    WHERE a.source_type = l.source_type AND a.source_id = l.source_id AND a.state <> 'void' LIMIT 1
) a ON true
WHERE l.order_id = %s AND l.id > %s AND l.refusal = '' AND a.order_id IS DISTINCT FROM l.order_id
ORDER BY l.id LIMIT %s
"""
_ATTESTED = """
SELECT asked.place, a.order_id IS DISTINCT FROM %(order)s::uuid OR %(order)s::uuid IS NULL
FROM unnest(%(places)s::integer[], %(types)s::text[], %(ids)s::text[]) asked (place, type, id)
JOIN issuance_attestation a ON a.source_type = asked.type AND a.source_id = asked.id AND a.state <> 'void'
"""
# Standing or on its way: the same family, occupation and level once for each person.
_HELD = """
SELECT DISTINCT asked.place
FROM unnest(%(places)s::integer[], %(people)s::uuid[], %(codes)s::text[], %(levels)s::smallint[])
    asked (place, person, code, level)
JOIN issuance_attestation a ON a.person_id = asked.person AND a.family = %(family)s AND a.level_id = asked.level
    AND a.occupation_code = asked.code AND a.state <> 'void'
LEFT JOIN issuance_certificate c ON c.id = a.id
WHERE coalesce(c.state IN ('valid', 'suspended'), true)
"""
_TALLY = """
WITH said AS (
    UPDATE issuance_orderline l SET refusal = r.code, detail = r.detail
    FROM unnest(%(lines)s::bigint[], %(codes)s::text[], %(details)s::text[]) r (id, code, detail)
    WHERE l.id = r.id AND l.refusal = '' RETURNING l.id
)
UPDATE issuance_order SET state = 'issuing', prepared = prepared + %(prepared)s,
    refused = refused + (SELECT count(*) FROM said)
WHERE id = %(order)s
"""
_FINISH = """
UPDATE issuance_order o SET state = 'done', finished_at = now()
WHERE id = %s AND state IN ('approved', 'issuing') AND signed + refused >= total
"""


def finish(order_id: UUID) -> bool:
    """Call an order done when nobody on it is left; False while somebody is."""
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [order_id])
        return bool(cursor.rowcount)


def lines(order_id: UUID, after: int, limit: int) -> list[Line]:
    """The next lines of an order that are neither refused nor attested by it, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [order_id, after, limit])
        return [
            Line(row[0], Entry(row[1], row[2], row[3], **json.loads(row[4]))) for row in cursor.fetchall()
        ]


def _hold(order_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM issuance_order WHERE id = %s FOR UPDATE", [order_id])
        return bool(cursor.fetchone()[0] in (State.APPROVED, State.ISSUING))


def _attested(given: Sequence[Entry], order_id: UUID | None) -> dict[int, bool]:
    """Places whose source is attested already, and whether by somebody else than this order."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ATTESTED,
            {
                "order": order_id,
                "places": list(range(len(given))),
                "types": [entry.source_type for entry in given],
                "ids": [entry.source_id for entry in given],
            },
        )
        return dict(cursor.fetchall())


def _held(subjects: Mapping[int, hooks.Subject]) -> set[int]:
    """Places of those who hold the same already, or stand here twice; a reissue replaces what is held."""
    asked = {
        place: subject
        for place, subject in subjects.items()
        if subject.family == Certificate.Family.SKILL_LEVEL and subject.entry.source_type != entries.REISSUE
    }
    if not asked:
        return set()
    seen: dict[tuple[Any, ...], int] = {}
    for place, subject in asked.items():
        entry = subject.entry
        seen.setdefault((entry.person_id, entry.occupation_code, entry.level), place)
    with connection.cursor() as cursor:
        cursor.execute(
            _HELD,
            {
                "places": list(asked),
                "people": [subject.entry.person_id for subject in asked.values()],
                "codes": [subject.entry.occupation_code for subject in asked.values()],
                "levels": [subject.entry.level for subject in asked.values()],
                "family": Certificate.Family.SKILL_LEVEL.value,
            },
        )
        return {place for (place,) in cursor.fetchall()} | (asked.keys() - set(seen.values()))


def _draw(count: int) -> list[int]:
    """Ids for intents and the certificates that they become, ascending."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('issuance_certificate_id_seq') FROM generate_series(1, %s)", [count])
        return sorted(row for (row,) in cursor.fetchall())


def _copy(rows: Any, order_id: UUID | None) -> None:
    names = ", ".join((*composing.COLUMNS, "order_id"))
    with (
        connection.cursor() as cursor,
        cursor.db.wrap_database_errors,
        cursor.copy(f"COPY issuance_attestation ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row((*row, order_id))


def _tally(order_id: UUID, prepared: int, refused: Mapping[int, Refused]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _TALLY,
            {
                "order": order_id,
                "prepared": prepared,
                "lines": list(refused),
                "codes": [why.code for why in refused.values()],
                "details": [why.detail[:200] for why in refused.values()],
            },
        )
