"""Ten kinds of tampering with the record, and how far each goes to hide itself. See tampering.py for the stage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

from registry.audit import merkle
from registry.audit.commitments import commit
from registry.audit.notes import Checkpoint, Signer, sign
from registry.config import roles
from tests.tampering_stage import AUDIT_TABLES, OWNER, Cover, Rights, Stage, one, run, settle

# --- how it is hidden -----------------------------------------------------------------------------


def lift(stage: Stage, *tables: str) -> None:
    """Switch off every trigger, as an owner may; or go straight at the tables."""
    settle()
    if not stage.lifting:
        return
    for table in (*(f"audit_{name}" for name in AUDIT_TABLES), *tables):
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def reseal(table: str, row: int) -> None:
    """Make the sealed bytes say what the columns say now."""
    form = table.removeprefix("audit_")
    run(f"UPDATE {table} r SET body = convert_to(canon_{form}_v1(r), 'UTF8') WHERE id = %s", row)


def releaf(table: str, row: int) -> None:
    """Put the row's new hash into its leaf."""
    run(
        f"UPDATE audit_leaf l SET hash = r.leaf_hash FROM {table} r "
        "WHERE l.kind = %s AND l.row_id = r.id AND r.id = %s",
        table.removeprefix("audit_")[0],
        row,
    )


def sign_anew(signer: Signer) -> None:
    """The whole log under a fresh checkpoint; checkpoints that no longer fit are taken away."""
    origin = one("SELECT origin FROM audit_log_state")
    frontier = merkle.Frontier()
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM audit_leaf ORDER BY idx")
        frontier.extend(bytes(leaf) for (leaf,) in cursor.fetchall())
    head = Checkpoint(origin, frontier.size, frontier.root())
    run("DELETE FROM audit_checkpoint")
    run(
        "INSERT INTO audit_checkpoint (size, root, note) VALUES (%s, %s, %s)",
        head.size,
        head.root,
        sign(head.text(), signer),
    )
    run("UPDATE audit_log_state SET size = %s, frontier = %s", frontier.size, frontier.serialise())


def hide(stage: Stage, cover: Cover, table: str, row: int) -> None:
    """Go as far as `cover` says for one changed row of the record."""
    if cover != "row":
        reseal(table, row)
    if cover in ("leaf", "signed"):
        releaf(table, row)
    if cover == "signed":
        sign_anew(stage.signer)


