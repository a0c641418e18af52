"""Erasing: nothing leads back to the person, and everything that was proved stays proved."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client

from registry.accounts.models import Role, User
from registry.audit import services as audit
from registry.audit.models import Action, Detail, Manifest
from registry.audit.verify import verify
from registry.intake.models import Batch, FilePart, WithheldRow
from registry.lib.scope import Scope
from registry.people import merging, queries
from registry.people.models import BankAccount, Document, Person, Phone
from registry.rights import corrections, defaults, erasing
from registry.rights.erasing import ALTERED, HELD, IN_A_SHEET, KEPT
from registry.rights.models import Correction, Erasure, Hold
from tests import town
from tests.registry.places import make_user
from tests.signing import sign_in
from training.claims.models import Payment
from training.enrolments.models import Enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> town.Town:
    built = town.build()
    defaults.load()
    return built


def load(place: town.Town, count: int = 4) -> tuple[Batch, list[Person]]:
    """People who came in by a sheet, in the order of their rows."""
    batch = town.loaded(place, "roster", town.roster(town.people(count)))
    rows = Enrolment.objects.filter(batch_id=batch.pk).order_by("row_no").select_related("person")
    return batch, [row.person for row in rows]


def erase(*people: Person, actor: User | None = None) -> erasing.Erased:
    return erasing.erase([each.pk for each in people], actor=actor, basis="asked", ignore_retention=True)


def dump() -> str:
    """Every value of every table, as text."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname || '.\"' || tablename || '\"' FROM pg_tables WHERE schemaname !~ '^pg_|^inf'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {name} t")
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def test_nothing_of_an_erased_person_is_left_and_the_others_stay(place: town.Town) -> None:
    _batch, people = load(place)
    gone, stays = people[0], people[1]
    done = erase(gone)
    assert done.people == [gone.pk] and not done.left
    everything = dump()
    for told in (town.person(0).name, town.person(0).id_number, town.person(0).phone):
        assert told not in everything
    assert town.person(1).name in everything
    gone.refresh_from_db()
    assert (gone.state, gone.name, gone.birth_date, gone.sex) == ("erased", "", None, "")
    for model in (Document, Phone, BankAccount):
        assert not model.objects.filter(person=gone).exists()
        assert model is BankAccount or model.objects.filter(person=stays).exists()
    assert queries.person(Scope.all(), gone.pk) is None


def test_trainings_stay_under_the_random_id_and_history_holds(place: town.Town) -> None:
    _batch, people = load(place)
    before = Enrolment.objects.count()
    erase(*people[:2])
    assert (
        Enrolment.objects.filter(person__in=people[:2]).count() == 2 and Enrolment.objects.count() == before
    )
    town.proved()
    action = Action.objects.get(code="rights.erase")
    assert action.n == 2 and action.after == {"basis": "asked"}
    assert Manifest.objects.filter(action=action, table_name="people_person").exists()


def test_a_change_that_is_no_erasure_is_still_found(place: town.Town) -> None:
    _batch, people = load(place)
    erase(people[0])
    Person.objects.filter(pk=people[0].pk).update(state="active", name="冒名")
    report = verify(Scope.all())
    assert [each.row_id for each in report.differences] == [people[0].pk]


def test_details_lose_salt_and_content_and_keep_their_commitments(place: town.Town) -> None:
    _batch, people = load(place)
    other = make_user("auditor", Role.AUD)
    sign_in(Client(), other).get(f"/people/{people[0].pk}/")
    held = Detail.objects.filter(subject_person=people[0].pk)
    commitments = [bytes(each.commitment) for each in held.order_by("id")]
    assert commitments
    erase(people[0])
    left = list(held.order_by("id"))
    assert [bytes(each.commitment) for each in left] == commitments
    assert all(each.salt is None and each.detail is None and each.erased_at for each in left)


def test_the_sign_in_is_closed_and_says_nothing(place: town.Town) -> None:
    _batch, people = load(place)
    user = make_user("some-trainee", Role.TRN)
    Person.objects.filter(pk=people[0].pk).update(user=user)
    client = sign_in(Client(), user)
    index = bytes(user.holder.person_index)  # type: ignore[union-attr]
    erase(people[0])
    user.refresh_from_db()
    assert (user.username, user.display_name, user.is_active) == (f"erased-{user.pk}", "", False)
    assert bytes(user.holder.person_index) != index  # type: ignore[union-attr]
    assert client.get("/people/me/").status_code == 302


def test_an_account_with_another_capacity_is_left_alone(place: town.Town) -> None:
    _batch, people = load(place)
    user = make_user("also-clerk", Role.PC, institution=place.school)
    Person.objects.filter(pk=people[0].pk).update(user=user)
    erase(people[0])
    user.refresh_from_db()
    assert user.username == "also-clerk" and user.is_active
    assert not Person.objects.filter(user=user).exists()


