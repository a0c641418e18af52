"""A list of numbers and names, answered as a workbook: one statement for all of it, one line for each of theirs.

A file is read in the cage of intake, with less memory and time than a sheet of ours may have; what is pasted, here.
Whoever asks gets the answers and nothing else: the list is kept nowhere.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, Final, NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.issuance import answers, numbering
from certificates.verification.asking import Asker
from certificates.verification.list_columns import SPEC
from registry.identity import id_numbers
from registry.intake import short
from registry.lib import figures
from registry.lib.text import name_key
from registry.lib.xlsx import Mark, write_xlsx

_PART = re.compile(r"[\t,，;；]+")


class Line(NamedTuple):
    """One line as it came; `row` is that of the sheet, or of what was pasted."""

    row: int
    number: str
    name: str


class Told(NamedTuple):
    """A line and its answer: what `verification_told` says, or `answer` alone."""

    line: Line
    answer: dict[str, Any]


def read_file(file: BinaryIO, size: int) -> list[Line]:
    """The lines of a workbook or csv. Raises Refused."""
    most_bytes, most_rows = figures.number("verify.list_bytes"), figures.number("verify.list_rows")
    rows = short.read(SPEC, file, size, most_bytes=most_bytes, most_rows=most_rows)
    return [Line(row.no, *row.texts) for row in rows]


def read_text(text: str) -> list[Line]:
    """What was pasted: a number and a name on each line, as two cells copied from a sheet come. Raises Refused."""
    found: list[Line] = []
    for row, line in enumerate(text.splitlines(), start=1):
        parts = [part.strip() for part in _PART.split(line) if part.strip()]
        if len(parts) < 2:
            parts = line.split(maxsplit=1)
        if not parts:
            continue
        first, second = parts[0], parts[1] if len(parts) > 1 else ""
        # The number is the one with digits in it, whichever comes first.
        swapped = not any(map(str.isdigit, first)) and any(map(str.isdigit, second))
        found.append(Line(row, *((second, first) if swapped else (first, second))))
    short.few(found, figures.number("verify.list_rows"))
    if not found:
        raise short.Refused(_("名单中没有证书编号和姓名。"))
    return found


def ask(lines: Sequence[Line], asker: Asker) -> list[Told]:
    """The answers, in the order of the lines; every line is noted in the log of checks."""
    numbers, keys = [], []
    for line in lines:
        number = numbering.normalise(line.number)
        # An identity number is never looked for, wherever it stands.
        numbers.append("" if id_numbers.check(number).ok else number)
        keys.append(name_key(line.name))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ASK, [numbers, keys, timezone.localdate(), asker.keyed])
        found = {place: json.loads(told) for place, told in cursor.fetchall()}
    return [
        Told(line, found.get(place, {"answer": "not_found"})) for place, line in enumerate(lines, start=1)
    ]


_ASK = """
WITH asked AS MATERIALIZED (
    SELECT u.place, c.id, c.verdict, c.told
    FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY u(number, key, place)
    CROSS JOIN (SELECT %s::date AS day) given
    LEFT JOIN LATERAL (
        SELECT x.id, t.verdict, t.told FROM issuance_certificate x, verification_told(x, given.day) t
        WHERE x.number = u.number AND u.key <> ''
          AND (SELECT p.name_key FROM people_person p WHERE p.id = x.person_id) = u.key) c ON true
), noted AS (
    INSERT INTO verification_lookup (certificate_id, way, answer, asker)
    SELECT id, 'list', coalesce(verdict, 'not_found'), %s FROM asked
)
SELECT place, told::text FROM asked WHERE id IS NOT NULL
"""

HEADINGS: Final = (
    "行号",
    "证书编号",
    "姓名",
    "核验答复",
    "职业（工种）",
    "等级",
    "发证机构",
    "发证日期",
    "有效期至",
    "状态日期",
)


def workbook(told: Iterable[Told], at: Any = None) -> bytes:
    """The answers as xlsx."""
    moment = timezone.localtime(at or timezone.now())
    out = io.BytesIO()
    sentence = _("匠册证书核验，联网核对时间 %(at)s。证书状态可能变化，以再次核验为准。") % {
        "at": f"{moment:%Y-%m-%d %H:%M}"
    }
    rows = (_row(each, moment) for each in told)
    widths = (6, 26, 12, 26, 20, 16, 30, 12, 12, 12)
    write_xlsx(out, HEADINGS, rows, name="核验结果", widths=widths, mark=Mark("", sentence))
    return out.getvalue()


def _row(each: Told, moment: Any) -> tuple[object, ...]:
    told = each.answer
    code = None if told["answer"] == "not_found" else told["answer"]
    more = [
        told.get(key) or "" for key in ("occupation", "level", "body", "issued_on", "expires_on", "state_on")
    ]
    return (each.line.row, each.line.number, each.line.name, answers.told(code, moment), *more)
