"""How certificates are numbered and how long they hold: set from a day on, and the whole road of one that ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from certificates.credentials import documents, making
from certificates.issuance import payload, replacing, rules
from certificates.issuance.models import Attestation, Certificate, NumberRule
from certificates.issuance.term_models import Validity
from certificates.printing import defaults
from registry.accounts.models import Role
from registry.audit.models import Action
from registry.review import services as review
from registry.review.models import Case
from tests import certified
from tests.certificates.test_printing_jobs import pages
from tests.registry.places import make_user
from tests.signing import sign_in

pytestmark = pytest.mark.django_db
TERMS = "/certificates/terms/"


@contextmanager
def on(day: dt.date) -> Iterator[None]:
    """Days pass; hours and sessions do not."""
    with mock.patch.object(timezone, "localdate", lambda *given, **more: day):
        yield


@pytest.fixture
def system(client: Client) -> Client:
    certified.ground()
    return sign_in(client, make_user("sys", Role.SYS))


def test_a_family_that_ends_goes_the_whole_road(system: Client) -> None:
    today = timezone.localdate()
    asked = {"family": "special", "months": "36", "valid_from": today.isoformat(), "document_no": "示例文件"}
    past = {**asked, "valid_from": (today - dt.timedelta(days=1)).isoformat()}
    for wrong in (past, {**asked, "months": "0"}, {**asked, "document_no": ""}):
        assert system.post(TERMS, wrong).status_code == 422
    assert system.post(TERMS, asked).status_code == 302
    assert "36 个月" in system.get(TERMS).content.decode()
    assert Action.objects.filter(code="issuance.validity", n=1).exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        Validity.objects.update(months=12)

    defaults.load()
    stage = certified.build(1, family="special", level=None, title="馕制作")
    (row,), (attestation,) = stage.certificates, stage.attestations
    last = row.expires_on
    assert last is not None and 36 * 30 < (last - today).days < 37 * 31
    assert payload.read(bytes(attestation.payload)).expires_on == attestation.expires_on == last
    wallet = documents.credential(making.facts_of(attestation, "https://example.org"))
    assert wallet["validUntil"].startswith(last.isoformat())
    holder = Client()
    person = stage.people[0]
    person.user = make_user("holder", Role.TRN)
    person.save()
    sign_in(holder, person.user)
    clerk = sign_in(Client(), stage.clerk)
    (paper, _picture) = pages(clerk.post(f"/printing/certificates/{row.pk}/file/").content)[0]
    assert "有效期至" in paper and f"{last.year}年{last.month}月{last.day}日" in paper

    check = reverse("verification:code", args=[attestation.code])
    ending, one = "/certificates/?answer=ending", f"/certificates/{row.pk}/"
    assert row.number not in clerk.get(ending).content.decode()
    with on(last):
        assert row.number in clerk.get(ending).content.decode()
        assert "证书有效期将满" in clerk.get("/").content.decode()
        assert "到期换发" in clerk.get(one).content.decode() and "将于" in holder.get(one).content.decode()
        assert "即将到期" in holder.get("/people/me/").content.decode()
        assert "有效（联网核对" in Client().get(check).content.decode()
    with on(last + dt.timedelta(days=1)):
        for reader in (clerk, holder):
            assert "已过期" in reader.get(one).content.decode()
        told = Client().get(check).content.decode()
        assert "有效期至 " + last.isoformat() + "，已过期" in told and "有效（联网" not in told
        assert row.number not in clerk.get(ending).content.decode()
        assert "证书不是有效状态" in holder.get("/credentials/").content.decode()
        # Renewed: another number, a period of its own, one chain; the old one answers as before.
        clerk.post(f"{one}reissue/", {"reason": "renewal"})
        asked = clerk.get(one).content.decode()
        assert "等签发人审核" in asked and "reissue/" not in asked
        case = Case.objects.get(kind="certificates.reissue")
        review.decide(
            case_id=case.pk,
            step=case.step,
            outcome="approve",
            actor=stage.signer,
            version=case.row_version,
        )
        made = replacing.carry_out(row.pk)
        new = Certificate.objects.get(pk=made)
        assert new.replaces_id == row.pk and new.issued_on == last + dt.timedelta(days=1)
        assert new.expires_on and new.expires_on > last
        again = reverse("verification:code", args=[Attestation.objects.get(pk=made).code])
        assert "有效（联网核对" in Client().get(again).content.decode()
        assert "有效（联网" not in Client().get(check).content.decode()
        assert new.number in holder.get(one).content.decode()


def test_a_rule_of_numbers_begins_on_a_day_and_ends_the_one_before(system: Client) -> None:
    page = f"{TERMS}rule/"
    assert 'value="HG"' in system.get(f"{page}?family=completion").content.decode()
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    asked = {
        "family": "completion",
        "region_code": "",
        "name": "培训合格证书序列号",
        "valid_from": tomorrow.isoformat(),
        "document_no": "示例文件",
        **{"take_1": "text", "with_1": "PX", "take_2": "institution", "with_2": "6"},
        **{"take_3": "year", "with_3": "4", "take_4": "serial", "with_4": "5"},
    }
    shown = system.post(page, {**asked, "show": ""}).content.decode()
    assert (
        f"PX000123{tomorrow.year}00001" in shown
        and NumberRule.objects.filter(family="completion").count() == 1
    )
    for wrong in (
        {"take_4": "", "with_4": ""},  # no serial
        {"with_3": "3"},  # no year has three digits
        {"take_2": ""},  # two bodies would share their numbers
        {"valid_from": timezone.localdate().isoformat()},
        {"region_code": "990000"},
    ):
        assert system.post(page, {**asked, "keep": "", **wrong}).status_code == 422
    assert system.post(page, {**asked, "keep": ""}).status_code == 302
    old, new = NumberRule.objects.filter(family="completion").order_by("valid_from")
    assert (old.valid_to, new.valid_from, new.valid_to) == (timezone.localdate(), tomorrow, None)
    assert system.post(page, {**asked, "keep": ""}).status_code == 422, "it would overlap"
    assert rules.rule_for("completion", "653101", tomorrow) == new
    assert Action.objects.filter(code="issuance.rule", subject_id=str(new.pk)).exists()
    seen = system.get(TERMS).content.decode()
    assert "“PX”＋机构序号（6 位）＋年份（4 位）＋流水号（5 位）" in seen and "未生效" in seen
