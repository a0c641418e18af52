"""How each address of the program is asked in the matrix: about what, with which body, and what answers a success.

Whether a role may is never said here: that is worked out from `matrix.toml`. An address without an entry fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from certificates.evaluations.models import Exam
from certificates.issuance.models import Order, SigningKey
from registry.accounts.demo import demo_id_number
from registry.accounts.models import Membership, Role, User
from registry.apikeys.models import ApiKey
from registry.intake.models import Batch
from registry.review.models import Case
from registry.rights.models import Correction

Ask = Callable[[Any], Any]


@dataclass(frozen=True)
class Page:
    """`thing`: what the address names, of each place in both states; empty: it is about the reader's own reach.

    `get` and `post` are what answers who may, about a thing in reach and in the right state; `wrong` answers a post
    about it in the wrong state. `fact` reads from the database what a post that succeeds changes, and no other may.
    `beyond` narrows: a role that the matrix lets reach the thing, and the page does not (404).
    """

    thing: str = ""
    args: Ask = lambda thing: [thing.pk]
    body: Ask = lambda thing: {}
    get: int = 200
    post: int = 302
    wrong: int | None = None
    wrong_get: int | None = None
    fact: Ask | None = None
    also: str = ""
    beyond: Callable[[str, str], bool] = lambda role, place: False
    narrower: Callable[[str, str, str], int | None] = lambda role, place, method: None
    own: bool = False
    json: bool = False
    query: str = ""


def _fixed(*args: Any) -> Ask:
    return lambda thing: list(args)


def _reason(thing: Any) -> dict[str, Any]:
    return {"reason": "测试"}


def _batch_state(batch: Batch) -> Any:
    found = Batch.objects.select_related("progress").get(pk=batch.pk)
    return found.state, found.progress.cancel_asked


def _faulty_row(batch: Batch) -> int:
    found = batch.issues.filter(severity="error").first()
    return found.row if found else 2


def _decision(case: Case) -> dict[str, Any]:
    return {"step": case.step, "version": case.row_version, "outcome": "approve", "reason": ""}


def _case_state(case: Case) -> Any:
    return Case.objects.values_list("state", flat=True).get(pk=case.pk)


def _order_state(order: Order) -> Any:
    return Order.objects.values_list("state", flat=True).get(pk=order.pk)


def _cases_about(key: SigningKey) -> Any:
    return Case.objects.filter(subject_type="signing_key", subject_id=str(key.pk)).count()


def _own_export(role: str, place: str) -> bool:
    """An export is its asker's; only who sees the whole register sees those of others."""
    return place != "own" and role != Role.AUD


def _not_asker(role: str, place: str) -> bool:
    return place != "own"


def _open_class(role: str, place: str, method: str) -> int | None:
    """A clerk sees numbers of people in a class that runs, and the one asked about has finished."""
    return 403 if role == Role.PC and place == "own" else None


def _another_kind(refused: int) -> Callable[[str, str, str], int | None]:
    """Who examines hands in sheets, and the ones asked about are those of classes and ledgers."""
    return lambda role, place, method: refused if method != "GET" and role in (Role.EB, Role.ES) else None


def _another_sheet(role: str, place: str, method: str) -> int | None:
    """The same of a batch that is there: it is found first where it is one's own institution's."""
    return 403 if method != "GET" and role in (Role.EB, Role.ES) and place == "own" else None


def _no_api_for_the_public(role: str, place: str, method: str) -> int | None:
    """Whoever is not signed in checks on the page, which asks for a small computation after misses."""
    return 401 if role == Role.PUB else None


def _home(role: str, place: str, method: str) -> int | None:
    """A trainee's first screen is their own account."""
    return 302 if role == Role.TRN else None


SOMETHING = {"anything": "x"}

BATCH = Page("batch", narrower=_another_sheet)
ACCOUNT = Page("account")
PERSON = Page("person")
OWN = Page(get=200, post=200)
#: There is no such row: whoever may is told so.
NOWHERE = Page(args=_fixed(999_999), get=404, post=404)
NOWHERE_UUID = Page(args=_fixed(UUID(int=1)), get=404, post=404)

