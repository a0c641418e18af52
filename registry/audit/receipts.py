"""A receipt: what the log says of one row, whole enough to be checked on another machine without us.

It holds the row's canonical text, its place in the manifest that last named it, that manifest's leaf, and a signed
checkpoint. `scripts/verify_registry.py --receipt` checks it; so does the page that hands it out.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from registry.audit import merkle
from registry.audit.models import Checkpoint
from registry.audit.publishing import Published
from registry.audit.services import RowId, id_type, rows_function

Row = tuple[str, RowId]

KIND = "匠册存证回执"


class NoReceipt(LookupError):
    """No action ever committed to this row."""


class NotYet(NoReceipt):
    """The last action on this row waits for the next checkpoint."""


class Differs(NoReceipt):
    """The row is not as its last action left it: there is nothing to vouch for, and somebody must look."""


@dataclass(frozen=True, slots=True)
class _Word:
    """The newest manifest that names a row, and the row's place in it."""

    manifest_id: int
    canon: str
    at: int
    count: int
    body: str
    piece: bytes


def receipt(rows: Sequence[Row]) -> dict[str, Any]:
    """The receipt of the first of these (table, id) that a manifest names; the caller has fetched them through a scope.

    Several, because a certificate or a payment may stand within the commitment to its enrolment. Raises NotYet,
    Differs, or else NoReceipt.
    """
    for table_name, row_id in rows:
        word = _last_word(table_name, row_id)
        if word is not None:
            return _receipt(table_name, row_id, word)
    raise NoReceipt(str(rows))


def _receipt(table_name: str, row_id: RowId, word: _Word) -> dict[str, Any]:
    text = _present_text(table_name, row_id, word)
    index, head = _leaf(word.manifest_id)
    return {
        "kind": KIND,
        "version": 1,
        "of": {"table": table_name, "id": str(row_id), "form": word.canon},
        "row": {
            "text": text,
            "at": word.at,
            "piece": base64.b64encode(word.piece).decode(),
            "proof": _proof(word.at // merkle.PIECE_ROWS, _pieces(word.manifest_id)),
        },
        "leaf": {
            "i": index,
            "body": word.body,
            "proof": _texts(_proof_in_log(merkle.leaf_hash(word.body.encode()), index, head)),
        },
        "checkpoint": head.note,
    }


def _last_word(table_name: str, row_id: RowId) -> _Word | None:
    kind = id_type(table_name)
    column = "row_uuids" if kind == "uuid" else "row_ids"
    width = merkle.PIECE_ROWS * merkle.HASH_BYTES
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT m.id, m.canon, p.at, cardinality(m.{column}), m.body,
                substr(m.hashes, p.at / {merkle.PIECE_ROWS} * {width} + 1, {width})
            FROM audit_manifest m, LATERAL (SELECT array_position(m.{column}, %(row)s::{kind}) - 1 AS at) p
            WHERE m.table_name = %(table)s AND m.{column} && ARRAY[%(row)s::{kind}]
            ORDER BY m.id DESC LIMIT 1
            """,
            {"row": row_id, "table": table_name},
        )
        found = cursor.fetchone()
    if found is None:
        return None
    manifest_id, canon, at, count, body, piece = found
    return _Word(manifest_id, canon, at, count, bytes(body).decode(), bytes(piece))


def _present_text(table_name: str, row_id: RowId, word: _Word) -> str:
    """The row's canonical text as it stands now. Raises Differs when it is not what the manifest holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.canon, canon_hash(r.canon) FROM {rows_function(word.canon)}() r
            WHERE r.id = %s::{id_type(table_name)}
            """,
            [row_id],
        )
        found = cursor.fetchone()
    start = word.at % merkle.PIECE_ROWS * merkle.HASH_BYTES
    if found is None or bytes(found[1]) != word.piece[start : start + merkle.HASH_BYTES]:
        raise Differs(f"{table_name} {row_id}")
    return str(found[0])


def _leaf(manifest_id: int) -> tuple[int, Checkpoint]:
    """The manifest's place in the log, and the newest checkpoint. Raises NotYet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT idx FROM audit_leaf WHERE kind = 'm' AND row_id = %s", [manifest_id])
        found = cursor.fetchone()
    head = Checkpoint.objects.order_by("-size").first()
    if found is None or head is None or found[0] >= head.size:
        raise NotYet(f"manifest {manifest_id}")
    return found[0], head


def _pieces(manifest_id: int) -> list[bytes]:
    """The leaf hashes of a manifest's own tree."""
    width = merkle.PIECE_ROWS * merkle.HASH_BYTES
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT sha256('\\x00'::bytea || substr(m.hashes, i * {width} + 1, {width}))
            FROM audit_manifest m, generate_series(0, (octet_length(m.hashes) - 1) / {width}) i
            WHERE m.id = %s ORDER BY i
            """,
            [manifest_id],
        )
        return [bytes(piece) for (piece,) in cursor.fetchall()]


def _proof_in_log(leaf: bytes, index: int, head: Checkpoint) -> list[bytes]:
    """The way from a leaf to the signed head, from the published tiles or else from all leaves.

    What is handed out was checked before: raises Differs when neither leads there.
    """
    published = Published(settings.LOG_DIR, settings.LOG_COPY)
    for node in (merkle.nodes_from_tiles(published.tile), _node_from_leaves):
        try:
            proof = merkle.inclusion_proof(index, head.size, node)
        except (LookupError, OSError):
            continue
        if merkle.verify_inclusion(leaf, index, head.size, proof, bytes(head.root)):
            return proof
    raise Differs(f"leaf {index}")


def _node_from_leaves(level: int, index: int) -> bytes:
    """A node of the log's tree, counted from the leaves below it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash FROM audit_leaf WHERE idx >= %s AND idx < %s ORDER BY idx",
            [index << level, (index + 1) << level],
        )
        return merkle.root(bytes(leaf) for (leaf,) in cursor.fetchall())


