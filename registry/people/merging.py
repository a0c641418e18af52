"""Two records, one person: fold one into the other, or keep them apart; and undo a fold to the row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from registry.accounts.models import User
from registry.audit import services as audit
from registry.audit.models import Action
from registry.people.models import Document, MatchCase, Merge, Person

# Records about the matching itself stay where they are.
_STAYING = {"people_merge", "people_matchcase", "people_person"}

# What both records hold alike stays with the absorbed one: one telephone of one person is one telephone.
_HELD_ONCE = {"people_phone": "blind_index", "people_bankaccount": "blind_index"}

_PEOPLE = Person._meta.db_table
_PERSON_CANON = "person_v1"
_WAS_PRIMARY = "people_document.is_primary"

Ids = list[int | str]


class CannotMerge(Exception):
    """两条记录不能合并:可能在同一班级各有记录,或其中一条已并入他人。请先核对。"""


class CannotUndo(Exception):
    """该合并不能撤销:已经撤销,或保留的记录后来又并入了他人,须先撤销后一次合并。"""


def merge(*, survivor_id: UUID, absorbed_id: UUID, reason: str, actor: User | None) -> Merge:
    """Move everything recorded under ``absorbed`` to ``survivor``. Raises CannotMerge.

    What moved is written down row by row, so that it can be moved back. Marks from which people are counted follow
    by trigger in the same transaction, and history commits to the moved rows again.
    """
    try:
        with transaction.atomic():
            people = _hold(survivor_id, absorbed_id)
            if len(people) != 2 or any(person.state != Person.State.ACTIVE for person in people):
                raise CannotMerge(str(absorbed_id))
            moved: dict[str, Ids] = {_WAS_PRIMARY: _demote(absorbed_id)}
            for table, column in _references():
                moved[table] = _move(table, column, absorbed_id, survivor_id)
            Person.objects.filter(pk=absorbed_id).update(
                state=Person.State.MERGED, merged_into_id=survivor_id
            )
            # Whoever was folded in before goes along, so that every merged record points at a living one.
            moved[_PEOPLE] = _move(_PEOPLE, "merged_into_id", absorbed_id, survivor_id)
            done = Merge.objects.create(
                survivor_id=survivor_id,
                absorbed_id=absorbed_id,
                reason=reason,
                merged_by=actor,
                moved={table: ids for table, ids in moved.items() if ids},
            )
            _pair(survivor_id, absorbed_id).update(
                state=MatchCase.State.SAME, decided_by=actor, decided_at=timezone.now(), note=reason
            )
            _ask_of_survivor(survivor_id, absorbed_id)
            action = audit.record(
                code="people.merge",
                actor=actor,
                subject_type="person",
                subject_id=str(survivor_id),
                n=_count(done.moved),
                after={"absorbed": str(absorbed_id), "moved": done.moved},
                personal={"reason": reason},  # which may well name them, so it can be erased
                person_id=survivor_id,
            )
            _commit_again(action, done)
            return done
    except IntegrityError as error:
        raise CannotMerge(str(absorbed_id)) from error


def undo(*, merge_id: int, reason: str, actor: User | None) -> Merge:
    """Move back what a merge moved and is still where it was put. Raises CannotUndo."""
    with transaction.atomic():
        done = Merge.objects.select_for_update().get(pk=merge_id)
        people = {person.pk: person for person in _hold(done.survivor_id, done.absorbed_id)}
        if done.undone_at is not None or people[done.survivor_id].state != Person.State.ACTIVE:
            raise CannotUndo(str(merge_id))
        Person.objects.filter(pk=done.absorbed_id).update(state=Person.State.ACTIVE, merged_into=None)
        for table, column in [*_references(), (_PEOPLE, "merged_into_id")]:
            _move_back(table, column, done.moved.get(table, []), done.survivor_id, done.absorbed_id)
        Document.objects.filter(pk__in=done.moved.get(_WAS_PRIMARY, [])).update(is_primary=True)
        done.undone_at, done.undone_by = timezone.now(), actor
        done.save(update_fields=["undone_at", "undone_by"])
        # Whether they are one person is an open question once more.
        _pair(done.survivor_id, done.absorbed_id).filter(state=MatchCase.State.SAME).update(
            state=MatchCase.State.OPEN, decided_by=None, decided_at=None, note=""
        )
        action = audit.record(
            code="people.merge_undone",
            actor=actor,
            subject_type="person",
            subject_id=str(done.survivor_id),
            n=_count(done.moved),
            before={"absorbed": str(done.absorbed_id), "moved": done.moved},
            personal={"reason": reason},
            person_id=done.survivor_id,
        )
        _commit_again(action, done)
        return done


def keep_apart(*, case_id: int, reason: str, actor: User | None) -> None:
    """Decide that two alike records are two people."""
    with transaction.atomic():
        case = MatchCase.objects.filter(pk=case_id, state=MatchCase.State.OPEN)
        first = case.values_list("first_id", flat=True).first()
        decided = case.update(
            state=MatchCase.State.DIFFERENT, decided_by=actor, decided_at=timezone.now(), note=reason
        )
        if decided:
            audit.record(
                code="people.keep_apart",
                actor=actor,
                subject_type="matchcase",
                subject_id=str(case_id),
                personal={"reason": reason},
                person_id=first,
            )


def _hold(*ids: UUID) -> list[Person]:
    return list(Person.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def _references() -> list[tuple[str, str]]:
    """(table, column) of everything that points to a person, whichever room it lives in."""
    return sorted((model._meta.db_table, column) for model, column in _referring())


def _referring() -> list[tuple[Any, str]]:
    return [
        (relation.related_model, str(relation.field.column))
        for relation in Person._meta.related_objects
        if relation.related_model._meta.db_table not in _STAYING
    ]


def _demote(absorbed_id: UUID) -> Ids:
    """The survivor's main document stays the main one."""
    primary = Document.objects.filter(person_id=absorbed_id, is_primary=True)
    ids: Ids = [str(key) for key in primary.values_list("pk", flat=True)]
    primary.update(is_primary=False)
    return ids


