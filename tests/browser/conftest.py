"""Pages in a real browser: a house with people in it, a sign-in, and an ear for what the browser says."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from registry.accounts.models import Role, User
from registry.intake import services as intake
from registry.intake.models import Batch
from registry.people.models import Person
from tests import world
from tests.registry.places import make_user
from tests.signing import sign_in

DATA = Path(__file__).resolve().parents[1] / "data"
DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
BOTH = (DESKTOP, PHONE)  # ends as it began for who came by phone

# How long to wait for what a page is to show; a busy machine may take much longer than it ought to.
expect.set_options(timeout=30_000)

AXE = Axe().axe_script

# Told to us by the page itself: the console repeats only some of them.
LISTEN = """
window.__reports = [];
document.addEventListener("securitypolicyviolation", (e) => {
  window.__reports.push(`${e.violatedDirective} ${e.blockedURI}`);
});
"""


@dataclass(frozen=True)
class House:
    """A registry with a ledger on record and another one waiting to be reviewed."""

    world: world.World
    users: dict[str, User]
    done: Batch
    waiting: Batch
    person: Person


@pytest.fixture(scope="module")
def origin(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The address of the site. The server and its data live as long as a file of tests: filling takes seconds."""
    with django_db_blocker.unblock():
        server = LiveServer("localhost")
        try:
            yield server.url
        finally:
            server.stop()
            call_command("flush", interactive=False, inhibit_post_migrate=True, verbosity=0)
            # Beside the browser's loop this thread has a connection of its own, which nobody else closes.
            connections.close_all()


@pytest.fixture(scope="module")
def house(origin: str) -> House:
    made = world.build()
    users = {"RG": made.clerk, "C1": _user("c1", Role.C1, region_id="653101")}
    users["PC"] = _user("pc", Role.PC, institution_id=made.school.pk)
    users["AUD"], users["TRN"] = _user("aud", Role.AUD), _user("trn", Role.TRN)
    done = _handed_in(made, "ledger_level_unknown.xlsx")
    done = intake.load(done.pk, valid_rows_only=True)
    waiting = intake.check(_handed_in(made, "ledger_number_invalid.xlsx").pk)
    person = Person.objects.filter(enrolments__batch_id=done.pk).earliest("enrolments__row_no")
    person.user = users["TRN"]
    person.save(update_fields=["user"])
    return House(made, users, done, waiting, person)


def _user(name: str, role: Role, **place: Any) -> User:
    user = make_user(name, role, **place)
    user.display_name = f"{name} 经办"
    user.save(update_fields=["display_name"])
    return user


def _handed_in(made: world.World, name: str) -> Batch:
    file = io.BytesIO((DATA / name).read_bytes())
    batch, _new = intake.receive(kind="ledger", file=file, name=name, actor=made.clerk, options={})
    return batch


@dataclass
class Visitor:
    """Somebody at a browser, who remembers everything that went wrong while looking."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)

    def look(self, path: str, *sizes: dict[str, int], status: int = 200) -> None:
        """Open a page: no complaint of the browser, no sideways scrolling, nothing that axe objects to."""
        before = len(self.faults)
        answer = self.page.goto(self.origin + path)
        assert answer is not None
        # Parts that a page fetches by itself are part of it.
        expect(self.page.locator("[hx-trigger=load]")).to_have_count(0)
        if answer.status != status:
            self.faults.append(f"{path}: {answer.status}")
        self.judge(path, *sizes)
        if status >= 400:
            # The browser itself reports the status of an error page in its console.
            self.faults[before:] = [
                each for each in self.faults[before:] if f"status of {status}" not in each
            ]

    def judge(self, path: str, *sizes: dict[str, int]) -> None:
        """Of the page as it stands; with `sizes`, once in a window of each, the last of which it keeps."""
        for size in sizes:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self._judge(f"{path} {size['width']}")
        if not sizes:
            self._judge(path)

    def _judge(self, path: str) -> None:
        # After a click the new document may be there before anything is in it.
        self.page.wait_for_load_state()
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            self.faults.append(f"{path}: {wide} px too wide")
        self.faults += [f"{path}: {report}" for report in self.page.evaluate("window.__reports")]
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run({resultTypes: ['violations']}).then((all) => all.violations)")
        self.faults += [f"{path}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in found]


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, browser_context_args: dict[str, Any], origin: str) -> Iterator[Visit]:
    """`visit(user, PHONE, dark=True)` → a visitor who is signed in."""
    contexts: list[BrowserContext] = []

    def enter(user: User | None, size: dict[str, int] = DESKTOP, *, dark: bool = False) -> Visitor:
        context = browser.new_context(
            **{**browser_context_args, "viewport": size, "color_scheme": "dark" if dark else "light"}
        )
        contexts.append(context)
        context.add_init_script(LISTEN)
        if user is not None:
            context.add_cookies([_session(user, origin)])
        visitor = Visitor(context.new_page(), origin)
        visitor.page.on("console", lambda m: m.type in ("error", "warning") and visitor.faults.append(m.text))
        visitor.page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        return visitor

    yield enter
    for context in contexts:
        context.close()


def beside(work: Callable[[], Any]) -> Any:
    """Do something outside of the test's own transaction and of the browser's loop, as another process would."""

    def alone() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(alone).result()


def _session(user: User, url: str) -> Any:
    client = Client()
    beside(lambda: sign_in(client, user))
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}