def _proof(index: int, leaves: list[bytes]) -> list[str]:
    return _texts(merkle.inclusion_proof(index, len(leaves), merkle.nodes_of(leaves)))


def _texts(steps: list[bytes]) -> list[str]:
    return [base64.b64encode(step).decode() for step in steps]


def shown(rows: Sequence[Row]) -> dict[str, Any]:
    """What the page of a receipt needs: `receipt` and its fields, or in `trouble` why there is none."""
    try:
        made = receipt(rows)
    except NotYet:
        return {
            "trouble": _("这一行的最近一次登记还在等待下一个检查点，一般不超过五分钟，请稍后再来取回执。"),
            "again": True,
        }
    except Differs:
        return {
            "trouble": _(
                "这一行与操作记录中的存证不一致，不能出具回执。请把本页告知主管部门，由审计人员核查。"
            )
        }
    except NoReceipt:
        return {"trouble": _("这一行登记时尚未存证，没有回执。")}
    return {"receipt": made, "fields": told(made)}


@dataclass(frozen=True, slots=True)
class Field:
    """What a field of a canonical text is called, and how its text reads to people."""

    label: str | Promise
    reads: Callable[[str], str] = str


def day(text: str) -> str:
    """A date, which a canonical text holds as days since 1970."""
    return (date(1970, 1, 1) + timedelta(days=int(text))).isoformat()


def yuan(text: str) -> str:
    """An amount in yuan, of fen."""
    return f"{Decimal(text) / 100:,.2f}"


def of(choices: Iterable[tuple[str, str | Promise]]) -> Callable[[str], str]:
    """A code by its word."""
    words = dict(choices)
    return lambda text: str(words.get(text, text))


#: canonical form → its fields, the name of the form left out; rooms add theirs at start.
_fields: dict[str, Sequence[Field]] = {}


def name_fields(canon: str, named: Sequence[Field]) -> None:
    """Say what the fields of a form are called, for people who read a receipt."""
    _fields[canon] = named


def told(receipt: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The row's text as (label, value), empty fields left out; nothing for a form that nobody named."""
    named = _fields.get(receipt["of"]["form"], ())
    return [
        (str(field.label), field.reads(value))
        for field, value in zip(named, fields(receipt["row"]["text"])[1:], strict=False)
        if value not in ("", "~")
    ]


def fields(text: str) -> list[str]:
    """A canonical text cut at its bars; a free text's length in front of it is taken away."""
    found: list[str] = []
    while text:
        length, colon, rest = text.partition(":")
        if colon and length.isascii() and length.isdigit() and _is_text(rest, int(length)):
            found.append(rest[: int(length)])
            text = rest[int(length) + 1 :]
        else:
            field, _sep, text = text.partition("|")
            found.append(field)
    return found


def _is_text(rest: str, length: int) -> bool:
    return len(rest) >= length and rest[length : length + 1] in ("", "|")
