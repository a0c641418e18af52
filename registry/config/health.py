"""Whether this installation can serve, for whoever watches it: three questions, answered without any detail.

live: this process answers. ready: it can do its work, so traffic may be sent to it. all: everything that keeps the
promises of the house is in order as well (a notary that keeps up, a queue that is emptied, room on the disk).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from registry.audit.queries import log_health
from registry.identity.current import keyring
from registry.identity.keyring import KeyringError

_WAITED_TOO_LONG = """
    SELECT count(*) FROM procrastinate_jobs
    WHERE status = 'todo' AND coalesce(scheduled_at, now()) < now() - make_interval(secs => %s)
"""
_brought_up_to_date = False


def database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def migrations_are_applied() -> bool:
    """Asked until it is so; a running process does not outlive a change back."""
    global _brought_up_to_date
    if not _brought_up_to_date:
        executor = MigrationExecutor(connection)
        _brought_up_to_date = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _brought_up_to_date


def keys_are_usable() -> bool:
    try:
        return bool(keyring().active_key)
    except KeyringError:
        return False


def queue_is_emptied() -> bool:
    """No task has waited longer than the time after which somebody should look."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITED_TOO_LONG, [settings.HEALTH_QUEUE_SECONDS])
        return int(cursor.fetchone()[0]) == 0


def log_is_signed() -> bool:
    """Nothing that was done waits for the signed log longer than is promised."""
    return log_health().healthy


def disk_has_room() -> bool:
    return shutil.disk_usage(settings.BASE_DIR).free >= settings.HEALTH_FREE_BYTES


def log_keeps_up() -> bool:
    """Nothing that happened has waited longer for its place in the signed log than is promised."""
    return log_health().healthy


Question = Callable[[], bool]

READY: Mapping[str, Question] = {
    "database": database_answers,
    "migrations": migrations_are_applied,
    "keys": keys_are_usable,
}
ALL: dict[str, Question] = {**READY, "queue": queue_is_emptied, "log": log_is_signed, "disk": disk_has_room}


def asked(questions: Mapping[str, Question]) -> dict[str, bool]:
    """The answer to each question; one that cannot be answered is answered with no."""
    answers: dict[str, bool] = {}
    for name, question in questions.items():
        try:
            answers[name] = question()
        except (DatabaseError, OSError):
            answers[name] = False
    return answers
