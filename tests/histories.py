"""Certificates whose states move at random, asked after on every channel, beside a plain model of what must be said.

    told = histories.run(count=500, rounds=6, seed=1)      # scripts/trials/histories; a small one in the suite
    assert told.good, told.wrong

A history is one certificate (and whatever comes in its place). In each round each takes a random step by the program's
own verbs, two persons included; days pass, so that some end. After each round every channel is asked about every
certificate and its answer compared with the model's. The model knows nothing of the program: four words and a day.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pypdfium2
import zxingcpp
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from certificates.issuance import answers, cose, measures, payload, replacing, status_publishing
from certificates.issuance.act_models import Measure
from certificates.issuance.models import Attestation, Certificate, StatusList
from certificates.issuance.term_models import Validity
from certificates.printing import cards, pdf, shipped
from certificates.verification import services as sharing
from registry.accounts.models import Role, User
from registry.accounts.scopes import account
from registry.audit.verify import verify
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.review import services as review
from registry.review.models import Case
from tests import certified
from tests.registry.places import make_user
from tests.signing import sign_in

MONTHS = 12  # how long a certificate of the family that ends holds, here
STEPS = ("suspend", "restore", "revoke", "replace", "rest")
WEIGHTS = (5, 4, 2, 2, 3)


@dataclass
class Shadow:
    """What must be said of one certificate."""

    id: int
    code: str
    number: str
    name: str
    share: str
    qr: str
    expires_on: dt.date | None
    state: str = "valid"
    successor: Shadow | None = None
    predecessor: Shadow | None = None

    def answer(self, day: dt.date) -> str:
        if self.state == "revoked":
            return "revoked"
        if self.state == "superseded" or (self.expires_on is not None and self.expires_on < day):
            return "ended"
        return self.state

    def whole_chain(self) -> Iterator[Shadow]:
        first = self
        while first.predecessor is not None:
            first = first.predecessor
        while first is not None:
            yield first
            first = first.successor  # type: ignore[assignment]


@dataclass
class Told:
    """How often each channel was asked, how often each answer came, and where one was wrong."""

    histories: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    valid_after_revocation: int = 0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return not self.wrong and not self.valid_after_revocation


@dataclass
class Stage:
    """Who acts, who is asked, and what day it is."""

    body: certified.Stage
    clerk: User  # C1, who asks
    second: User  # C2, who agrees
    reader: Client  # C1 at the pages and the API
    public: Client
    rng: random.Random
    day: dt.date
    told: Told = field(default_factory=Told)
    shadows: list[Shadow] = field(default_factory=list)


def run(*, count: int, rounds: int, seed: int, papers: int = 2) -> Told:
    """So many histories; of `papers` certificates the printed page is rendered and its code read each round."""
    began = time.monotonic()
    stage = _stage(count, seed)
    for number in range(rounds):
        with _on(stage.day):
            if number:
                for shadow in [one for one in stage.shadows if one.successor is None]:
                    _step(stage, shadow)
            status_publishing.publish_due()
            _compare(stage, papers)
        stage.day += dt.timedelta(days=stage.rng.randrange(0, 25))
    stage.told.wrong += [
        f"not as history says: {one}"
        for one in verify(Scope.all()).differences
        if one.table_name.startswith("issuance")
    ]
    stage.told.seconds = time.monotonic() - began
    return stage.told


@contextmanager
def _on(day: dt.date) -> Iterator[None]:
    """Days pass; hours and sessions do not."""
    with mock.patch.object(timezone, "localdate", lambda *given, **more: day):
        yield


def _stage(count: int, seed: int) -> Stage:
    rng, today = random.Random(seed), dt.date.today()
    built = certified.build(count - count // 2)
    Validity.objects.create(
        family="special", months=MONTHS, valid_from=dt.date(2019, 1, 1), document_no="示例"
    )
    ending = certified.issue(
        built.body,
        certified.people(count // 2),
        family="special",
        level=None,
        title="手工地毯",
        issued_on=today - dt.timedelta(days=330),
    )
    clerk = make_user("history-c1", Role.C1, region_id=certified.COUNTY)
    second = make_user("history-c2", Role.C2, region_id=f"{certified.COUNTY[:4]}00")
    stage = Stage(built, clerk, second, sign_in(Client(), clerk), Client(), rng, today)
    stage.told.histories = count
    for one in [*built.certificates, *ending]:
        _known(stage, one)
    return stage


def _known(stage: Stage, row: Certificate) -> Shadow:
    """A shadow of a certificate, with a link that its holder lends."""
    attestation = Attestation.objects.select_related("key").get(pk=row.pk)
    person = Person.objects.get(pk=row.person_id)
    shadow = Shadow(
        row.pk,
        attestation.code,
        row.number,
        person.name,
        sharing.share(row, actor=stage.clerk, days=30).token,
        cards.link(attestation),
        row.expires_on,
    )
    stage.shadows.append(shadow)
    return shadow


# --- steps -----------------------------------------------------------------------------------------------


def _step(stage: Stage, shadow: Shadow) -> None:
    """One random step; what the model forbids must be refused."""
    kind = stage.rng.choices(STEPS, WEIGHTS)[0]
    stage.told.steps[kind] += 1
    if kind == "rest":
        return
    if kind == "replace":
        _replace(stage, shadow)
        return
    allowed = {
        "suspend": shadow.state == "valid",
        "restore": shadow.state == "suspended",
        "revoke": shadow.state in ("valid", "suspended"),
    }[kind]
    reason = {"suspend": "suspected", "restore": "cleared", "revoke": "fraud"}[kind]
    try:
        made = measures.at_once(kind, [measures.Line(shadow.number, reason)], actor=_fresh(stage.clerk))
    except ValidationError:
        if allowed:
            stage.told.wrong.append(f"{kind} of {shadow.id} ({shadow.state}) was refused")
        return
    if not allowed:
        stage.told.wrong.append(f"{kind} of {shadow.id} ({shadow.state}) was taken")
    if made.state == Measure.State.WAITING:
        _agree(Case.objects.get(pk=made.case_id), stage.second)
    became = {"suspend": "suspended", "restore": "valid", "revoke": "revoked"}[kind]
    for one in shadow.whole_chain() if kind == "revoke" else [shadow]:
        one.state = became


def _replace(stage: Stage, shadow: Shadow) -> None:
    allowed = shadow.state in ("valid", "suspended")
    try:
        case = replacing.ask(shadow.id, reason="correction", actor=_fresh(stage.body.clerk))
    except ValidationError:
        if allowed:
            stage.told.wrong.append(f"replacing {shadow.id} ({shadow.state}) was refused")
        return
    if not allowed:
        stage.told.wrong.append(f"replacing {shadow.id} ({shadow.state}) was taken")
    _agree(case, stage.body.signer)
    made = replacing.carry_out(shadow.id)
    if made is None:
        stage.told.wrong.append(f"replacing {shadow.id} made nothing")
        return
    new = _known(stage, Certificate.objects.get(pk=made))
    shadow.state, shadow.successor, new.predecessor = "superseded", new, shadow


def _agree(case: Case, actor: User) -> None:
    review.decide(
        case_id=case.pk, step=case.step, outcome="approve", actor=_fresh(actor), version=case.row_version
    )


def _fresh(user: User) -> User:
    found = account(user.pk)
    assert found is not None
    return found


# --- channels ----------------------------------------------------------------------------------------------


def _compare(stage: Stage, papers: int) -> None:
    lists = _lists(stage)
    feed = _feed(stage)
    shown = set(stage.rng.sample(range(len(stage.shadows)), min(papers, len(stage.shadows))))
    for place, shadow in enumerate(stage.shadows):
        wanted = shadow.answer(stage.day)
        for channel, ask in CHANNELS.items():
            _note(stage, channel, shadow, wanted, ask(stage, shadow))
        revoked, suspended = _bits(lists, shadow)
        listed = "revoked" if revoked else "suspended" if suspended else "valid"
        by_list = {"superseded": "revoked"}.get(shadow.state, shadow.state)
        _note(stage, "status list", shadow, by_list, listed)
        _note(stage, "offline", shadow, _offline_wanted(shadow, stage.day), _offline(stage, shadow, lists))
        _note(stage, "changes", shadow, wanted, feed.get(shadow.number, "nothing"))
        if place in shown:
            _note(stage, "paper", shadow, wanted, _paper(stage, shadow))


def _note(stage: Stage, channel: str, shadow: Shadow, wanted: str, came: str) -> None:
    stage.told.asked[channel] += 1
    stage.told.answers[came] += 1
    if came != wanted:
        stage.told.wrong.append(f"{channel}: {shadow.id} {shadow.state}: came {came}, wanted {wanted}")
    if came == "valid" and shadow.state == "revoked":
        stage.told.valid_after_revocation += 1


def _verdict(answer: Any) -> str:
    """What a page says at its head, in the words themselves."""
    verdict = answer.context["verdict"]
    text = answer.content.decode()
    assert verdict.text in text, verdict.text
    for code, words in answers.WORDS.items():
        if code != answers.Answer.VALID and verdict.text == str(words):
            return str(code)
    return "valid" if verdict.text.startswith("有效（联网核对 ") else verdict.text


def _page(stage: Stage, shadow: Shadow) -> str:
    return _verdict(stage.public.get(f"/v/{shadow.code}"))


def _by_number(stage: Stage, shadow: Shadow) -> str:
    return _verdict(stage.public.post("/v/", {"what": shadow.number, "name": shadow.name}))


def _json(stage: Stage, shadow: Shadow) -> str:
    return str(stage.public.get(f"/v/{shadow.code}.json").json()["answer"])


def _share(stage: Stage, shadow: Shadow) -> str:
    return _verdict(stage.public.get(f"/v/s/{shadow.share}"))


def _api(stage: Stage, shadow: Shadow) -> str:
    given = {"number": shadow.number, "name": shadow.name}
    answer = stage.reader.post("/api/certificates/status", given, content_type="application/json")
    return str(answer.json().get("answer", answer.status_code))


def _api_envelope(stage: Stage, shadow: Shadow) -> str:
    answer = stage.reader.post(
        "/api/certificates/verify", {"envelope": shadow.qr}, content_type="application/json"
    )
    found = answer.json()
    assert found["signed"], found
    return str(found["answer"])


def _record(stage: Stage, shadow: Shadow) -> str:
    """The page of the record itself, which tells replaced from past."""
    words = stage.reader.get(f"/certificates/{shadow.id}/").context["told"].words
    return {"有效": "valid", "已撤销": "revoked", "暂停": "suspended", "已换发": "ended", "已过期": "ended"}[
        words
    ]


CHANNELS: dict[str, Callable[[Stage, Shadow], str]] = {
    "page": _page,
    "number and name": _by_number,
    "json": _json,
    "share": _share,
    "api": _api,
    "api with QR": _api_envelope,
    "record": _record,
}


def _lists(stage: Stage) -> dict[tuple[int, str], bytes]:
    """Every published list as anybody fetches it."""
    found = {}
    for pk in StatusList.objects.values_list("pk", flat=True):
        for purpose in status_publishing.PURPOSES:
            path = status_publishing.address(pk, purpose).removeprefix(settings.PUBLIC_URL)
            answer = stage.public.get(path)
            text = json.loads(answer.content)["credentialSubject"]["encodedList"]
            found[pk, purpose] = status_publishing.decode(text)
    return found


def _claims(shadow: Shadow) -> payload.Claims:
    return payload.read(cose.open_envelope(cose.of_fragment(shadow.qr.rpartition("#")[2])).payload)


def _bits(lists: dict[tuple[int, str], bytes], shadow: Shadow) -> tuple[bool, bool]:
    """The two bits that the QR itself points to."""
    claims = _claims(shadow)
    at, bit = divmod(claims.status_index, 8)
    revoked, suspended = (
        bool(lists[claims.status_list, purpose][at] & 0x80 >> bit) for purpose in status_publishing.PURPOSES
    )
    return revoked, suspended


def _offline(stage: Stage, shadow: Shadow, lists: dict[tuple[int, str], bytes]) -> str:
    """What somebody can tell without us, of the QR and the lists alone."""
    revoked, suspended = _bits(lists, shadow)
    expires_on = _claims(shadow).expires_on
    if revoked:
        return "revoked"
    if expires_on is not None and expires_on < stage.day:
        return "ended"
    return "suspended" if suspended else "signed"


def _offline_wanted(shadow: Shadow, day: dt.date) -> str:
    """Replaced and revoked are one without us, and nobody says valid."""
    if shadow.state in ("revoked", "superseded"):
        return "revoked"
    return {"valid": "signed"}.get(shadow.answer(day), shadow.answer(day))


def _feed(stage: Stage) -> dict[str, str]:
    """The last word on each certificate to somebody who follows changes from the beginning."""
    last: dict[str, str] = {}
    cursor = 0
    while True:
        page = stage.reader.get(f"/api/certificates/changes?after={cursor}&limit=500").json()
        for change in page["changes"]:
            last[change["certificate"]["number"]] = change["certificate"]["answer"]
        cursor = page["cursor"]
        if not page["more"]:
            return last


def _paper(stage: Stage, shadow: Shadow) -> str:
    """The printed page, photographed: what its code leads to."""
    attestation = Attestation.objects.select_related("key").get(pk=shadow.id)
    page = pdf.render([cards.card(attestation)], shipped.layout(attestation.family))
    document = pypdfium2.PdfDocument(page)
    picture = document[0].render(scale=200 / 72).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    document.close()
    path = code.text.removeprefix(settings.PUBLIC_URL).partition("#")[0]
    assert code.text == shadow.qr
    return _verdict(stage.public.get(path))