PAGES: dict[str, Page] = {
    "home": Page(narrower=_home),
    # accounts: of oneself
    **dict.fromkeys(("accounts:confirm", "accounts:password", "accounts:sessions"), OWN),
    "accounts:end-session": Page(),
    "accounts:second-factor": Page(),
    "accounts:second-factor-app": OWN,
    "accounts:second-factor-passkey": OWN,
    "accounts:second-factor-remove": Page(args=_fixed(1)),
    "accounts:recovery-codes": Page(post=200),
    # intake
    "intake:list": Page(),
    "intake:new": Page(
        narrower=_another_kind(422),
        body=lambda thing: {"kind": "ledger", "file": SimpleUploadedFile("空.csv", b"x")},
        post=302,
    ),
    "intake:template": Page(args=_fixed("roster")),
    "intake:detail": BATCH,
    "intake:progress": Page("batch", get=302),
    "intake:commit": Page("batch", narrower=_another_sheet, fact=_batch_state),
    "intake:correct": Page(
        "batch",
        narrower=_another_sheet,
        args=lambda batch: [batch.pk, _faulty_row(batch)],
        body=lambda thing: SOMETHING,
        post=422,
        wrong=302,
        wrong_get=302,
    ),
    "intake:recheck": Page("batch", narrower=_another_sheet),
    "intake:cancel": Page("batch", narrower=_another_sheet, fact=_batch_state),
    "intake:resume": Page("batch", narrower=_another_sheet),
    "intake:errors": BATCH,
    "api:hand_in": Page(
        narrower=_another_kind(403),
        body=lambda thing: {"kind": "ledger", "file": SimpleUploadedFile("空.csv", b"x")},
        post=202,
    ),
    "api:read": BATCH,
    "api:commit": Page(
        "batch",
        narrower=_another_sheet,
        body=lambda batch: {"valid_rows_only": True},
        post=202,
        wrong=422,
        json=True,
        fact=_batch_state,
    ),
    "api:cancel": Page("batch", narrower=_another_sheet, post=202, wrong=422, fact=_batch_state),
    "api:known": Page(),
    # people
    "people:list": Page(body=lambda thing: {"q": "110101199003070011"}),
    "people:me": Page(own=True),
    "people:my_readers": Page(own=True),
    "people:matches": Page(),
    "people:detail": PERSON,
    "people:readers": PERSON,
    "people:reveal": Page("person", post=400, narrower=_open_class),
    "door:level": Page(),
    "door:watch": Page(),
    "door:verify": Page("person", body=lambda person: {"seen": "on", "phone": ""}),
    # rights
    "rights:home": Page(),
    "rights:corrections": Page(),
    "rights:ask": Page(own=True, body=lambda thing: SOMETHING, post=422),
    "rights:ask-for": Page("person", body=lambda thing: SOMETHING, post=422),
    "rights:correction": Page("correction"),
    "rights:answer": Page(
        "correction",
        body=lambda case: {"outcome": "refuse", "text": "已核对，登记无误"},
        wrong=409,
        fact=lambda case: Correction.objects.values_list("state", flat=True).get(pk=case.pk),
    ),
    "rights:withdraw": Page(
        "correction", fact=lambda case: Correction.objects.values_list("state", flat=True).get(pk=case.pk)
    ),
    # credentials
    "credentials:home": Page(),
    "api:certificate_issue": Page(
        body=lambda thing: {"exam": "20260101-01", "issued_on": "2026-01-01"}, post=422, json=True
    ),
    "api:certificate_order": Page(args=_fixed(UUID(int=1)), get=404),
    "api:certificate_order_lines": Page(args=_fixed(UUID(int=1)), get=404),
    "api:certificate_status": Page(
        body=lambda thing: {"code": "0" * 16}, post=200, json=True, narrower=_no_api_for_the_public
    ),
    "api:certificate_verify": Page(
        body=lambda thing: {"envelope": "AA"}, post=200, json=True, narrower=_no_api_for_the_public
    ),
    "api:certificate_changes": Page(),
    "credentials:ask": Page(args=_fixed(999_999, "vc"), post=404),
    "credentials:fetch": Page(args=_fixed(UUID(int=1)), get=404),
    "credentials:make_transcript": Page(own=True),
    "credentials:fetch_transcript": Page(args=_fixed(UUID(int=1), "pdf"), get=404),
    "credentials:withdraw_transcript": Page(args=_fixed(UUID(int=1)), post=404),
    # exports
    "exports:list": Page(),
    "exports:alerts": Page(),
    "exports:new": Page(args=_fixed("enrolments"), post=400),
    "exports:detail": Page("export", beyond=_own_export),
    "exports:progress": Page("export", beyond=_own_export),
    "exports:download": Page("export", beyond=_not_asker),
    # staffing
    "staffing:list": Page(),
    "staffing:roles": Page(),
    "staffing:switch": Page(post=404),
    "staffing:new": Page(body=lambda thing: SOMETHING, post=422),
    "staffing:detail": ACCOUNT,
    "staffing:holder": Page(
        "bare",
        body=lambda user: {"id_number": demo_id_number(3)},
        wrong=422,
        fact=lambda user: User.objects.values_list("holder_id", flat=True).get(pk=user.pk),
    ),
    "staffing:close": Page(
        "account",
        body=_reason,
        fact=lambda user: User.objects.values_list("is_active", flat=True).get(pk=user.pk),
    ),
    "staffing:reset": Page(
        "account",
        body=_reason,
        post=200,
        wrong=422,
        fact=lambda user: User.objects.values_list("password", flat=True).get(pk=user.pk),
    ),
    "staffing:reset-factor": Page("account", body=_reason, wrong=422),
    "staffing:grant": Page("account", body=lambda thing: SOMETHING, post=422),
    "staffing:end": Page(
        "membership",
        body=_reason,
        fact=lambda given: Membership.objects.values_list("valid_to", flat=True).get(pk=given.pk),
    ),
    # review: besides the page's own action, that of the step at which the matter stands
    "review:list": Page(),
    "review:detail": Page("matter", also="role.agree"),
    "review:decide": Page("matter", body=_decision, also="role.agree", wrong=409, fact=_case_state),
    "review:withdraw": Page(
        "matter", body=lambda case: {"version": case.row_version}, also="role.agree", post=403, wrong=403
    ),
    "api:queue": Page(),
    "api:decide": Page(
        "matter", body=_decision, also="role.agree", post=200, wrong=409, json=True, fact=_case_state
    ),
    "review:ask": Page(args=_fixed("keys-rotate"), body=lambda thing: SOMETHING, post=422),
    # keys of systems
    "apikeys:list": Page(),
    "apikeys:issue": Page(body=lambda thing: SOMETHING, post=200),
    "apikeys:revoke": Page(
        "key",
        args=lambda key: [key.kid],
        body=_reason,
        fact=lambda key: ApiKey.objects.values_list("revoked_at", flat=True).get(pk=key.pk),
    ),
    # the auditor's
    "inspection:home": Page(),
    "inspection:acts": Page(),
    "inspection:export": Page(),
    "inspection:script": Page(),
    "inspection:start": Page(),
    "inspection:check": NOWHERE,
    # rights: texts, copies and erasures have no rows here, so only who gets in is tried; their reach has its own tests
    "rights:consents": Page(body=lambda thing: SOMETHING, post=200),
    "rights:give": NOWHERE,
    "rights:withdraw-consent": NOWHERE,
    "rights:copy": Page(own=True),
    "rights:fetch-copy": Page(args=_fixed(UUID(int=1), "json"), get=404),
    "rights:kept": Page(own=True),
    "rights:erase": Page(own=True),
    "rights:take-back": NOWHERE,
    "rights:erasures": Page(),
    "rights:propose": NOWHERE,
    "rights:refuse": Page(args=_fixed(999_999), post=302),
    "rights:hold": NOWHERE,
    "rights:certificate": NOWHERE,
    # what was taught and attested
    "institutions:list": Page(),
    "institutions:detail": Page("institution"),
    "classes:list": Page(),
    "classes:detail": Page("klass"),
    "enrolments:list": Page(),
    "enrolments:detail": Page("enrolment"),
    "enrolments:cells": Page("enrolment"),
    "enrolments:result_cells": Page("enrolment", get=404),
    "enrolments:receipt": Page("enrolment"),
    "enrolments:certificates": Page("klass"),
    "enrolments:certificates_new": Page("klass", body=lambda thing: SOMETHING, post=422),
    "enrolments:receipt_file": Page("enrolment", get=404),
    "certificates:list": Page(),
    "certificates:detail": Page("certificate"),
    "certificates:suspend": Page("certificate", body=lambda row: {"reason": "suspected"}),
    "certificates:restore": Page("certificate", body=lambda row: {"reason": "cleared"}, post=422),
    "certificates:revoke": Page("certificate", body=lambda row: {"reason": "fraud"}),
    "certificates:reissue": Page("certificate", body=lambda row: {"reason": "correction"}, post=422),
    "certificates:confirm": Page("certificate"),
    "certificates:reported": Page(),
    "certificates:recoveries": Page(),
    "certificates:measures": Page(),
    "certificates:measure-new": Page(
        args=_fixed("revoke"), body=lambda thing: {"lines": "S1 fraud"}, post=302
    ),
    "certificates:measure-template": Page(args=_fixed("revoke")),
    "certificates:measure": Page(args=_fixed(UUID(int=1)), get=404),
    "certificates:measure-progress": Page(args=_fixed(UUID(int=1)), get=404),
    "certificates:measure-submit": Page(args=_fixed(UUID(int=1)), post=404),
    "certificates:measure-drop": Page(args=_fixed(UUID(int=1)), post=404),
    "certificates:orders": Page(),
    "certificates:order-new": Page(body=lambda thing: SOMETHING, post=422),
    "certificates:order": Page("order"),
    "certificates:order-progress": Page("order"),
    "certificates:order-submit": Page("order"),
    "certificates:order-cancel": Page("order", fact=_order_state),
    "certificates:keys": Page(),
    "certificates:key-publish": Page(body=lambda thing: {"year": "2000"}),
    "certificates:key-progress": Page(get=302),
    "certificates:key-resign": Page("signing_key"),
    "certificates:key-report": Page("signing_key", body=_reason, fact=_cases_about),
    "certificates:receipt": Page("certificate"),
    "certificates:receipt_file": Page("certificate", get=404),
    # checking: open to everybody, and nobody is asked who they are
    "verification:home": Page(body=lambda thing: {"what": "NO1", "name": "无名"}, post=200),
    "verification:answer": Page(body=lambda thing: {"number": "NO1", "name": "无名"}, post=200),
    "verification:match": Page(body=lambda thing: SOMETHING, post=410),
    "verification:offline": Page(),
    "verification:worker": Page(),
    "verification:list": Page(post=422),
    "verification:shared": Page(args=_fixed("x"), get=404),
    "verification:mine": Page(body=lambda thing: SOMETHING, post=422),
    "verification:visits": NOWHERE,
    "verification:end": NOWHERE,
    "verification:code": Page(args=_fixed("0000000000000000")),
    "verification:code_json": Page(args=_fixed("0000000000000000")),
    # printing: what is reported and not ours has no page, and no order was issued here; its own tests go further
    "printing:list": Page(),
    "printing:new": NOWHERE_UUID,
    "printing:detail": NOWHERE_UUID,
    "printing:progress": Page(args=_fixed(UUID(int=1)), get=302),
    "printing:download": NOWHERE_UUID,
    "printing:copies": NOWHERE,
    "printing:paper": Page(),
    "printing:paper-new": Page(body=lambda thing: SOMETHING, post=422),
    "printing:paper-fate": Page(body=lambda thing: SOMETHING, post=422),
    "printing:paper-count": Page(body=lambda thing: SOMETHING, post=422),
    "printing:paper-destroy": Page(post=302),
    "printing:paper-destruction": Page(args=_fixed(UUID(int=1)), get=404),
    "printing:paper-close": Page(args=_fixed(UUID(int=1)), post=404),
    "printing:paper-request": Page(args=_fixed(UUID(int=1)), get=404),
    "printing:paper-send": Page(args=_fixed(UUID(int=1)), post=404),
    "printing:paper-receive": Page(args=_fixed(UUID(int=1)), post=404),
    "printing:one": NOWHERE,
    "printing:note": NOWHERE,
    "certificates:terms": Page(body=lambda thing: SOMETHING, post=422),
    "certificates:rule-new": Page(body=lambda thing: SOMETHING, post=422),
    "printing:layouts": Page(),
    "printing:layout": Page(args=_fixed("skill_level"), get=404, post=404),
    "printing:sample": Page(args=_fixed("skill_level"), get=404),
    # evaluations: a draft that may be published, and one that was cancelled
    "evaluations:list": Page(),
    "evaluations:new": Page(body=lambda thing: SOMETHING, post=422),
    "evaluations:assessors": Page(body=lambda thing: SOMETHING, post=422),
    "evaluations:assessor": Page("assessor", body=lambda thing: SOMETHING, post=422),
    "evaluations:detail": Page("exam"),
    "evaluations:candidates": Page("exam"),
    "evaluations:move": Page(
        "exam",
        body=lambda thing: {"verb": "publish"},
        fact=lambda exam: Exam.objects.values_list("state", flat=True).get(pk=exam.pk),
    ),
    "evaluations:lock": Page("exam"),
    "evaluations:duties": Page("exam"),
    "evaluations:scores": Page("exam", get=302),
    "evaluations:candidate": NOWHERE,
    "evaluations:papers": NOWHERE,
    "evaluations:photo": NOWHERE,
    "evaluations:withdraw": NOWHERE,
    "evaluations:change": NOWHERE,
    # targets: no plan is loaded here, and what a board shows of whom is tried with its own numbers
    "targets:board": Page(),
    "targets:all": Page(),
    "targets:plan": Page(args=_fixed("XJ")),
    "targets:rows": Page(args=_fixed("XJ"), get=404),
    "targets:workbook": Page(args=_fixed("XJ"), get=404),
}
