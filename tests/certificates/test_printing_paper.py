"""Blank paper from the requisition to the shredder, over HTTP; and two who want the same sheets."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from certificates.issuance.models import Order
from certificates.printing import defaults, paper_queries, supply
from certificates.printing.models import PrintCopy, PrintJob
from certificates.printing.paper_models import Destruction, PaperRequest, Sheet, Stocktaking
from registry.accounts.models import Role
from registry.lib.scope import Scope
from registry.review.models import Case
from tests import certified
from tests.registry.places import make_user
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

HOME = "/printing/paper/"


def agree(client: Client, kind: str, outcome: str = "approve") -> Any:
    case = Case.objects.filter(kind=kind, state=Case.State.OPEN).latest("opened_at")
    said = {"step": case.step, "version": case.row_version, "outcome": outcome, "reason": "不需要"}
    return client.post(f"/review/{case.pk}/decide/", said)


def states() -> dict[str, str]:
    return dict(Sheet.objects.order_by("id").values_list("serial", "state"))


def test_every_sheet_is_followed_from_the_requisition_to_the_shredder() -> None:
    defaults.load()
    stage = certified.build(3)
    order = Order.objects.get()
    clerk, signer = sign_in(Client(), stage.clerk), sign_in(Client(), stage.signer)
    county = sign_in(Client(), make_user("c1", Role.C1, region_id=certified.COUNTY))
    elsewhere = sign_in(Client(), make_user("eb2", Role.EB, institution=certified.body("疏勒胡杨评价站")))

    # Asked for, agreed to by another, sent, counted and taken into stock.
    wanted = {"family": "skill_level", "quantity": "6", "note": "三月批次"}
    assert clerk.post(f"{HOME}new/", wanted | {"quantity": "0"}).status_code == 422
    made = clerk.post(f"{HOME}new/", wanted)
    request = PaperRequest.objects.get()
    page = f"{HOME}{request.pk}/"
    assert made.url == page and "等待另一人审批" in clerk.get(page).content.decode()
    assert agree(clerk, supply.ASK).status_code == 403
    assert agree(signer, supply.ASK).status_code == 302
    sent = {"first": "kb0008", "count": "7"}
    assert "申领张数之间" in county.post(f"{page}send/", sent).content.decode()
    assert clerk.post(f"{page}send/", sent | {"count": "6"}).status_code == 403
    assert elsewhere.get(page).status_code == 404
    county.post(f"{page}send/", sent | {"count": "6"})
    assert set(states().values()) == {"sent"} and "KB0008 至 KB0013" in clerk.get(page).content.decode()
    # Not what was sent: sent anew, and then it is.
    clerk.post(f"{page}receive/", {"back": ""})
    assert not states() and PaperRequest.objects.get().state == "approved"
    signer.post(f"{page}send/", sent | {"count": "6"})
    clerk.post(f"{page}receive/")
    assert list(states().values()) == ["stock"] * 6
    listed = clerk.get(HOME).content.decode()
    assert "不足 50 张" in listed and "本季度未盘点" in listed
    assert "只剩 6 张" in clerk.get("/").content.decode()

    # Printing takes what lies on top and passes over what is damaged; paper of others serves nobody.
    fate = {"first": "KB0009", "count": "1", "reason": "damaged"}
    clerk.post(f"{HOME}fates/", fate)
    assert "没有登记" in clerk.post(f"{HOME}fates/", fate).content.decode()
    new = f"/printing/orders/{order.pk}/"
    assert 'value="KB0008"' in clerk.get(new).content.decode()
    assert "不在本机构" in clerk.post(new, {"first_stock": "XJ0001"}).content.decode()
    clerk.post(new, {"first_stock": "KB0008"})
    taken = list(PrintCopy.objects.order_by("place").values_list("stock", flat=True))
    assert taken == ["KB0008", "KB0010", "KB0011"]
    again = f"/printing/certificates/{stage.certificates[0].pk}/"
    assert "只有 2 张在库" in _error(stage, "KB0012", 3)
    copy = PrintCopy.objects.get(stock="KB0008")
    clerk.post(f"/printing/sheets/{copy.pk}/", {"state": "spoiled", "reason": "jam"})
    clerk.post(again, {"first_stock": "KB0012", "excess": "卡纸"})
    assert list(states().values()) == ["spoiled", "spoiled", "used", "used", "used", "stock"]
    (held,) = paper_queries.held(Scope.institution(stage.body.pk), timezone.localdate())
    # Actually printed: what was taken, without what was spoiled or taken back.
    assert (held.received, held.sheets["stock"], held.sheets["used"], held.wasted) == (6, 1, 3, 2)
    found = clerk.get(f"{HOME}?view=sheets&serial=kb0010").content.decode()
    assert "KB0010" in found and stage.certificates[1].number in found

    # Counted against the books; a difference is explained.
    short = {"family": "skill_level", "counted": "0", "spoiled": "2"}
    assert "账面空白 1 张" in clerk.post(f"{HOME}countings/", short).content.decode()
    clerk.post(f"{HOME}countings/", short | {"note": "少一张，正在查找"})
    assert Stocktaking.objects.get().difference == -1
    assert "本季度未盘点" not in clerk.get(HOME).content.decode()
    clerk.post(f"{HOME}fates/", {"first": "KB0013", "count": "1", "reason": "short"})

    # Destroyed by one, witnessed by whoever agreed; refused, the sheets wait for another list.
    clerk.post(f"{HOME}destructions/")
    agree(signer, supply.DESTROY, "refuse")
    assert Destruction.objects.get().state == "dropped"
    gone = clerk.post(f"{HOME}destructions/")
    assert agree(signer, supply.DESTROY).status_code == 302
    early = {"done_on": (timezone.localdate() - dt.timedelta(days=1)).isoformat()}
    assert clerk.post(f"{gone.url}close/", early).status_code == 422
    clerk.post(f"{gone.url}close/", {"done_on": timezone.localdate().isoformat()})
    closed = Destruction.objects.get(state="closed")
    assert (closed.total, closed.closed_by, closed.witness) == (2, stage.clerk, stage.signer)
    assert list(states().values()) == ["destroyed", "destroyed", "used", "used", "used", "lost"]
    for view in ("requests", "destructions", "countings", "sheets"):
        assert county.get(f"{HOME}?view={view}").status_code == 200
    assert "没有待销毁" in clerk.post(f"{HOME}destructions/", follow=True).content.decode()
    # No way back, whoever writes.
    for change in ({"state": "stock"}, {"serial": "KB9999"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Sheet.objects.filter(serial="KB0008").update(**change)
    assert PrintJob.objects.count() == 2


def _error(stage: certified.Stage, first: str, count: int) -> str:
    with pytest.raises(supply.NotAllowed) as caught, transaction.atomic():
        supply.take(stage.body.pk, "skill_level", first, count)
    return str(caught.value)
