"""The vendored reference data, loaded once for a module of tests and rolled back after it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from registry.regions.queries import forget_names


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Divisions, occupations, levels and the example catalogue, for every test of the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("reference", "load", "--demo", stdout=io.StringIO())
        # What waits for the end of the transaction is looked at now, and not by every test anew: a test's own look is
        # undone with it.
        connection.check_constraints()
        yield
        transaction.set_rollback(True)
    forget_names()


@pytest.fixture
def reference(loaded: None, django_db_blocker: Any) -> Iterator[None]:
    """The same; what one test changes is undone before the next."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
    forget_names()
