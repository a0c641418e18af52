"""No page, file or answer of the API opens a number of a person or shows one, as any role; revealing does, and only it.

What is looked at is read from the program itself (`registry.config.endpoints`), so a new page is looked at too.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from certificates.issuance.models import Certificate
from registry.accounts.models import INSTITUTION_ROLES, REGION_ROLES, Membership, Role, User
from registry.accounts.policy import PERMISSIONS
from registry.accounts.scopes import actor_for
from registry.audit.models import Action
from registry.config.endpoints import Endpoint, endpoints
from registry.exports import services as exports
from registry.exports import sources
from registry.identity import keyring as keys
from registry.identity.current import keyring
from registry.intake import services as intake
from registry.intake.models import Batch
from registry.people.models import BankAccount, Document, Person, Phone
from registry.review.models import Case
from registry.rights.models import Correction
from tests import world
from tests.registry.places import make_user
from tests.sheets import cast
from tests.sheets.cells import Sheet
from tests.sheets.roster_cases import HEAD, line
from tests.sheets.xlsx import xlsx
from tests.signing import sign_in
from training.targets.models import Plan

pytestmark = pytest.mark.django_db

SEALED = {Document: keys.IDNO, Phone: keys.PHONE, BankAccount: keys.BANK}
#: The sheet with its faults marked goes back, as it came, to whoever corrects it; that it went is recorded.
AS_IT_CAME = {"intake:errors"}
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
#: What stands for a parameter that `values` does not know: the page is asked all the same.
ANYTHING = {"int": 1, "uuid": UUID(int=0), "uuidstr": UUID(int=0)}


@pytest.fixture
def made() -> world.World:
    """The contract's world, with a roster under review whose rows have numbers right and wrong."""
    made = world.build()
    spoilt = cast.OUYANG.numbered(cast.wrong_check(cast.OUYANG.id_number))
    data = xlsx([Sheet("花名册", [HEAD, *map(line, [cast.CHEN, spoilt])])])
    batch, _new = intake.receive(
        kind="roster",
        file=SimpleUploadedFile("开班花名册.xlsx", data),
        name="开班花名册.xlsx",
        actor=made.clerk,
        options={"class": made.classes["KS-2026-01"].pk},
    )
    intake.check(batch.pk)
    return made


@pytest.fixture
def planted(made: world.World) -> set[str]:
    """Every number on record, and those of the sheet under review."""
    ring = keyring()
    found = {cast.CHEN.id_number, cast.CHEN.phone, cast.OUYANG.id_number, cast.OUYANG.phone}
    found.add(cast.wrong_check(cast.OUYANG.id_number))
    for model, purpose in SEALED.items():
        for row, sealed in model._default_manager.values_list("pk", "sealed"):
            found.add(ring.open_(bytes(sealed), purpose, row).decode())
    assert len(found) > 10
    return found - {""}


def user_of(role: str, made: world.World) -> User:
    place: dict[str, object] = {}
    if role in INSTITUTION_ROLES:
        place["institution"] = made.school
    elif role in REGION_ROLES:
        place["region_id"] = "650000"
    user = make_user(f"looker-{role}".lower(), Role(role), **place)
    if role == Role.TRN:
        person = Person.objects.filter(enrolments__isnull=False).earliest("id")
        person.user = user
        person.save()
    return user


def values(made: world.World, reader: User) -> dict[str, list[Any]]:
    """What stands in addresses in the place of each parameter."""
    person = Person.objects.filter(enrolments__klass__institution=made.school).earliest("id")
    export = exports.ask(
        actor=actor_for(reader),
        user=reader,
        source=sources.get("enrolments"),
        asked={},
        reason="report",
        purpose="核对导出页面",
    )
    exports.make(export.pk)
    return {
        "person_id": [person.pk],
        "enrolment_id": list(person.enrolments.values_list("pk", flat=True)),
        "batch_id": list(Batch.objects.values_list("pk", flat=True)),
        "row": [3],
        "kind": ["enrolments", "certificate-report-whole", "ledger", "roster"],
        "code": list(Plan.objects.values_list("code", flat=True)[:1]),
        "class_id": [klass.pk for klass in made.classes.values()][:2],
        "institution_id": [made.school.pk],
        "certificate_id": list(Certificate.objects.values_list("pk", flat=True)[:1]),
        "export_id": [export.pk],
        "case_id": [
            *Case.objects.values_list("pk", flat=True),
            *Correction.objects.values_list("pk", flat=True),
        ],
        "user_id": [reader.pk],
        "membership_id": [Membership.objects.get(user=reader).pk],
        "pk": [1],
        "place": ["0/000"],
    }