def logged(stage: Stage, kind: str, where: str = "true") -> int:
    """An entry that the outside checkpoint covers, by its number."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT row_id FROM audit_leaf l WHERE kind = %s AND idx < %s AND idx > 0 AND {where} ORDER BY idx",
            [kind, stage.outside_size],
        )
        return int(stage.rng.choice([row for (row,) in cursor.fetchall()]))


def move_leaves(start: int, by: int) -> None:
    """Shift all leaves from one on; by way of negative numbers, so that no two ever share one."""
    run("UPDATE audit_leaf SET idx = -1 - idx WHERE idx >= %s", start)
    run("UPDATE audit_leaf SET idx = -1 - idx + %s WHERE idx < 0", by)


# --- the ten kinds --------------------------------------------------------------------------------


def edit_entry(stage: Stage, cover: Cover) -> None:
    lift(stage)
    row = logged(stage, "a")
    what = stage.rng.choice(
        (
            "at = at - interval '40 days'",
            "reason = '领导同意'",
            "actor = '他人'",
            "actor_id = 9",
            "n = n + 1",
            "db_user = 'jiangce_app'",
            'after = \'{"state": "passed"}\'',
        )
    )
    run(f"UPDATE audit_action SET {what} WHERE id = %s", row)
    hide(stage, cover, "audit_action", row)


def delete_entry(stage: Stage, cover: Cover) -> None:
    """An act that somebody wishes had not been recorded, with its detail."""
    lift(stage)
    row = logged(stage, "d")
    action = one("SELECT action_id FROM audit_detail WHERE id = %s", row)
    run("DELETE FROM audit_detail WHERE id = %s", row)
    if cover == "row":
        return
    run("DELETE FROM audit_action WHERE id = %s", action)
    if cover == "sealed":
        return
    for kind, number in (("d", row), ("a", action)):
        place = one("DELETE FROM audit_leaf WHERE kind = %s AND row_id = %s RETURNING idx", kind, number)
        move_leaves(place, -1)
    if cover == "signed":
        sign_anew(stage.signer)


def insert_entry(stage: Stage, cover: Cover) -> None:
    """An approval that never was, between those that were."""
    lift(stage)
    row = one(
        "INSERT INTO audit_action (at, db_user, actor, actor_role, region_code, code, subject_type, subject_id, n, "
        "reason, request_id, body) SELECT at, db_user, '审核人', 'C1', '650000', 'review.approve', 'case', '1', 1, "
        "'已核', '', '' FROM audit_action WHERE id = %s RETURNING id",
        logged(stage, "a"),
    )
    reseal("audit_action", row)
    if cover == "row":
        return
    if cover == "sealed":
        run("INSERT INTO audit_pending (kind, row_id) VALUES ('a', %s)", row)
        run("UPDATE audit_action SET body = body || '|' WHERE id = %s", row)
        return
    place = stage.rng.randrange(1, stage.outside_size)
    move_leaves(place, 1)
    run("INSERT INTO audit_leaf SELECT %s, 'a', id, leaf_hash FROM audit_action WHERE id = %s", place, row)
    if cover == "signed":
        sign_anew(stage.signer)


def reorder_entries(stage: Stage, cover: Cover) -> None:
    """Two entries change places, or two rows their numbers."""
    lift(stage)
    one_row, other = logged(stage, "a"), logged(stage, "a")
    while other == one_row:
        other = logged(stage, "a")
    if cover in ("row", "sealed"):
        # The acts themselves, under each other's number.
        columns = "at, actor, code, subject_type, subject_id, n, reason"
        run(
            f"UPDATE audit_action a SET ({columns}) = (SELECT {columns} FROM audit_action b "
            "WHERE b.id = CASE a.id WHEN %(one)s THEN %(other)s ELSE %(one)s END) WHERE a.id IN (%(one)s, %(other)s)"
            % {"one": one_row, "other": other}
        )
        for row in (one_row, other):
            hide(stage, cover, "audit_action", row)
        return
    places = [
        one("SELECT idx FROM audit_leaf WHERE kind = 'a' AND row_id = %s", row) for row in (one_row, other)
    ]
    run("UPDATE audit_leaf SET idx = -1 WHERE idx = %s", places[0])
    run("UPDATE audit_leaf SET idx = %s WHERE idx = %s", places[0], places[1])
    run("UPDATE audit_leaf SET idx = %s WHERE idx = -1", places[1])
    if cover == "signed":
        sign_anew(stage.signer)


def rewrite_detail(stage: Stage, cover: Cover) -> None:
    lift(stage)
    row = logged(stage, "d")
    run('UPDATE audit_detail SET detail = detail || \'{"name": "别人"}\' WHERE id = %s', row)
    if cover == "row":
        return
    salt = one("SELECT salt FROM audit_detail WHERE id = %s", row)
    detail = one("SELECT detail FROM audit_detail WHERE id = %s", row)
    run("UPDATE audit_detail SET commitment = %s WHERE id = %s", _commit(bytes(salt), detail), row)
    hide(stage, cover, "audit_detail", row)


def _commit(salt: bytes, detail: Any) -> bytes:
    return commit(salt, json.loads(detail) if isinstance(detail, str) else detail)


def rewrite_manifest(stage: Stage, cover: Cover) -> None:
    """Change a row of the register and make its manifest fit; or exchange what two rows committed to."""
    lift(stage, "enrolments_enrolment")
    row = logged(
        stage,
        "m",
        "EXISTS (SELECT 1 FROM audit_manifest m WHERE m.id = l.row_id AND m.table_name = 'enrolments_enrolment' "
        "AND cardinality(m.row_ids) > 3)",
    )
    if stage.rng.random() < 0.5:
        run(
            "UPDATE audit_manifest SET hashes = substr(hashes, 33, 32) || substr(hashes, 1, 32) || substr(hashes, 65) "
            "WHERE id = %s",
            row,
        )
    else:
        victim = one("SELECT row_ids[3] FROM audit_manifest WHERE id = %s", row)
        form = one("SELECT canon FROM audit_manifest WHERE id = %s", row)
        run("UPDATE enrolments_enrolment SET score = coalesce(score, 0) / 2 + 1 WHERE id = %s", victim)
        run(
            f"UPDATE audit_manifest m SET hashes = overlay(hashes PLACING canon_hash(r.canon) FROM 65) "
            f"FROM canon_{form}_rows() r WHERE r.id = %s AND m.id = %s",
            victim,
            row,
        )
    hide(stage, cover, "audit_manifest", row)


def roll_back(stage: Stage, cover: Cover) -> None:
    """The log ends earlier than it did: at an older checkpoint that was truly signed, or where it suits."""
    lift(stage)
    size = stage.older if cover in ("row", "sealed") else stage.rng.randrange(stage.older, stage.outside_size)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_leaf WHERE idx >= %s RETURNING kind, row_id", [size])
        gone = cursor.fetchall()
    run("DELETE FROM audit_checkpoint WHERE size > %s", size)
    if cover != "row":
        for kind, table in (("m", "manifest"), ("d", "detail"), ("a", "action")):
            run(f"DELETE FROM audit_{table} WHERE id = ANY(%s)", [row for k, row in gone if k == kind])
    if cover == "leaf":
        run("UPDATE audit_log_state SET size = %s", size)
    if cover == "signed":
        sign_anew(stage.signer)


_BUSINESS: tuple[tuple[str, str], ...] = (
    ("claims_payment", "SET amount_fen = amount_fen * 2 WHERE id = (SELECT max(id) FROM claims_payment)"),
    (
        "enrolments_enrolment",
        "SET result = 'fail' WHERE id = (SELECT max(id) FROM enrolments_enrolment WHERE score > 0)",
    ),
    (
        "issuance_certificate",
        "SET number = number || '9' WHERE id = (SELECT max(id) FROM issuance_certificate)",
    ),
    (
        "people_person",
        "SET name = '换了人' WHERE id = (SELECT person_id FROM people_document ORDER BY id LIMIT 1)",
    ),
    ("catalogue_threshold", "SET value = value + 1000"),
    ("accounts_membership", "SET role = 'AUD', region_id = NULL"),
    ("catalogue_agelimit", "SET maximum = 99"),
    ("accounts_user", "SET password = 'argon2$forged'"),
    ("institutions_filing", "SET document_no = '补办'"),
)
_APPLICATION = 4  # the first so many of them the application can reach without its triggers noticing


def edit_business(stage: Stage, cover: Cover) -> None:
    """A row of the register, past the program. `cover` has nothing to hide here: there is no entry to fit."""
    rights = _as_what()
    reach = _BUSINESS if rights != "application" else _BUSINESS[:_APPLICATION]
    table, what = stage.rng.choice(reach)
    if rights != "application":
        lift(stage, table)
    if not run(f"UPDATE {table} {what}"):
        raise AssertionError(f"nothing to tamper with: {table} {what}")


def _as_what() -> Rights:
    user = one("SELECT session_user::text")
    return "application" if user == roles.APP else "owner" if user == OWNER else "administrator"


def empty_queue(stage: Stage, cover: Cover) -> None:
    """Entries that wait for the log never get there."""
    lift(stage)
    last = one("SELECT max(row_id) FROM audit_pending WHERE kind = 'a'")
    run("DELETE FROM audit_pending WHERE kind = 'a' AND row_id = %s", last)
    if cover == "sealed":
        run("DELETE FROM audit_pending")
    if cover == "leaf":
        run("UPDATE audit_action SET reason = '' WHERE id = %s", last)
        reseal("audit_action", last)
    if cover == "signed":
        sign_anew(stage.signer)


def replace_key(stage: Stage, cover: Cover) -> None:
    """History rewritten under another key, of the same name or by a line beside the true one."""
    lift(stage)
    row = logged(stage, "a")
    run("UPDATE audit_action SET reason = '改写' WHERE id = %s", row)
    reseal("audit_action", row)
    releaf("audit_action", row)
    forger = Signer.generate(stage.signer.verifier.name)
    sign_anew(forger)
    if cover in ("leaf", "signed"):
        # A true signature over an older head, set under the forged text.
        line = Path(stage.outside).read_text("utf-8").split("\n\n")[1]
        run("UPDATE audit_checkpoint SET note = note || %s", line)
    if cover == "sealed":
        run("UPDATE audit_checkpoint SET note = split_part(note, E'\\n\\n', 1) || E'\\n\\n— x AAAAAAAA\\n'")


KINDS: dict[str, Callable[[Stage, Cover], None]] = {
    "edit an entry, or its moment": edit_entry,
    "delete an entry": delete_entry,
    "insert an entry": insert_entry,
    "exchange entries": reorder_entries,
    "rewrite a detail": rewrite_detail,
    "rewrite a manifest": rewrite_manifest,
    "roll the log back": roll_back,
    "edit a row of the register": edit_business,
    "empty the queue": empty_queue,
    "replace the key": replace_key,
}
