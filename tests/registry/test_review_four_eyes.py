"""A small twin of scripts/trials/four_eyes: random sequences against a plain model, sixteen reviewers on one row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import four_eyes
from tests.four_eyes import Crowd, Sequence, Stage, Tally
from tests.registry.places import make_world


@pytest.fixture
def stage() -> Iterator[Stage]:
    world = make_world()
    made = Stage(world.county, world.prefecture)
    yield made
    made.leave()
    if not connection.in_atomic_block:
        made.sql(f"DROP TABLE {made.table}")


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), acts=st.integers(1, 12))
def test_whatever_is_tried_the_database_answers_as_the_model(stage: Stage, seed: int, acts: int) -> None:
    tally = Tally()
    with transaction.atomic():
        Sequence(stage, seed, tally).run(acts)
    assert tally.breaches == []
    assert tally.disagreements == []


@pytest.mark.django_db
def test_the_model_would_notice(stage: Stage) -> None:
    """With the comparison of persons taken out of the database and the program, breaches are found."""
    stage.sql(
        """CREATE OR REPLACE FUNCTION review_distinct(one uuid, others uuid[]) RETURNS boolean
           LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT true'"""
    )
    assert four_eyes.sequences(stage, range(30)).breaches


@pytest.mark.django_db(transaction=True)
def test_a_decision_that_is_killed_stands_as_a_whole_or_not_at_all(stage: Stage) -> None:
    found = four_eyes.kill(stage, 12)
    assert found.faults == []
    assert found.kills == 12


@pytest.mark.django_db(transaction=True)
def test_sixteen_reviewers_at_once_decide_each_step_once(stage: Stage) -> None:
    found = Crowd(stage).run(20)
    assert found.faults == []
    assert found.shown == []
    assert found.rounds == 20
    assert found.answers["edit refused"] > 0, "the row was tried while it was frozen"
    assert found.answers["AlreadyDecided"] > 100, "they were really at it together"
