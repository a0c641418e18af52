"""Consent, copies and erasing over HTTP: what a trainee does, what staff see of it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.accounts.models import Role
from registry.accounts.scopes import scope_for
from registry.audit.models import Action
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.review import services as review
from registry.review.models import Case
from registry.rights import applying, consents, copies, defaults
from registry.rights.models import Consent, ConsentText, Copy, Erasure
from tests import town
from tests.registry import rights_world
from tests.registry.places import make_user
from tests.registry.rights_world import RightsWorld
from training.enrolments.models import Enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> RightsWorld:
    made = rights_world.build()
    defaults.load()
    return made


def training_text() -> ConsentText:
    return ConsentText.objects.get(purpose="training")


# --- consent -------------------------------------------------------------------------------------------


def test_consent_is_given_and_taken_back_on_screen_and_staff_see_it(world: RightsWorld) -> None:
    own, desk = world.client(world.trainee), world.client(world.county)
    account = f"/people/{world.person.pk}/"
    assert "未同意" in desk.get(account).content.decode()
    own.post(f"/rights/consents/{training_text().pk}/give/")
    consent = Consent.objects.get()
    assert (consent.how, consent.person_id) == ("screen", world.person.pk)
    assert "本人在线同意" in desk.get(account).content.decode()
    page = own.get(f"/rights/consents/{consent.pk}/withdraw/").content.decode()
    assert "撤回的后果" in page and "已经完成的培训" in page
    own.post(f"/rights/consents/{consent.pk}/withdraw/")
    assert "已撤回" in desk.get(account).content.decode()
    assert own.post(f"/rights/consents/{training_text().pk}/give/").status_code == 302
    assert Consent.objects.filter(withdrawn_at=None).count() == 1
    codes = list(
        Action.objects.filter(code__startswith="rights.consent").order_by("id").values_list("code", flat=True)
    )
    assert codes == ["rights.consent", "rights.consent_withdrawn", "rights.consent"]


def test_nobody_takes_back_what_somebody_else_gave(world: RightsWorld) -> None:
    other = make_user("other", Role.TRN)
    stranger = rights_world.make_person(3, world.town)
    stranger.user = other
    stranger.save()
    consent = consents.give(world.person, training_text().pk, actor=world.trainee)
    assert world.client(other).post(f"/rights/consents/{consent.pk}/withdraw/").status_code == 404


def test_a_new_version_asks_again(world: RightsWorld) -> None:
    consents.give(world.person, training_text().pk, actor=world.trainee)
    today = timezone.localdate()
    assert [each.word for each in consents.standing(world.person, today)] == ["已同意", "未同意"]
    old = training_text()
    ConsentText.objects.create(
        purpose="training", version=2, title=old.title, body="新", consequence="-", valid_from=today
    )
    assert [each.word for each in consents.standing(world.person, today)] == ["未同意", "未同意"]


def test_a_school_records_papers_of_its_own_trainees(world: RightsWorld) -> None:
    second = rights_world.make_person(2, world.town)
    stranger = rights_world.make_person(3, world.town, enrolled=False)
    school = world.client(world.clerk)
    assert second.name in school.get("/rights/consents/").content.decode()
    told = {"text": training_text().pk, "reference": "T-01第1册", "given_on": "2026-03-02"}
    people = [str(world.person.pk), str(second.pk)]
    assert (
        school.post("/rights/consents/", {**told, "people": [*people, str(stranger.pk)]}).status_code == 422
    )
    assert school.post("/rights/consents/", {**told, "people": people}).status_code == 302
    assert Consent.objects.filter(how="paper", reference="T-01第1册").count() == 2
    assert Action.objects.get(code="rights.consent_paper").n == 2
    assert second.name not in school.get("/rights/consents/").content.decode()
    beyond = consents.record_paper(
        scope_for(world.clerk),
        [stranger.pk],
        training_text().pk,
        reference="x",
        given_on=dt.date(2026, 3, 2),
        actor=world.clerk,
    )
    assert beyond == 0


def test_a_paper_has_a_place_and_a_day_that_was(world: RightsWorld) -> None:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    for reference, day in ((" ", dt.date(2026, 3, 2)), ("T-01", tomorrow)):
        with pytest.raises(ValidationError):
            consents.record_paper(
                Scope.all(),
                [world.person.pk],
                training_text().pk,
                reference=reference,
                given_on=day,
                actor=world.clerk,
            )


# --- copy ----------------------------------------------------------------------------------------------


def test_a_copy_holds_everything_in_json_and_in_pdf(world: RightsWorld) -> None:
    own = world.client(world.trainee)
    consents.give(world.person, training_text().pk, actor=world.trainee)
    own.post("/rights/corrections/new/", {"fact": "name", "proposed": "李更正", "why": "身份证如此"})
    world.client(world.county).get(f"/people/{world.person.pk}/")
    own.post("/rights/copy/")
    made = Copy.objects.get()
    who = town.person(1)
    assert who.id_number.encode() not in bytes(made.content or b"")
    answer = own.get(f"/rights/copy/{made.pk}.json")
    found = json.loads(answer.content)
    text = json.dumps(found, ensure_ascii=False)
    for told in (who.name, who.id_number, who.phone, "T-01", "李更正", "参加培训与个人信息处理", "县级初审"):
        assert told in text, told
    assert found["schema"] == "jiangce-copy/1" and answer.headers["Cache-Control"] == "no-store"
    pdf = own.get(f"/rights/copy/{made.pk}.pdf")
    assert pdf.content.startswith(b"%PDF-") and "attachment" in pdf.headers["Content-Disposition"]
    assert Action.objects.filter(code="rights.copy", actor_id=world.trainee.pk).count() == 1


def test_a_copy_is_the_persons_alone_and_needs_a_sure_sign_in(world: RightsWorld) -> None:
    own = world.client(world.trainee)
    own.post("/rights/copy/")
    made = Copy.objects.get()
    other = make_user("other", Role.TRN)
    stranger = rights_world.make_person(3, world.town)
    stranger.user = other
    stranger.save()
    assert world.client(other).get(f"/rights/copy/{made.pk}.json").status_code == 404
    assert world.client(world.county).get(f"/rights/copy/{made.pk}.json").status_code == 403
    session = own.session
    session["assurance"] = 1
    session.save()
    assert own.get(f"/rights/copy/{made.pk}.json").status_code != 200
    assert own.post("/rights/copy/").status_code != 200 and Copy.objects.count() == 1


def test_a_large_copy_is_made_in_the_background_and_goes_when_its_days_are_over(
    world: RightsWorld, settings: pytest.FixtureRequest
) -> None:
    settings.COPY_ROWS_AT_ONCE = 0  # type: ignore[attr-defined]
    world.client(world.county).get(f"/people/{world.person.pk}/")
    own = world.client(world.trainee)
    assert "正在准备" in own.post("/rights/copy/", follow=True).content.decode()
    made = Copy.objects.get()
    assert made.state == Copy.State.MAKING
    assert own.get(f"/rights/copy/{made.pk}.json").status_code == 404
    copies.make(made.pk)
    assert own.get(f"/rights/copy/{made.pk}.json").status_code == 200
    assert applying.apply(today=made.expires_on + dt.timedelta(days=1)).copies_dropped == 1


# --- erasing -------------------------------------------------------------------------------------------


def test_a_trainee_asks_and_is_told_until_when_the_record_is_kept(world: RightsWorld) -> None:
    own = world.client(world.trainee)
    assert "2031-03-20" in own.get("/rights/erase/").content.decode()
    page = own.post("/rights/erase/", follow=True).content.decode()
    assert "已停止使用" in page and "2031-03-20" in page
    assert world.client(world.county).get(f"/people/{world.person.pk}/").status_code == 404
    case = Erasure.objects.get()
    assert "已撤回" in own.post(f"/rights/erase/{case.pk}/back/", follow=True).content.decode()
    assert world.client(world.county).get(f"/people/{world.person.pk}/").status_code == 200


def test_two_supervisors_erase_and_a_certificate_says_so(world: RightsWorld) -> None:
    Enrolment.objects.all().delete()
    Person.objects.update(created_at=dt.datetime(2001, 1, 1, tzinfo=dt.UTC), region_code=town.CITY)
    first = make_user("first-rg", Role.RG, region_id=town.PROVINCE)
    second = make_user("second-rg", Role.RG, region_id=town.PROVINCE)
    world.client(world.trainee).post("/rights/erase/")
    case = Erasure.objects.get()
    desk = world.client(first)
    assert "提请删除" in desk.get("/rights/erasures/").content.decode()
    desk.post(f"/rights/erasures/{case.pk}/propose/")
    opened = Case.objects.get()
    review.decide(case_id=opened.pk, step=opened.step, outcome="approve", actor=second, version=1)
    assert applying.apply().erased == 1
    page = desk.get("/rights/erasures/").content.decode()
    assert "删除证明" in page and world.person.name not in page
    answer = desk.get(f"/rights/erasures/{case.pk}/certificate.pdf")
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize(("role", "place"), [(Role.C1, town.CITY), (Role.RG, "653200")])
def test_who_may_not_put_a_record_up(world: RightsWorld, role: Role, place: str) -> None:
    world.client(world.trainee).post("/rights/erase/")
    case = Erasure.objects.get()
    reader = world.client(make_user("reader", role, region_id=place))
    assert reader.post(f"/rights/erasures/{case.pk}/propose/").status_code in (403, 404)
    assert not Case.objects.exists()
