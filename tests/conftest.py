"""What every test stands on: a PostgreSQL of the test run's own, and a browser where there is one.

With DATABASE_URL unset a server is started in a temporary folder and thrown away afterwards, so that two runs
at once never meet. JIANGCE_PG_BIN names the programs to use instead of the wheel's.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush as flushing
from django.db import connection, connections
from django.db.backends.postgresql.operations import DatabaseOperations

from registry.config import embedded
from registry.config.settings import database_from_url
from registry.intake import staging
from registry.regions import reference as divisions
from tests import blueprint, sentinels

CHROMIUM = Path(os.environ.get("JIANGCE_CHROMIUM", "/usr/bin/chromium"))
NO_CHROMIUM = f"NO BROWSER TESTS WERE RUN: there is no {CHROMIUM} (Debian: apt-get install chromium)"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
USES_DATABASE = {"db", "transactional_db", "live_server", "client", "admin_client", "django_db_setup"}
TEMPORARY = "jiangce-test-"

# Playwright runs its own event loop in this thread; Django would take every query for a mistake.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


# --- one server for the whole run ------------------------------------------------------------------


def _start_server() -> None:
    """Start a server in a temporary folder and let DATABASE_URL name it, for us and for whatever we start."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-", dir="/tmp"))
    folder.chmod(0o755)  # the server's own account must get in; the data below is private to it
    os.environ["DATABASE_URL"] = embedded.ensure_running(folder, durable=False).url
    os.environ["JIANGCE_TEST_SERVER"] = str(folder)
    connections["default"].settings_dict.update(database_from_url(os.environ["DATABASE_URL"]))


def _throw_away(folder: Path) -> None:
    home = Path(embedded.locate(folder).host).parent
    embedded.stop(folder)
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Throw away what killed test runs left behind."""
    for folder in Path("/tmp").glob(f"{TEMPORARY}*"):
        pid = folder.name.removeprefix(TEMPORARY).split("-")[0]
        if folder.stat().st_uid == os.geteuid() and pid.isdigit() and not Path("/proc", pid).exists():
            _throw_away(folder)


def pytest_configure(config: pytest.Config) -> None:
    """Under xdist the workers share the server of the process that starts them, and its migrated database."""
    starts_workers = bool(getattr(config.option, "tx", None)) and not hasattr(config, "workerinput")
    if starts_workers and not os.environ.get("DATABASE_URL"):
        _start_server()
        blueprint.begin(Path(os.environ["JIANGCE_TEST_SERVER"]))


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = os.environ.get("JIANGCE_TEST_SERVER")
    if folder and not hasattr(config, "workerinput"):
        blueprint.end()
        _throw_away(Path(folder))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Called before the first test that needs a database: without xdist the server starts only now."""
    if not os.environ.get("DATABASE_URL"):
        _start_server()
    elif hasattr(request.config, "workerinput") and (folder := os.environ.get("JIANGCE_TEST_SERVER")):
        connection.settings_dict["TEST"]["TEMPLATE"] = blueprint.wait(Path(folder))


@pytest.fixture
def database_url(transactional_db: None) -> str:
    """The address of this worker's test database, for programs that a test starts."""
    s = connection.settings_dict
    return embedded.Database(s["HOST"], int(s["PORT"]), s["NAME"], s["USER"]).url


# --- passwords -------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashing a password is slow on purpose, and how slow is not what tests look at."""
    with pytest.MonkeyPatch.context() as patch:
        for name, little in (("time_cost", 1), ("memory_cost", 64), ("parallelism", 1)):
            patch.setattr(Argon2PasswordHasher, name, little)
        yield


# --- what every world begins with -------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _divisions_read_once() -> Iterator[None]:
    """Seven thousand rows of files, the same for every world that is built."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(divisions, "rows", cache(divisions.rows))
        yield


# --- tables that refuse to be emptied --------------------------------------------------------------

_REFUSING_TRIGGERS = """
    SELECT tgrelid::regclass::text, quote_ident(tgname), tgenabled = 'A'
    FROM pg_trigger
    WHERE NOT tgisinternal AND (tgtype & 32) <> 0 AND tgenabled <> 'D'
"""


@pytest.fixture(scope="session", autouse=True)
def _flush_append_only_tables() -> Iterator[None]:
    """Between transactional tests Django empties every table; append-only ones must let it, and only it."""
    truncate = DatabaseOperations.execute_sql_flush

    def flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        with self.connection.cursor() as cursor:
            # A test may have worked as a role that may not do this.
            cursor.execute("RESET ROLE")
            cursor.execute(_REFUSING_TRIGGERS)
            triggers = cursor.fetchall()
        off = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name, _always in triggers]
        on = [
            f"ALTER TABLE {table} ENABLE {'ALWAYS ' if always else ''}TRIGGER {name}"
            for table, name, always in triggers
        ]
        # The queue's tables are not Django's, so it would leave them full.
        queue = ["TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers CASCADE"]
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT format('DROP TABLE %%I.%%I', schemaname, tablename) FROM pg_tables"
                " WHERE schemaname = %s AND tablename ~ '^b_'",
                [staging.SCHEMA],
            )
            # Tables of batches that are no more, in which the next test's people might seem to stand.
            staged = [statement for (statement,) in cursor.fetchall()]
        truncate(self, [*off, *sql_list, *queue, *staged, *on])

    def say_nothing(*args: Any, **options: Any) -> None:
        """Instead of writing down types of content and permissions anew: who asks for a type makes it."""
        ContentType.objects.clear_cache()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush)
        patch.setattr(flushing, "emit_post_migrate_signal", say_nothing)
        yield


# --- nobody's number where it has no business --------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        sentinels.watch_tables()


@pytest.fixture(scope="session")
def _ear() -> Iterator[sentinels.Ear]:
    with sentinels.listening() as ear:
        yield ear


@pytest.fixture(autouse=True)
def _nobody_is_named(_ear: sentinels.Ear) -> Iterator[None]:
    yield
    leaks, _ear.leaks = _ear.leaks, []
    assert not leaks, leaks


# --- browser ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if not CHROMIUM.exists():
        pytest.skip(NO_CHROMIUM)
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": CHROMIUM_ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Marks come before anybody chooses by them, our order after everybody else's."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & {"page", "browser", "origin"}:
            # With "origin", who only looks at what stands behind the pages: the site is there for the whole file.
            item.add_marker("browser")
        if "loaded" in fixtures and not item.get_closest_marker("django_db"):
            # Only marked tests make the test database come into being; without one these would use the real one.
            item.add_marker(pytest.mark.django_db)
        if fixtures & USES_DATABASE or item.get_closest_marker("django_db"):
            item.add_marker("database")
    yield
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """What needs no database comes first, while it is still being made, and what needs a browser last.

    The browser's event loop stays with its process until the end. Whatever ran after it would find a loop running
    and open database connections that nobody closes.
    """
    return 2 if item.get_closest_marker("browser") else int(bool(item.get_closest_marker("database")))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays until the end: looking through it for garbage again and again is a tenth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NO_CHROMIUM in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(NO_CHROMIUM, red=True, bold=True)
