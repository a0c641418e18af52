"""What the database refuses by itself: statements that come around the program, as its own role and as the owner's."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction

from registry.accounts.models import Role, User
from registry.accounts.services import close_user, create_user
from registry.config import roles
from registry.review import errors, services
from registry.review.models import Case, Decision
from tests.registry.places import make_user
from tests.registry.review_town import Town, decide, make_town, registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    made = make_town()
    with registered(made.procedure()):
        yield made


def sql(statement: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() if cursor.description else cursor.rowcount


def refused(rule: str, statement: str, *values: Any) -> None:
    """Refused by this rule, for the owner of the tables and also where triggers are told to keep quiet."""
    for mode in ("origin", "replica"):
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            sql("SELECT set_config('session_replication_role', %s, true)", mode)
            sql(statement, *values)
        diag = caught.value.__cause__.diag  # type: ignore[union-attr]
        assert (diag.constraint_name or diag.message_primary or "").startswith(rule), diag.message_primary


def insert_decision(case: Case, actor: User, **given: Any) -> tuple[str, list[Any]]:
    row = {
        "case_id": case.pk,
        "row_version": case.row_version,
        "position": case.position,
        "step": case.step,
        "outcome": "approve",
        "actor_id": actor.pk,
        "reason": "x",
        **given,
    }
    marks = ", ".join(["%s"] * len(row))
    return f"INSERT INTO review_decision ({', '.join(row)}) VALUES ({marks})", list(row.values())


def refused_decision(rule: str, case: Case, actor: User, **given: Any) -> None:
    statement, values = insert_decision(case, actor, **given)
    refused(rule, statement, *values)


def test_the_rules_of_four_eyes_hold_without_the_program(town: Town) -> None:
    case = town.open()
    again = make_user("again", Role.C1, holder=town.maker.holder, region=town.world.county)
    refused_decision("review_same_person", case, town.maker)
    refused_decision("review_same_person", case, again)
    # Whatever holder a statement claims, the account's own counts.
    refused_decision("review_same_person", case, again, holder_id=town.second.holder_id)
    refused_decision("review_stale", case, town.first, row_version=2)
    refused_decision("review_not_this_step", case, town.first, step="second")
    refused_decision("review_not_this_step", case, town.first, position=2)
    refused_decision("review_no_case", case, town.first, case_id=uuid.uuid4())
    nobody = create_user(username="nobody", password=None, actor=None)
    refused_decision("review_person_unknown", case, nobody)
    close_user(nobody, reason="x", actor=None)
    refused_decision("review_decision_reason", case, town.first, outcome="refuse", reason=" ")
    close_user(town.second, reason="x", actor=None)
    refused_decision("review_account_closed", case, town.second)
    statement, values = insert_decision(case, town.first, holder_id=town.second.holder_id)
    sql(statement, *values)
    made = Decision.objects.get()
    assert made.holder == town.first.holder
    case.refresh_from_db()
    assert (case.step, case.row_version) == ("second", 2)
    first_again = make_user("first-again", Role.C2, holder=town.first.holder, region=town.world.prefecture)
    refused_decision("review_same_person", case, first_again)
    refused_decision("review_withdraw", case, town.maker, outcome="withdraw")
    refused_decision("review_withdraw", case, town.first, outcome="withdraw")


def test_a_closed_case_takes_no_decision(town: Town) -> None:
    case = decide(town.open(), town.first, "return")
    refused_decision("review_closed", case, town.second)


def test_a_case_moves_only_by_decisions(town: Town) -> None:
    case = town.open()
    for change in (
        "state = 'approved'",
        "position = 2, step = 'second', action = actions[2], row_version = 2",
        "row_version = 2",
        "summary = 'x'",
        "payload = '{\"amount\": 1}'",
        f"maker_holder_id = '{town.second.holder_id}'",
        "steps = '{second}'",
    ):
        refused("review_case_keep", f"UPDATE review_case SET {change}")
    decide(case, town.first)
    refused("review_case_keep", "UPDATE review_case SET row_version = 1, position = 1, step = 'first'")
    refused("review_case_keep", "UPDATE review_case SET closed_at = now()")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review_decision SET outcome = 'refuse'",
        "UPDATE review_decision SET reason = 'x' WHERE false",
        "DELETE FROM review_decision",
        "DELETE FROM review_case",
        "TRUNCATE review_decision, review_case",
        "DELETE FROM review_stage",
        "UPDATE review_stage SET action = 'home.read'",
    ],
)
def test_what_was_decided_stays(town: Town, statement: str) -> None:
    decide(town.open(), town.first)
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # checks that wait for the end would stand before ours
    refused(statement.split()[0], statement)


def test_a_case_comes_in_at_its_beginning_whatever_the_statement_claims(town: Town) -> None:
    case = town.open()
    sql(
        """INSERT INTO review_case (id, kind, subject_type, subject_id, version, summary, payload, maker_id,
               maker_holder_id, region_code, steps, actions, state, position, step, action, row_version, opened_at)
           SELECT gen_random_uuid(), kind, subject_type, 'other', 1, summary, payload, maker_id, %s, region_code,
               '{x}', '{x}', 'approved', 2, 'x', 'x', 9, '2000-01-01' FROM review_case""",
        town.second.holder_id,
    )
    other = Case.objects.exclude(pk=case.pk).get()
    assert (other.state, other.step, other.steps, other.row_version) == ("open", "first", case.steps, 1)
    assert other.maker_holder == town.maker.holder
    assert other.opened_at >= case.opened_at


def test_a_kind_without_steps_is_not_opened(town: Town) -> None:
    town.open()
    refused(
        "review_no_steps",
        """INSERT INTO review_case
               (id, kind, subject_type, subject_id, version, summary, payload, maker_id, region_code)
           SELECT gen_random_uuid(), 'other', subject_type, 'x', 1, summary, payload, maker_id, region_code
           FROM review_case""",
    )


@pytest.mark.parametrize(
    ("one", "others", "apart"),
    [
        ("a", "bc", True),
        ("a", "ba", False),
        ("a", "", True),
        (None, "b", False),
        ("a", [None], False),
        ("a", None, False),
    ],
)
def test_a_person_is_other_than_people_who_are_all_known(one: Any, others: Any, apart: bool) -> None:
    names = {"a": uuid.uuid4(), "b": uuid.uuid4(), "c": uuid.uuid4(), None: None}
    listed = None if others is None else [names[name] for name in others]
    assert sql("SELECT review_distinct(%s, %s::uuid[])", names[one], listed)[0] is apart


def test_the_program_decides_in_its_own_role_and_may_not_rewrite(town: Town) -> None:
    roles.apply(ddl_events=False)
    case = town.open()
    sql(f"SET ROLE {roles.APP}")
    try:
        assert decide(decide(case, town.first), town.second).state == "approved"
        for statement in (
            "UPDATE review_decision SET outcome = 'refuse'",
            "DELETE FROM review_decision",
            "DELETE FROM review_case",
            "DELETE FROM review_stage",
            "DELETE FROM accounts_holder",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                sql(statement)
    finally:
        sql("RESET ROLE")


# --- a table that freezes --------------------------------------------------------------------------


@pytest.fixture
def claims(town: Town) -> Iterator[None]:
    """A table as another room would bring it: several versions of one thing, and a payer apart from the reviewers."""
    sql(
        """
        CREATE TABLE test_claim (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, thing uuid NOT NULL, version integer NOT NULL DEFAULT 1,
            amount bigint NOT NULL, note text NOT NULL DEFAULT '', UNIQUE (thing, version));
        CALL review_attach('claim', 'test_claim', 'thing', 'version', 'amount');
        """
    )
    yield
    # A table of a transactional test outlives it.
    if not connection.in_atomic_block:
        sql("DROP TABLE test_claim")


def claim(thing: uuid.UUID, version: int = 1, amount: int = 60_000) -> None:
    sql("INSERT INTO test_claim (thing, version, amount) VALUES (%s, %s, %s)", thing, version, amount)


CHANGES = (
    "UPDATE test_claim SET amount = 1 WHERE version = 1",
    "UPDATE test_claim SET version = 7 WHERE version = 1",
    "UPDATE test_claim SET thing = gen_random_uuid() WHERE version = 1",
    "DELETE FROM test_claim WHERE version = 1",
    "TRUNCATE test_claim",
)


def test_a_version_under_review_is_frozen_until_it_comes_back(town: Town, claims: None) -> None:
    thing = uuid.uuid4()
    claim(thing)
    sql("UPDATE test_claim SET amount = 50000")
    case = town.open(subject_type="claim", subject_id=thing, version=1)
    for change in CHANGES:
        refused("review_frozen", change)
    sql("UPDATE test_claim SET note = 'not frozen', amount = 50000")
    case = decide(case, town.first, "return")
    assert sql("UPDATE test_claim SET amount = 40000") == 1


def test_an_approved_version_stays_and_a_correction_goes_through_review_again(
    town: Town, claims: None
) -> None:
    thing = uuid.uuid4()
    claim(thing)
    decide(decide(town.open(subject_type="claim", subject_id=thing, version=1), town.first), town.second)
    for change in CHANGES:
        refused("review_frozen", change)
    claim(thing, 2, 70_000)
    sql("UPDATE test_claim SET amount = 71000 WHERE version = 2")
    case = town.open(subject_type="claim", subject_id=thing, version=2)
    refused("review_frozen", "UPDATE test_claim SET amount = 72000 WHERE version = 2")
    assert decide(decide(case, town.first), town.second).state == "approved"
    assert sql("SELECT array_agg(amount ORDER BY version) FROM test_claim")[0] == [60_000, 71_000]


def test_only_what_is_there_is_reviewed(town: Town, claims: None) -> None:
    thing = uuid.uuid4()
    claim(thing)
    with pytest.raises(errors.NoSubject):
        town.open(subject_type="claim", subject_id=thing, version=2)
    with pytest.raises(errors.NoSubject):
        town.open(subject_type="claim", subject_id=uuid.uuid4(), version=1)


def test_a_refusal_by_the_freezing_is_explained(town: Town, claims: None) -> None:
    thing = uuid.uuid4()
    claim(thing)
    town.open(subject_type="claim", subject_id=thing, version=1)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        sql("UPDATE test_claim SET amount = 1")
    told = services.explain(caught.value)
    assert told is not None and "另立新版本" in told.messages[0]
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        claim(thing)
    assert services.explain(caught.value) is None


def test_who_pays_is_held_apart_by_the_payments_own_table(town: Town, claims: None) -> None:
    """The worked example of docs/rooms/review.md."""
    sql(
        """
        CREATE TABLE test_payment (claim bigint NOT NULL REFERENCES test_claim, payer_id bigint NOT NULL);
        CREATE FUNCTION test_payment_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE paid test_claim := (SELECT c FROM test_claim c WHERE c.id = NEW.claim);
                people uuid[] := review_people('claim', paid.thing::text, paid.version);
        BEGIN
            IF cardinality(people) = 0 OR NOT review_distinct(review_person_of(NEW.payer_id), people) THEN
                PERFORM review_refuse('payment_by_another');
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER by_another BEFORE INSERT OR UPDATE ON test_payment
            FOR EACH ROW EXECUTE FUNCTION test_payment_by_another();
        ALTER TABLE test_payment ENABLE ALWAYS TRIGGER by_another;
        """
    )
    thing, payer = uuid.uuid4(), make_user("payer", Role.FP, region=town.world.county)
    claim(thing)
    pay = "INSERT INTO test_payment SELECT id, %s FROM test_claim"
    case = town.open(subject_type="claim", subject_id=thing, version=1)
    refused("payment_by_another", pay, payer.pk)
    decide(decide(case, town.first), town.second)
    for user in (town.maker, town.first, town.second, make_user("again", holder=town.second.holder)):
        refused("payment_by_another", pay, user.pk)
    assert sql(pay, payer.pk) == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_changes_a_row_while_it_is_handed_in_is_refused_or_waited_for(
    town: Town, claims: None
) -> None:
    """Either order: the review shows what stands, never what was changed behind its back."""
    thing = uuid.uuid4()
    claim(thing)
    opened, told = threading.Event(), []

    def change() -> None:
        opened.wait(10)
        try:
            with transaction.atomic():
                sql("UPDATE test_claim SET amount = 1")
        except IntegrityError as error:
            told.append(services.explain(error))
        finally:
            connections.close_all()

    other = threading.Thread(target=change)
    with transaction.atomic():
        case = town.open(subject_type="claim", subject_id=thing, version=1)
        other.start()
        opened.set()
        _until_somebody_waits()
    other.join(10)
    assert len(told) == 1 and told[0] is not None
    decide(case, town.first, "return")

    result: list[Case] = []

    def hand_in() -> None:
        try:
            result.append(town.open(subject_type="claim", subject_id=thing, version=1))
        finally:
            connections.close_all()

    maker = threading.Thread(target=hand_in)
    with transaction.atomic():
        sql("UPDATE test_claim SET amount = 2")
        maker.start()
        _until_somebody_waits()
        assert not result
    maker.join(10)
    assert result[0].is_open
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("UPDATE test_claim SET amount = 3")


def _until_somebody_waits() -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    for _ in range(500):
        if sql(waiting)[0]:
            return
        threading.Event().wait(0.02)
    raise AssertionError("nobody waited")
