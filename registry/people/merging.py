"""Two records, one person: fold one into the other, or keep them apart; and undo a fold to the row."""
from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from registry.accounts.models import User
from registry.audit import services as audit
from registry.people.models import MatchCase, Merge, Person

# Records about the matching itself stay where they are.
_STAYING = {"people_merge", "people_matchcase", "people_person"}


class CannotMerge(Exception):
    """两条记录不能合并:可能在同一班级各有记录,或其中一条已并入他人。请先核对。"""


class CannotUndo(Exception):
    """该合并已经撤销。"""


def merge(*, survivor_id: UUID, absorbed_id: UUID, reason: str, actor: User | None) -> Merge:
    """Move everything recorded under ``absorbed`` to ``survivor``. Raises CannotMerge.

    What moved is written down row by row, so that it can be moved back. Marks from which people are counted follow
    by trigger in the same transaction.
    """
    try:
        with transaction.atomic():
            people = _hold(survivor_id, absorbed_id)
            if len(people) != 2 or any(person.state != Person.State.ACTIVE for person in people):
                raise CannotMerge(str(absorbed_id))
            moved = {table: _move(table, column, absorbed_id, survivor_id) for table, column in _references()}
            Person.objects.filter(pk=absorbed_id).update(state=Person.State.MERGED, merged_into_id=survivor_id)
            done = Merge.objects.create(
                survivor_id=survivor_id, absorbed_id=absorbed_id, reason=reason, merged_by=actor,
                moved={table: ids for table, ids in moved.items() if ids},
            )
            MatchCase.objects.filter(
                first_id__in=(survivor_id, absorbed_id), second_id__in=(survivor_id, absorbed_id)
            ).update(state=MatchCase.State.SAME, decided_by=actor, decided_at=timezone.now(), note=reason)
            audit.record(
                code="people.merge", actor=actor, subject_type="person", subject_id=str(survivor_id), reason=reason,
                n=sum(len(ids) for ids in moved.values()), after={"absorbed": str(absorbed_id), "moved": done.moved},
            )
            return done
    except IntegrityError as error:
        raise CannotMerge(str(absorbed_id)) from error


def undo(*, merge_id: int, reason: str, actor: User | None) -> Merge:
    """Move back what a merge moved and is still where it was put. Raises CannotUndo."""
    with transaction.atomic():
        done = Merge.objects.select_for_update().get(pk=merge_id)
        if done.undone_at is not None:
            raise CannotUndo(str(merge_id))
        _hold(done.survivor_id, done.absorbed_id)
        Person.objects.filter(pk=done.absorbed_id).update(state=Person.State.ACTIVE, merged_into=None)
        columns = dict(_references())
        for table, ids in done.moved.items():
            _move_back(table, columns[table], ids, done.survivor_id, done.absorbed_id)
        done.undone_at, done.undone_by = timezone.now(), actor
        done.save(update_fields=["undone_at", "undone_by"])
        audit.record(
            code="people.merge_undone", actor=actor, subject_type="person", subject_id=str(done.survivor_id),
            reason=reason, before={"absorbed": str(done.absorbed_id), "moved": done.moved},
        )
        return done


def keep_apart(*, case_id: int, reason: str, actor: User | None) -> None:
    """Decide that two alike records are two people."""
    with transaction.atomic():
        decided = MatchCase.objects.filter(pk=case_id, state=MatchCase.State.OPEN).update(
            state=MatchCase.State.DIFFERENT, decided_by=actor, decided_at=timezone.now(), note=reason
        )
        if decided:
            audit.record(
                code="people.keep_apart", actor=actor, subject_type="matchcase", subject_id=str(case_id), reason=reason
            )


def _hold(*ids: UUID) -> list[Person]:
    return list(Person.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def _references() -> list[tuple[str, str]]:
    """(table, column) of everything that points to a person, whichever room it lives in."""
    found: list[tuple[str, str]] = []
    for relation in Person._meta.related_objects:
        table = relation.related_model._meta.db_table
        column = relation.field.column
        if table not in _STAYING and column is not None:
            found.append((table, column))
    return sorted(found)


def _move(table: str, column: str, before: UUID, after: UUID) -> list[int | str]:
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE {table} SET "{column}" = %s WHERE "{column}" = %s RETURNING id', [after, before])
        return [key if isinstance(key, int) else str(key) for (key,) in cursor.fetchall()]


def _move_back(table: str, column: str, ids: list[int | str], before: UUID, after: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE {table} SET "{column}" = %s WHERE "{column}" = %s AND id::text = ANY(%s)',
            [after, before, [str(key) for key in ids]],
        )
