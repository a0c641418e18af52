"""What stands on a certificate's page, from the stored intent that was signed: nothing is asked of today's records.

Body and level are in the words of the day of issue (`printed`); name and identity number are what was sealed then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from django.conf import settings

from certificates.evaluations.photos import photos_of
from certificates.issuance import cose, sealing
from certificates.issuance.envelopes import Envelope, current
from certificates.issuance.models import Attestation
from certificates.printing.pdf import Printed
from registry.people.models import Document

# The levels in English, by rank. Source: the wording of bilingual skill-level certificates; the two highest are ours.
LEVELS_EN: Final = {
    1: "Apprentice",
    2: "Level 5 / Elementary",
    3: "Level 4 / Intermediate",
    4: "Level 3 / Senior",
    5: "Level 2 / Technician",
    6: "Level 1 / Senior technician",
    7: "Special-grade technician",
    8: "Chief technician",
}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
# What an entry's `printed` may hold beside what issuing puts there.
_FREE: Final = ("project", "hours", "trainer", "note")
_KINDS = {kind.value: str(kind.label) for kind in Document.Kind}


def chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def english(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def shown_code(code: str) -> str:
    """Sixteen characters in fours, to be read out and typed."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def link(attestation: Attestation, signed: Envelope | None = None) -> str:
    """What the QR says: where to ask, and in the fragment, which no server sees, what was signed.

    Raises ValueError for what is not signed yet, or whose holder was erased.
    """
    signed = signed or current([attestation.pk]).get(attestation.pk)
    if signed is None:
        raise ValueError("nothing is signed")
    return f"{settings.PUBLIC_URL}/v/{attestation.code}#{cose.fragment(signed.raw)}"


def values(attestation: Attestation, holder: sealing.Holder, stock: str = "") -> dict[str, str]:
    """The texts of a page by name; what there is none of is left out."""
    said: Mapping[str, Any] = attestation.printed
    started, finished = (_day(said.get(name)) for name in ("started_on", "finished_on"))
    level = str(said.get("level", ""))
    found = {
        "name": holder.name,
        "document_kind": _KINDS.get(holder.document_kind, holder.document_kind),
        "document_number": holder.document_number,
        "occupation": attestation.occupation_name,
        "direction": attestation.direction,
        "level": level,
        "level_en": LEVELS_EN.get(attestation.level_id or 0, ""),
        "number": attestation.number,
        "issued_on": chinese(attestation.issued_on),
        "issued_on_en": english(attestation.issued_on),
        "expires_on": chinese(attestation.expires_on) if attestation.expires_on else "",
        "expires_on_en": english(attestation.expires_on) if attestation.expires_on else "",
        "body": str(said.get("body", "")),
        "code": shown_code(attestation.code),
        "stock": stock,
        "period": f"{chinese(started)}至{chinese(finished)}" if started and finished else "",
        **{name: str(said.get(name) or "") for name in _FREE},
    }
    return {name: text for name, text in found.items() if text}


def card(
    attestation: Attestation, signed: Envelope | None = None, *, photo: bytes | None = None, stock: str = ""
) -> Printed:
    """One page. Raises ValueError for what is not signed or whose holder was erased."""
    holder = sealing.opened(attestation.pk, bytes(attestation.sealed))
    return Printed(values(attestation, holder, stock), link(attestation, signed), photo)


def cards(wanted: Iterable[tuple[int, str]], *, chunk: int = 200) -> Iterator[tuple[int, Printed]]:
    """Pages for (certificate, stock serial), read so many at a time; what cannot be printed is left out."""
    waiting: list[tuple[int, str]] = []
    for each in wanted:
        waiting.append(each)
        if len(waiting) == chunk:
            yield from _chunk(waiting)
            waiting = []
    yield from _chunk(waiting)


def _chunk(wanted: list[tuple[int, str]]) -> Iterator[tuple[int, Printed]]:
    numbers = [number for number, _stock in wanted]
    rows, signed = Attestation.objects.in_bulk(numbers), current(numbers)
    photos = photos_of({row.person_id for row in rows.values()})
    for number, stock in wanted:
        row = rows.get(number)
        if row is None or number not in signed or not row.sealed:
            continue
        yield number, card(row, signed[number], photo=photos.get(row.person_id), stock=stock)


def one(certificate_id: int, stock: str = "") -> Printed | None:
    """The page of one certificate of ours; None where it cannot be printed."""
    return next((found for _number, found in _chunk([(certificate_id, stock)])), None)


def _day(value: object) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else None