def _held_once(table: str) -> str | None:
    """The column by which a row of both records is the same row; rooms above say so on their models."""
    of_rooms = {model._meta.db_table: getattr(model, "HELD_ONCE", None) for model, _column in _referring()}
    return _HELD_ONCE.get(table) or of_rooms.get(table)


def _move(table: str, column: str, before: UUID, after: UUID) -> Ids:
    held_once = _held_once(table)
    unheld = ""
    if held_once:
        unheld = (
            f'AND NOT EXISTS (SELECT 1 FROM {table} theirs WHERE theirs."{column}" = %(after)s '
            f"AND theirs.{held_once} = moving.{held_once})"
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE {table} moving SET "{column}" = %(after)s WHERE "{column}" = %(before)s '
            f"{unheld} RETURNING id",
            {"before": before, "after": after},
        )
        return [key if isinstance(key, int) else str(key) for (key,) in cursor.fetchall()]


def _move_back(table: str, column: str, ids: Ids, before: UUID, after: UUID) -> None:
    if not ids:
        return
    keys = ids if isinstance(ids[0], int) else [UUID(str(key)) for key in ids]
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE {table} SET "{column}" = %s WHERE "{column}" = %s AND id = ANY(%s)',
            [after, before, keys],
        )


def _commit_again(action: Action, done: Merge) -> None:
    """History commits to every row that the merge or its undoing changed, each in the form it stands in already."""
    people = [done.survivor_id, done.absorbed_id, *(UUID(str(key)) for key in done.moved.get(_PEOPLE, []))]
    audit.manifest_again(action, _PEOPLE, people, canon=_PERSON_CANON)
    for model, _column in _referring():
        ids = done.moved.get(model._meta.db_table)
        if ids:
            canon = getattr(model, "CANON", None)
            audit.manifest_again(action, model._meta.db_table, ids, canon=canon)


def _pair(one: UUID, other: UUID) -> Any:
    both = (one, other)
    return MatchCase.objects.filter(first_id__in=both, second_id__in=both)


def _ask_of_survivor(survivor_id: UUID, absorbed_id: UUID) -> None:
    """Open questions about the absorbed record are questions about the survivor now."""
    about = Q(first_id=absorbed_id) | Q(second_id=absorbed_id)
    for case in MatchCase.objects.filter(about, state=MatchCase.State.OPEN):
        other = case.second_id if case.first_id == absorbed_id else case.first_id
        if not _pair(survivor_id, other).exists():
            first, second = (survivor_id, other) if case.first_id == absorbed_id else (other, survivor_id)
            MatchCase.objects.create(
                first_id=first, second_id=second, reason=case.reason, batch_id=case.batch_id
            )


def _count(moved: dict[str, Ids]) -> int:
    return sum(len(ids) for name, ids in moved.items() if name != _WAS_PRIMARY)
