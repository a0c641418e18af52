"""A class that is over becomes completion certificates: drawn up by the clerk, signed by the principal, held."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from certificates.issuance import issuing, keys, replacing, sealing
from certificates.issuance.models import Attestation, Certificate, Order
from certificates.printing.cards import values
from registry.accounts.models import Role, User
from registry.people.models import Person
from registry.review.models import Case
from tests import certified
from tests import town as towns
from tests.registry.places import make_user
from tests.signing import sign_in
from training.classes.models import TrainingClass
from training.enrolments import completion
from training.enrolments.models import Enrolment

pytestmark = pytest.mark.django_db

DAY = towns.ENDS


def enrol(klass: TrainingClass, person: Person, **more: object) -> Enrolment:
    values = {"state": "finished", "result": "pass", "finished_on": DAY, **more}
    return Enrolment.objects.create(
        person=person,
        klass=klass,
        started_on=klass.starts_on,
        region_code=klass.region_id,
        funding="subsidised",
        training_type="employment",
        **values,
    )


def test_a_finished_class_becomes_certificates_with_a_reason_for_whoever_gets_none() -> None:
    town = towns.build()
    klass = town.klass
    certified.ground(klass.region_id)
    good, unfinished, failed, gone, late, nameless = people = certified.people(6)
    enrol(klass, good, hours=80)
    enrol(klass, unfinished, state="studying", finished_on=None, result="")
    enrol(klass, failed, result="fail")
    enrol(klass, gone, state="withdrawn", finished_on=None, result="")
    enrol(klass, late, hours=None)
    enrol(klass, nameless, hours=80)
    nameless.documents.all().delete()
    clerk = sign_in(Client(), make_user("pc", Role.PC, institution=town.school))
    principal = sign_in(Client(), make_user("pp", Role.PP, institution=town.school))
    other = sign_in(Client(), make_user("pc-other", Role.PC, institution=town.other))
    home = f"/enrolments/classes/{klass.pk}/certificates/"

    # Not before the class is over, not by others, not on a day before its end.
    assert home not in clerk.get(f"/classes/{klass.pk}/").content.decode()
    early = clerk.post(f"{home}new/", {"issued_on": DAY.isoformat()})
    assert early.status_code == 422 and "还没有结班" in early.content.decode()
    TrainingClass.objects.filter(pk=klass.pk).update(state="finished")
    assert home in clerk.get(f"/classes/{klass.pk}/").content.decode()
    assert [client.get(home).status_code for client in (clerk, principal, other)] == [200, 200, 404]
    assert other.post(f"{home}new/", {"issued_on": DAY.isoformat()}).status_code == 404
    assert principal.post(f"{home}new/", {"issued_on": DAY.isoformat()}).status_code == 403
    assert "结班日期与今天之间" in clerk.post(f"{home}new/", {"issued_on": "2026-03-19"}).content.decode()
    page = clerk.get(home).content.decode()
    assert all(str(words) in page for words in list(completion.REFUSALS.values())[:3])
    assert "没有登记学时" in page and page.count("可以制证") >= 2

    made = clerk.post(f"{home}new/", {"issued_on": timezone.localdate().isoformat()})
    order = Order.objects.get()
    assert made.url == f"/certificates/orders/{order.pk}/" and order.family == "completion"
    refusals = dict(order.lines.values_list("person_id", "refusal"))
    assert [refusals[person.pk] for person in people] == [
        "",
        "training_unfinished",
        "training_unpassed",
        "training_withdrawn",
        "training_no_hours",
        "document_missing",
    ]
    page = clerk.get(made.url).content.decode()
    assert all(words in page for words in ("未结业", "已退出本班", "没有登记学时", "没有可用的证件号码"))
    # One order at a time.
    assert "在办理" in clerk.post(f"{home}new/", {"issued_on": DAY.isoformat()}).content.decode()

    assert "还没有签发密钥" in clerk.post(f"{made.url}submit/", follow=True).content.decode()
    keys.publish(town.school.pk, dt.date.today().year, actor=None)
    clerk.post(f"{made.url}submit/")
    case = Case.objects.get(kind="certificates.issue_completion")
    decision = {"step": case.step, "version": case.row_version, "outcome": "approve"}
    assert clerk.post(f"/review/{case.pk}/decide/", decision).status_code == 403
    assert principal.post(f"/review/{case.pk}/decide/", decision).status_code == 302
    issuing.issue(order.pk)
    certificate = Certificate.objects.get()
    assert certificate.person == good and certificate.family == "completion"
    assert certificate.number.startswith(f"HG{klass.region_id}")
    assert certificate.enrolment_id == good.enrolments.get().pk
    attested = Attestation.objects.get()
    said = values(attested, sealing.opened(attested.pk, bytes(attested.sealed)))
    assert (said["project"], said["hours"], said["trainer"]) == ("焊工", "80", town.school.name)
    assert said["period"] == "2026年3月2日至2026年3月20日"
    # On the page of the class, in the holder's account, and open to be printed; nobody is issued to twice.
    assert certificate.number in clerk.get(home).content.decode()
    good.user = make_user("holder", Role.TRN)
    good.save(update_fields=["user"])
    holder = sign_in(Client(), good.user)
    assert certificate.number in holder.get(f"/people/{good.pk}/").content.decode()
    assert "打印 1 份" in clerk.get("/").content.decode()
    # A replacement that waits for the principal is told on its page, and not asked for twice.
    replacing.ask(certificate.pk, reason="correction", actor=User.objects.get(username="pc"))
    assert replacing.waiting(certificate)
    page = clerk.get(f"/certificates/{certificate.pk}/").content.decode()
    assert "已申请换发" in page and f"/certificates/{certificate.pk}/reissue/" not in page
    late.enrolments.update(hours=72)
    again = clerk.post(f"{home}new/", {"issued_on": timezone.localdate().isoformat()})
    second = Order.objects.get(pk=again.url.split("/")[-2])
    assert set(second.lines.filter(refusal="").values_list("person_id", flat=True)) == {late.pk}
    assert good.pk not in set(second.lines.values_list("person_id", flat=True))
    # Who trains does not examine: an order of another family is the body's own, in the same institution too.
    examined = certified.order(town.school, certified.people(1), state="draft")
    for where in (f"/certificates/orders/{examined.pk}/submit/", f"/printing/orders/{examined.pk}/"):
        assert clerk.post(where).status_code == 404
    assert ">提交签发<" not in clerk.get(f"/certificates/orders/{examined.pk}/").content.decode()
