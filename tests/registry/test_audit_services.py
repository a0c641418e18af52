"""One action for whatever was done, in the transaction that does it."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from registry.accounts.acting import acting_user
from registry.accounts.models import Role
from registry.audit import queries
from registry.audit.commitments import commit, detail_bytes, new_salt, personal_keys_in
from registry.audit.models import Action, Detail
from registry.audit.services import OutsideTransaction, PersonalDataInAction, erase, record
from registry.lib.scope import Scope
from registry.regions.models import Region
from tests.registry.places import make_user, make_world


def act(**given: object) -> Action:
    return record(**{"code": "test.act", "actor": None, "subject_type": "thing", "subject_id": 7, **given})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_an_action_is_one_insert() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries_made:
        action = act(before={"state": "a"}, after={"state": "b"}, reason="更正")
    assert len(queries_made) == 1
    action.refresh_from_db()
    assert (action.actor, action.subject_id, action.n) == ("系统", "7", 1)
    assert (action.before, action.after) == ({"state": "a"}, {"state": "b"})


@pytest.mark.django_db(transaction=True)
def test_an_action_goes_when_its_deed_is_rolled_back() -> None:
    class Stop(Exception):
        pass

    with pytest.raises(Stop), transaction.atomic():
        Region.objects.create(code="650000", name="新疆", full_name="新疆", level=1)
        act(personal={"name": "张三"}, person_id=uuid4())
        raise Stop
    assert not Region.objects.exists()
    assert not Action.objects.exists()
    assert not Detail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_action_outside_a_transaction_is_refused() -> None:
    with pytest.raises(OutsideTransaction):
        act()
    assert not Action.objects.exists()


@pytest.mark.django_db
def test_personal_data_is_kept_out_of_actions() -> None:
    with pytest.raises(PersonalDataInAction, match="id_number, phone"):
        act(after={"rows": [{"id_number": "x"}], "phone": "y"})


@pytest.mark.django_db
def test_the_capacity_in_force_is_recorded() -> None:
    world = make_world()
    clerk = make_user("clerk", Role.PC, institution=world.school)
    reviewer = make_user("reviewer", Role.C1, region=world.county)
    with acting_user(clerk, "r1"):
        own = act(actor=clerk)
        by_program = act(actor=None)
        for_another = act(actor=reviewer)
    with acting_user(reviewer):
        review = act(actor=reviewer)
    assert (own.actor, own.actor_id, own.actor_role, own.institution_id, own.request_id) == (
        "clerk姓名",
        clerk.pk,
        "PC",
        world.school.pk,
        "r1",
    )
    assert (by_program.actor, by_program.actor_id, by_program.actor_role) == ("系统", None, "")
    assert (for_another.actor, for_another.actor_role) == ("reviewer姓名", "")
    assert (review.actor_role, review.region_code) == ("C1", "653222")


@pytest.mark.django_db
def test_a_trainee_is_not_named_in_the_record() -> None:
    trainee = make_user("trainee", Role.TRN)
    with acting_user(trainee):
        action = act(actor=trainee)
    assert (action.actor, action.actor_id) == ("学员", trainee.pk)


@pytest.mark.django_db
def test_history_is_read_by_subject_and_only_with_a_scope() -> None:
    first, second = act(), act()
    act(subject_id=8)
    assert list(queries.history(Scope.all(), "thing", 7)) == [second, first]
    assert not queries.history(Scope.none(), "thing", 7).exists()


@pytest.mark.django_db
def test_a_person_sees_what_touched_them_and_nobody_else() -> None:
    person, other = uuid4(), uuid4()
    mine = act(person_id=person)
    act(person_id=other)
    assert list(queries.about_person(Scope.own(person), person)) == [mine]
    assert not queries.about_person(Scope.own(other), person).exists()


@pytest.mark.django_db
def test_erasing_destroys_details_and_keeps_actions() -> None:
    person = uuid4()
    act(personal={"name": "张三"}, person_id=person)
    act(personal={"name": "李四"}, person_id=uuid4())
    assert erase(None, person, reason="保存期满") == 1
    assert erase(None, person, reason="保存期满") == 0
    kept = Detail.objects.exclude(detail=None)
    assert [detail.detail for detail in kept] == [{"name": "李四"}]
    assert Action.objects.filter(code="audit.erase").count() == 2


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abé名", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), json_values, max_size=4))
def test_detail_bytes_do_not_depend_on_the_way_through_json(detail: dict[str, object]) -> None:
    again = json.loads(json.dumps(detail))
    shuffled = dict(reversed(again.items()))
    assert detail_bytes(detail) == detail_bytes(shuffled)


def test_commitments_need_their_salt() -> None:
    detail = {"name": "张三"}
    assert commit(bytes(32), detail) != commit(new_salt(), detail)
    with pytest.raises(ValueError, match="32 bytes"):
        commit(b"short", detail)
    with pytest.raises(ValueError, match="no floats"):
        detail_bytes({"sum": [1.5]})


def test_personal_keys_are_found_at_any_depth() -> None:
    assert personal_keys_in({"a": [{"Phone": "1"}], "b": {"c": {"id_no": ""}}}) == {"Phone", "id_no"}
    assert personal_keys_in([None, {"name": "机构"}]) == set()