def addresses(endpoint: Endpoint, given: Mapping[str, list[Any]]) -> Iterator[str]:
    """The endpoint's address with each value in turn."""
    parts = PARAMETER.findall(endpoint.route)
    values = {name: given.get(name) or [ANYTHING.get(kind, "x")] for kind, name in parts}
    for n in range(max(map(len, values.values()), default=1)):
        yield PARAMETER.sub(
            lambda found, n=n: str(values[found[2]][n % len(values[found[2]])]), endpoint.route
        )


def text_of(answer: Any) -> str:
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if data[:2] != b"PK":
        return str(data.decode(errors="replace"))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return " ".join(book.read(name).decode(errors="replace") for name in book.namelist())


def test_only_revealing_opens_or_shows_a_number(
    made: world.World, planted: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    really = keys.Keyring.open_

    def watched(self: keys.Keyring, sealed: bytes, purpose: str, row: Any) -> bytes:
        opened.append(purpose)
        return really(self, sealed, purpose, row)

    readers = {role: user_of(role, made) for role in Role.values if role != Role.PUB}
    given = values(made, readers[Role.AUD])
    monkeypatch.setattr(keys.Keyring, "open_", watched)
    # The back office holds no people; its pages are followed by its own tests.
    asked = [each for each in endpoints() if each.source != "admin" and "GET" in each.actions]
    asked = [each for each in asked if "/admin/" not in each.route]
    looked: Counter[str] = Counter()
    leaks: list[str] = []
    for role, user in readers.items():
        client = sign_in(Client(), user)
        for endpoint in asked:
            action = endpoint.actions["GET"]
            if action and role not in PERMISSIONS[action].roles:
                continue  # each is asked, and what a refusal shows is looked at, by tests.flows.test_matrix
            for address in addresses(endpoint, given):
                opened.clear()
                answer = client.get(address)
                text = text_of(answer)
                looked[f"{role} {answer.status_code}"] += 1
                if opened_numbers := [purpose for purpose in opened if purpose in SEALED.values()]:
                    leaks.append(f"{role} {address} opened {opened_numbers}")
                if endpoint.name not in AS_IT_CAME and any(number in text for number in planted):
                    leaks.append(f"{role} {address} shows a number")
    assert leaks == []
    ok = sum(n for name, n in looked.items() if name.endswith(" 200"))
    assert ok > 200 and {name.split()[0] for name in looked} == set(readers), looked

    # The one road: seen by the same spy, and found by the same search.
    opened.clear()
    person = given["person_id"][0]
    form = {"field": f"id_number:{person}", "reason_code": "inspection", "note": "抽查证件与台账是否一致"}
    shown = text_of(sign_in(Client(), readers[Role.AUD]).post(f"/people/{person}/reveal/", form))
    assert opened == [keys.IDNO] and sum(number in shown for number in planted) == 1


def test_the_error_workbook_is_for_whoever_corrects_and_is_recorded(made: world.World) -> None:
    batch = Batch.objects.latest("created_at")
    address = f"/intake/{batch.pk}/errors.xlsx"
    assert sign_in(Client(), user_of(Role.AUD, made)).get(address).status_code == 403
    assert sign_in(Client(), made.clerk).get(address).status_code == 200
    taken = Action.objects.get(code="intake.errors_fetched")
    assert (taken.subject_id, taken.n, taken.actor_id) == (str(batch.pk), 2, made.clerk.pk)
