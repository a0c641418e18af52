"""What is done to certificates that stand: by whom, with what left behind, and what follows from it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from certificates.issuance import acts, answers, measures, recoveries
from certificates.issuance.act_models import Act, Measure, MeasureRow, Recovery
from certificates.issuance.measures import Line
from certificates.issuance.models import Certificate
from registry.accounts.models import Role, User
from registry.audit.models import Action
from registry.lib.paging import keyset
from registry.lib.scope import Scope
from registry.review import errors
from registry.review import services as review
from registry.review.models import Case
from tests import town as towns
from tests.registry.places import make_user
from tests.signing import sign_in
from tests.town import Town, entry, ledger, loaded, person, proved

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    """Six certificates that a ledger reports, each with its payment."""
    town = towns.build()
    loaded(town, "ledger", ledger([entry(person(n), n) for n in range(1, 7)]))
    return town


@pytest.fixture
def people(town: Town) -> dict[str, User]:
    return {
        "c1": make_user("c1", Role.C1, region_id=towns.CITY),
        "c2": make_user("c2", Role.C2, region_id=towns.PREFECTURE),
        "es": make_user("es", Role.ES, institution=town.other),
    }


def numbers() -> list[str]:
    return list(Certificate.objects.order_by("pk").values_list("number", flat=True))


def states() -> list[str]:
    return list(Certificate.objects.order_by("pk").values_list("state", flat=True))


def approve(measure: Measure, actor: User, outcome: str = "approve") -> None:
    case = Case.objects.get(pk=measure.case_id)
    review.decide(
        case_id=case.pk,
        step=case.step,
        outcome=outcome,
        actor=actor,
        version=case.row_version,
        reason="" if outcome == "approve" else "材料不全",
    )
    measure.refresh_from_db()


def test_one_person_suspends_and_two_restore_or_revoke(town: Town, people: dict[str, User]) -> None:
    first, second, third, *_ = numbers()
    c1, c2 = people["c1"], people["c2"]
    done = measures.at_once("suspend", [Line(first, "suspected", "举报 13800000000")], actor=c1)
    assert (done.state, done.done) == (Measure.State.DONE, 1)
    assert states()[0] == "suspended"
    assert Act.objects.get().note == "举报 ▮"
    # Restoring waits for somebody else, and nobody agrees with themselves.
    back = measures.at_once("restore", [Line(first, "cleared")], actor=c1)
    assert (back.state, states()[0]) == (Measure.State.WAITING, "suspended")
    with pytest.raises(errors.SamePerson):
        approve(back, c1)
    approve(back, c2)
    assert (back.state, states()[0]) == (Measure.State.DONE, "valid")
    # Revoking: returned once, handed in again, and then for ever.
    gone = measures.at_once("revoke", [Line(second, "fraud")], actor=c1)
    approve(gone, c2, "return")
    assert gone.state == Measure.State.DRAFT
    gone = measures.submit(gone.pk, actor=c1)
    approve(gone, c2)
    row = Certificate.objects.get(number=second)
    assert (row.state, row.state_on, answers.of_ids([row.pk])[row.pk]) == ("revoked", row.state_on, "revoked")
    act = Act.objects.get(certificate=row)
    assert (act.asked_by, act.agreed_by, act.reason, act.was) == (c1, c2, "fraud", "valid")
    for kind in ("restore", "suspend", "revoke"):
        with pytest.raises(ValidationError):
            measures.at_once(kind, [Line(second, "cleared" if kind == "restore" else "fraud")], actor=c2)
    with pytest.raises(IntegrityError, match="does not become"), transaction.atomic():
        Certificate.objects.filter(pk=row.pk).update(state="valid")
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        Act.objects.update(note="")
    # Out of reach is as if it were not there.
    with pytest.raises(ValidationError, match="未查询到"):
        measures.at_once("suspend", [Line(third, "suspected")], actor=people["es"])
    proved()


def test_each_line_of_a_list_has_its_reason_or_says_why_not(town: Town, people: dict[str, User]) -> None:
    known = numbers()
    measures.at_once("suspend", [Line(known[0], "suspected")], actor=people["c1"])
    id_number = person(40).id_number
    lines = [
        Line(known[0], "exam"),
        Line(known[1], "考试违规，成绩无效", "第二场"),
        Line(known[1], "exam"),
        Line(known[2], "因为"),
        Line("S000065000123249999999", "exam"),
        Line(id_number, "exam"),
        Line(known[3], "batch"),
    ]
    measure = measures.draw_up("revoke", lines, actor=people["c1"], note="2026 年第 3 批")
    rows = list(measure.rows.order_by("position").values_list("problem", flat=True))
    assert rows == ["", "", "repeated", "no_reason", "not_found", "not_found", ""]
    assert not MeasureRow.objects.filter(number__contains=id_number).exists()
    measures.submit(measure.pk, actor=people["c1"])
    measure.refresh_from_db()
    # One of them is replaced or revoked by others meanwhile: that line alone is not done.
    acts.move(
        "revoke", [acts.Asked(Certificate.objects.get(number=known[3]).pk, "ruling")], actor=people["c2"]
    )
    approve(measure, people["c2"])
    assert (measure.state, measure.done, measure.refused) == (Measure.State.DONE, 2, 5)
    assert states() == ["revoked", "revoked", "valid", "revoked", "valid", "valid"]
    assert measure.rows.get(position=7).problem == "already"
    assert Action.objects.filter(code="certificate.revoke").latest("id").after["reasons"] == {"exam": 2}  # type: ignore[index]
    proved()


def test_a_long_list_goes_on_where_it_was_broken_off(
    town: Town, people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures, "CHUNK", 2)
    monkeypatch.setattr(
        measures.figures, "number", lambda name: {"certificates.measure_inline": 2}.get(name, 50)
    )
    measure = measures.at_once("revoke", [Line(each, "batch") for each in numbers()], actor=people["c1"])
    approve(measure, people["c2"])
    assert (measure.state, measure.done) == (Measure.State.DOING, 0), "the queue has it"
    moved, move = [], acts.move

    def broken(*given: Any, **more: Any) -> acts.Done:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(1)
        return move(*given, **more)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(measures.acts, "move", broken)
        measures.carry_out(measure.pk)
    measure.refresh_from_db()
    assert (measure.done, states().count("revoked")) == (4, 4)
    assert list(measures.unfinished()) == [measure.pk]
    for _again in range(2):
        done = measures.carry_out(measure.pk)
    assert (done.state, done.done, Act.objects.count()) == (Measure.State.DONE, 6, 6)
    proved()


def test_what_was_agreed_to_is_what_is_done(town: Town, people: dict[str, User]) -> None:
    known = numbers()
    measure = measures.at_once(
        "revoke", [Line(known[0], "fraud"), Line(known[1], "fraud")], actor=people["c1"]
    )
    other = Certificate.objects.get(number=known[5])
    measure.rows.filter(position=2).update(certificate=other)
    with pytest.raises(ValidationError, match="内容与提交时不同"):
        approve(measure, people["c2"])
    assert states() == ["valid"] * 6


def test_money_paid_on_it_is_proposed_once_and_settled_once(town: Town, people: dict[str, User]) -> None:
    known = numbers()
    lines = [Line(known[0], "fraud"), Line(known[1], "mistake")]
    approve(measures.at_once("revoke", lines, actor=people["c1"]), people["c2"])
    found = Recovery.objects.get()
    assert (found.certificate.number, found.amount_fen, found.source) == (known[0], 100_000, "claims_payment")
    scope = Scope.region(towns.CITY)
    assert list(recoveries.recoveries(Scope.region(towns.COUNTY))) == []
    assert recoveries.settle([found.pk], state="taken", actor=people["c1"], scope=scope) == 1
    assert recoveries.settle([found.pk], state="dropped", actor=people["c1"], scope=scope) == 0
    proved()


def test_a_chain_is_one_achievement_and_is_revoked_as_a_whole(town: Town, people: dict[str, User]) -> None:
    old = Certificate.objects.earliest("pk")
    new = replaced(old)
    with transaction.atomic():
        assert acts.supersede(old.pk, new.pk, reason="correction", actor=people["c1"])
    assert not acts.supersede(old.pk, new.pk, reason="correction", actor=people["c1"])
    assert answers.of_ids([old.pk, new.pk]) == {old.pk: "ended", new.pk: "valid"}
    assert Act.objects.get().other_id == new.pk
    approve(measures.at_once("revoke", [Line(new.number, "fraud")], actor=people["c1"]), people["c2"])
    assert answers.of_ids([old.pk, new.pk]) == {old.pk: "revoked", new.pk: "revoked"}
    # What the ledger reported as paid on the first of them is found, once.
    assert Recovery.objects.count() == 1
    proved()


def replaced(old: Certificate) -> Certificate:
    """Another certificate in the place of one, as issuing makes it; committed to as issuing does."""
    from registry.audit import services as audit

    new = Certificate.objects.create(
        person_id=old.person_id,
        family=old.family,
        number=f"{old.number[:-6]}900001",
        level_id=old.level_id,
        institution_id=old.institution_id,
        region_code=old.region_code,
        issued_on=dt.date(2026, 11, 1),
        basis="issued",
        replaces=old,
    )
    action = audit.record(code="certificate.issue", actor=None, subject_type="certificate", subject_id=new.pk)
    audit.manifest_rows(action, "issuance_certificate", Certificate.CANON, [new.pk])
    return new


def test_confirming_reported_certificates(town: Town, people: dict[str, User]) -> None:
    one, two, three, *_ = Certificate.objects.order_by("pk")
    assert set(answers.of_ids([one.pk, two.pk]).values()) == {"unconfirmed"}
    measures.at_once("suspend", [Line(three.number, "disputed")], actor=people["c1"])
    done = acts.confirm([one.pk, two.pk, three.pk, 10**9], actor=people["c1"])
    assert (done.moved, done.problems) == ([one.pk, two.pk], {three.pk: "is_suspended", 10**9: "not_found"})
    assert answers.of_ids([one.pk, two.pk, three.pk]) == {
        one.pk: "valid",
        two.pk: "valid",
        three.pk: "suspended",
    }
    assert acts.confirm([one.pk], actor=people["c1"]).problems == {one.pk: "confirmed"}
    client = sign_in(Client(), people["c1"])
    page: Any = client.get("/certificates/reported/", {"number": numbers()[3]})
    assert [row.number for row, _found in page.context["rows"]] == [numbers()[3]]
    assert len(client.get("/certificates/reported/").context["rows"]) == 3
    # Beyond the last page lies nothing any more: whoever confirmed it is led to what still waits.
    last = keyset(Certificate.objects.all(), ["id"], "", 5).next
    Certificate.objects.filter(number=numbers()[5]).update(confirmed_on=dt.date.today())
    led = client.get("/certificates/reported/", {"after": last, "since": "2000-01-01"})
    assert led.status_code == 302 and led.headers["Location"] == "/certificates/reported/?since=2000-01-01"
    Certificate.objects.filter(number=numbers()[5]).update(confirmed_on=None)
    proved()
    # A state changed past the program leaves a certificate that nothing vouches for.
    Certificate.objects.filter(pk=Certificate.objects.latest("pk").pk).update(state="suspended")
    with pytest.raises(AssertionError):
        proved()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "valid"),
        ({"expires_on": "2026-11-29"}, "valid"),
        ({"expires_on": "2026-11-28"}, "ended"),
        ({"expires_on": "2026-11-28", "state": "suspended"}, "ended"),
        ({"expires_on": "2026-11-28", "state": "revoked"}, "revoked"),
        ({"state": "superseded"}, "ended"),
        ({"basis": "reported"}, "unconfirmed"),
        ({"basis": "reported", "state": "suspended"}, "suspended"),
        ({"basis": "reported", "confirmed_on": "2026-11-01"}, "valid"),
    ],
)
def test_the_answer_of_a_day(facts: dict[str, Any], said: str) -> None:
    row = {"state": "valid", "basis": "issued", **facts}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT issuance_answer(jsonb_populate_record(NULL::issuance_certificate, %s::jsonb), '2026-11-29')",
            [json.dumps(row)],
        )
        assert cursor.fetchone() == (said,)


def test_words_never_say_valid_without_a_moment() -> None:
    moment = dt.datetime(2026, 11, 29, 1, 5, tzinfo=dt.UTC)
    assert answers.told("valid", moment) == "有效（联网核对 09:05）"
    assert answers.told_offline(moment) == "签名有效，撤销状态未核对（数据截至 2026-11-29）"
    assert answers.told("unconfirmed") == "台账所报，待确认"
    assert [answers.told(code) for code in ("revoked", "suspended", "ended", None)] == [
        "已撤销",
        "暂停",
        "已过期/已换发",
        "未查询到",
    ]