def test_rows_of_the_file_are_withheld_and_the_rest_is_shown(place: town.Town) -> None:
    batch, people = load(place)
    client = sign_in(Client(), place.clerk)
    erase(people[0])
    (kept,) = WithheldRow.objects.all()
    mine, other = Enrolment.objects.get(person=people[0]), Enrolment.objects.get(person=people[1])
    assert (kept.batch_id, kept.row) == (batch.pk, mine.row_no)
    assert town.person(0).name not in client.get(f"/enrolments/{mine.pk}/cells/").content.decode()
    assert town.person(1).name in client.get(f"/enrolments/{other.pk}/cells/").content.decode()
    book = client.get(f"/intake/{batch.pk}/errors.xlsx")
    assert town.person(0).name.encode() not in b"".join(
        book.streaming_content if book.streaming else [book.content]
    )


def test_a_file_of_which_nothing_is_left_is_destroyed(place: town.Town) -> None:
    batch, people = load(place, 2)
    erase(people[0])
    assert FilePart.objects.filter(batch=batch).exists()
    erase(people[1])
    batch.refresh_from_db()
    assert not FilePart.objects.filter(batch=batch).exists() and batch.file_dropped_at


def test_what_cases_say_goes_and_the_cases_stay(place: town.Town) -> None:
    _batch, people = load(place)
    case = corrections.ask(people[0], fact="name", proposed="李更正", why="-", actor=place.clerk)
    erase(people[0])
    case = Correction.objects.get(pk=case.pk)
    assert (case.said, case.answer, case.state) == (None, None, Correction.State.WITHDRAWN)


def test_whoever_was_folded_in_goes_along(place: town.Town) -> None:
    town.loaded(place, "ledger", town.ledger([town.entry(town.person(9))]))
    _batch, people = load(place, 1)
    survivor = Person.objects.exclude(pk=people[0].pk).get()
    merging.merge(
        survivor_id=survivor.pk, absorbed_id=people[0].pk, reason=town.person(0).name, actor=place.clerk
    )
    erase(survivor)
    everything = dump()
    for n in (0, 9):
        assert town.person(n).id_number not in everything and town.person(n).name not in everything
    assert not Document.objects.exists()
    town.proved()


def test_a_number_that_was_erased_is_a_new_person_next_time(place: town.Town) -> None:
    _batch, people = load(place, 1)
    erase(people[0])
    klass = town.make_class(place.school, "T-02", place.welding)
    town.loaded(place, "roster", town.roster(town.people(1)), **{"class": klass.pk})
    assert Person.objects.filter(state="active").count() == 1
    town.proved()


def test_who_may_not_be_erased_is_left_and_named(place: town.Town) -> None:
    _batch, people = load(place)
    Hold.objects.create(person=people[0], reason="审计〔2026〕1号")
    Person.objects.filter(pk=people[1].pk).update(name="改动")
    klass = town.make_class(place.school, "T-02", place.welding)
    town.check(place, "roster", town.roster([town.person(2)]), **{"class": klass.pk})
    done = erase(*people)
    assert done.left == {people[0].pk: HELD, people[1].pk: ALTERED, people[2].pk: IN_A_SHEET}
    assert done.people == [people[3].pk]


def test_while_a_period_runs_nobody_is_erased(place: town.Town) -> None:
    _batch, people = load(place, 1)
    done = erasing.erase([people[0].pk], actor=None, basis="asked")
    assert done.left == {people[0].pk: KEPT}
    Enrolment.objects.all().delete()
    Person.objects.update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    # Class and enrolment gone, only the record itself is left, and its time is over.
    assert erasing.erase([people[0].pk], actor=None, basis="asked").people == [people[0].pk]


def test_money_is_kept_longest_and_stays_to_the_fen(place: town.Town) -> None:
    batch = town.loaded(
        place, "ledger", town.ledger([town.entry(town.person(n), serial=n, amount="1200") for n in range(2)])
    )
    assert batch.created
    total = sum(Payment.objects.values_list("amount_fen", flat=True))
    people = list(Person.objects.order_by("pk"))
    assert set(erasing.erase([p.pk for p in people], actor=None, basis="retention").left.values()) == {KEPT}
    erase(*people)
    assert sum(Payment.objects.values_list("amount_fen", flat=True)) == total > 0
    town.proved()


def test_each_erased_person_gets_a_case_that_says_so(place: town.Town) -> None:
    _batch, people = load(place, 2)
    done = erase(*people)
    cases = Erasure.objects.order_by("person_id")
    assert [case.person_id for case in cases] == sorted(done.people)
    assert all(case.backups_until and case.counts["documents"] == 2 for case in cases)
    assert not audit.erase_details(done.people), "nothing of them is left to erase"
    assert erase(*people).people == []
