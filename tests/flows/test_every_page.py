"""Every page that a link leads to, as every role: what somebody typed stays text, and no page breaks.

The headers of each answer, and that no number of a person stands on an error page, are looked at on the way by
`tests.sentinels`.
"""

from __future__ import annotations

from collections import Counter, deque
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import Resolver404, resolve

from registry.accounts.models import INSTITUTION_ROLES, REGION_ROLES, Role, User
from registry.institutions.models import Institution
from registry.intake import services as intake
from registry.people.models import Person
from tests import world
from tests.registry.places import make_user
from tests.sheets import cast, ledger_cases
from tests.signing import sign_in
from training.classes.models import TrainingClass

pytestmark = pytest.mark.django_db

MARK = "onmouseover=hurt"
HOSTILE = f"<img src=x {MARK}>'\"><svg/{MARK}>"
MOST = 80  # pages of one role; lists lead on for ever


class Links(HTMLParser):
    """The links of a page, and every attribute of every element that the browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _value in attrs}
        self.links += [value for name, value in attrs if name in ("href", "hx-get") and value]


def crawl(client: Client, start: str = "/") -> dict[str, str]:
    """Pages by address, as far as links lead; queries are followed once for each set of their names.

    Of a kind of page, which one view makes of many things, the first two: with a thing and with another.
    """
    pages: dict[str, str] = {}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    kinds: Counter[tuple[str, tuple[str, ...]]] = Counter()
    waiting = deque([start])
    while waiting and len(pages) < MOST:
        url = waiting.popleft()
        parts = urlsplit(url)
        names = tuple(sorted(pair.split("=")[0] for pair in parts.query.split("&")))
        if parts.netloc or (parts.path, names) in seen or parts.path.startswith("/static/"):
            continue
        seen.add((parts.path, names))
        kinds[kind := (_kind(parts.path), names)] += 1
        if kinds[kind] > 2:
            continue
        answer = client.get(url, follow=True)
        # A link that is shown may be followed, and what is not there says so. A number may be refused with a reason:
        # whether the person is in a running class is only looked at when it is asked for.
        refusable = (403,) if "/reveal/" in url else ()
        assert answer.status_code in (200, 404, *refusable), (url, answer.status_code)
        if answer.streaming or not answer["Content-Type"].startswith("text/html"):
            continue
        pages[url] = answer.content.decode()
        found = Links()
        found.feed(pages[url])
        assert "onmouseover" not in found.attributes, url
        waiting.extend(urljoin(parts.path, link).split("#")[0] for link in found.links)
    return pages


def _kind(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


@pytest.fixture
def town() -> dict[str, User]:
    """The contract's world with hostile texts wherever somebody can type them, and an account of every role."""
    made = world.build()
    Institution.objects.filter(pk=made.school.pk).update(name=HOSTILE)
    TrainingClass.objects.filter(number="KS-2026-02").update(number=HOSTILE[:40])
    entry = ledger_cases.Entry(cast.LINA, number=HOSTILE[:30], issued="x", certificate_number=HOSTILE[:20])
    for name in (f"{HOSTILE}.xlsx", "先前的.xlsx"):
        file = SimpleUploadedFile(name, ledger_cases.book([entry]))
        file.name = name
        batch, _new = intake.receive(kind="ledger", file=file, name=name, actor=made.clerk, options={})
        intake.check(batch.pk)
    Person.objects.update(name=HOSTILE)
    return {role: _user(role, made) for role in Role.values if role != Role.PUB}


def _user(role: str, made: world.World) -> User:
    place: dict[str, object] = {}
    if role in INSTITUTION_ROLES:
        place["institution"] = made.school
    elif role in REGION_ROLES:
        place["region"] = made.school.region
    user = make_user(f"crawler-{role}".lower(), Role(role), **place)
    user.display_name = HOSTILE[:100]
    user.save()
    if role == Role.TRN:
        person = Person.objects.filter(enrolments__isnull=False).earliest("id")
        person.user = user
        person.save()
    return user


def test_what_somebody_typed_stays_text_on_every_page_of_every_role(town: dict[str, User]) -> None:
    looked: dict[str, int] = {}
    shown = 0
    for role, user in town.items():
        client = Client()
        sign_in(client, user)
        pages = crawl(client)
        looked[role] = len(pages)
        shown += sum("&lt;img src=x" in page for page in pages.values())
        assert not [
            url for url, page in pages.items() if "<img src=x" in page or "49" in page.split("{{7*7}}")
        ]
    stranger = crawl(Client(), "/accounts/sign-in/")
    assert stranger
    assert looked["RG"] > 10 and looked["TRN"] >= 3, looked
    assert shown > 30, "the texts were to be seen, as text"
