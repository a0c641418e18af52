"""References that are checked by the set keep what a foreign key promises, also against a second connection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from psycopg import errors

from registry.identity.uuid7 import uuid7
from registry.people.models import Person
from tests.training.counted import N1, Register
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment

pytestmark = pytest.mark.django_db(transaction=True)

# Filled from the very tables that they name, which nothing is ever deleted from (decision 0007); and a knock at the
# trainees' door, which must cost the same whether or not somebody was found. Changes are noted by a trigger of the
# certificate itself.
NOT_KEPT = {
    ("credentials_change", "certificate_id"),
    ("credentials_change", "institution_id"),
    ("issuance_certificate", "level_id"),
    ("issuance_certificate", "institution_id"),
    ("door_knock", "person_id"),
}

DOCUMENTS = """
    INSERT INTO people_document (id, person_id, kind, sealed, blind_index, mask, is_primary)
    SELECT gen_random_uuid(), p, 'id_card', '', sha256(p::text::bytea), '', true FROM unnest(%s::uuid[]) p
"""


def person(name: str = "甲") -> Person:
    return Person.objects.create(name=name, name_key=name)


def enrolment() -> Enrolment:
    register = Register.make()
    (row,) = register.finish(register.klass(register.provider("北校", N1), N1), "a")
    return row


def test_every_reference_without_a_foreign_key_is_kept_by_the_set() -> None:
    declared = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and not field.db_constraint and model._meta.managed
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, substr(tgname, 8) FROM pg_trigger"
            " WHERE tgfoid = 'lib_refers_came'::regproc AND tgenabled = 'O'"
        )
        kept = set(cursor.fetchall())
    assert kept == declared - NOT_KEPT


def test_a_set_with_one_stranger_is_refused_whole() -> None:
    known = [person(str(number)).pk for number in range(3)]
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DOCUMENTS, [[*known, uuid7()]])
    cause = refused.value.__cause__
    assert isinstance(cause, errors.ForeignKeyViolation)
    assert (cause.diag.table_name, cause.diag.column_name) == ("people_document", "person_id")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people_document")
        assert cursor.fetchone() == (0,)


def test_parents_written_a_moment_ago_are_found_wherever_they_were_written() -> None:
    """In the transaction itself, in a savepoint of it, and by somebody else before."""
    before = person("前").pk
    with transaction.atomic(), connection.cursor() as cursor:
        own = person("本").pk
        with transaction.atomic():
            inner = person("内").pk
        cursor.execute(DOCUMENTS, [[before, own, inner]])
        assert cursor.rowcount == 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE enrolments_enrolment SET person_id = gen_random_uuid()",
        "UPDATE enrolments_enrolment SET klass_id = -1",
        "UPDATE people_person SET id = gen_random_uuid()",
        "UPDATE classes_trainingclass SET id = id + 1000",
        "DELETE FROM people_person",
        "DELETE FROM classes_trainingclass",
        "TRUNCATE classes_trainingclass CASCADE",
        "TRUNCATE enrolments_enrolment",
    ],
)
def test_nothing_is_left_dangling(change: str) -> None:
    row = enrolment()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO claims_payment (enrolment_id, amount_fen, fund, basis, region_code)"
            " VALUES (%s, 1, '', 'paid', %s)",
            [row.pk, N1],
        )
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    row.refresh_from_db()
    assert Person.objects.filter(pk=row.person_id).exists()
    assert TrainingClass.objects.filter(pk=row.klass_id).exists()


def test_what_nothing_refers_to_may_go() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM people_person WHERE id = %s", [person().pk])
        assert cursor.rowcount == 1


def test_a_reference_holds_its_parent_until_it_is_committed(database_url: str) -> None:
    """The deletion waits, and then finds the child that it did not see when it began."""
    parent = person().pk
    with psycopg.connect(database_url) as referring:
        referring.execute(DOCUMENTS, [[parent]])
        deleting = _Beside(database_url, lambda other: other.execute(_DELETE, [parent]))
        assert not deleting.ended(0.5)
        referring.commit()
        assert isinstance(deleting.outcome(), errors.ForeignKeyViolation)
    assert Person.objects.filter(pk=parent).exists()


def test_a_reference_to_somebody_who_is_being_deleted_waits_and_is_refused(database_url: str) -> None:
    parent = person().pk
    with psycopg.connect(database_url) as deleting:
        deleting.execute(_DELETE, [parent])
        referring = _Beside(database_url, lambda other: other.execute(DOCUMENTS, [[parent]]))
        assert not referring.ended(0.5)
        deleting.commit()
        assert isinstance(referring.outcome(), errors.ForeignKeyViolation)


def test_two_who_refer_to_one_person_do_not_wait_for_each_other(database_url: str) -> None:
    row = enrolment()
    other_class = Register(classes=1).klass(row.klass.institution, N1)
    again = """
        INSERT INTO enrolments_enrolment (person_id, klass_id, state, category, result, started_on, region_code,
                                          funding, training_type)
        VALUES (%s, %s, 'enrolled', '', '', '2024-03-01', %s, 'subsidised', 'employment')
    """
    third_class = Register(classes=2).klass(row.klass.institution, N1)
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        second.execute("SET lock_timeout = '2s'")
        first.execute(again, [row.person_id, other_class.pk, N1])
        second.execute(again, [row.person_id, third_class.pk, N1])
        second.commit()
        first.commit()
    assert Enrolment.objects.filter(person=row.person_id).count() == 3


def test_an_older_snapshot_may_not_delete(database_url: str) -> None:
    parent: UUID = person().pk
    with psycopg.connect(database_url) as other:
        other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(errors.FeatureNotSupported):
            other.execute(_DELETE, [parent])


_DELETE = "DELETE FROM people_person WHERE id = %s"


class _Beside:
    """A statement on a connection of its own, which may have to wait."""

    def __init__(self, url: str, work: Callable[[psycopg.Connection[Any]], Any]) -> None:
        self._error: Exception | None = None

        def run() -> None:
            try:
                with psycopg.connect(url) as other:
                    work(other)
            except psycopg.Error as error:
                self._error = error

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def ended(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def outcome(self) -> Exception | None:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self._error
