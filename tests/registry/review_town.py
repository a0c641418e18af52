"""A county with its reviewers and a kind of matter, for tests of review."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from registry.accounts.models import Role, User
from registry.review import procedures, services
from registry.review.models import Case
from registry.review.services import Procedure, Step
from tests.registry.places import World, make_user, make_world

KIND = "test.matter"
STEPS = (Step("first", "claim.review_first"), Step("second", "claim.review_second"))


@dataclass
class Town:
    """`done` are the cases whose approval was carried out, `undone` those that were refused it."""

    world: World
    maker: User
    first: User
    second: User
    done: list[uuid.UUID] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    on_approved: Callable[[Case, User], None] | None = None

    def open(self, **given: Any) -> Case:
        """A matter about something new, in the county."""
        return services.open_case(
            **{
                "kind": KIND,
                "subject_type": "thing",
                "subject_id": uuid.uuid4(),
                "summary": "一批测试事项",
                "maker": self.maker,
                "region_code": self.world.county.code,
                **given,
            }
        )

    def procedure(self, steps: tuple[Step, ...] = STEPS, kind: str = KIND) -> Procedure:
        def approved(case: Case, actor: User) -> None:
            self.done.append(case.pk)
            if self.on_approved is not None:
                self.on_approved(case, actor)

        def refused(case: Case, actor: User) -> None:
            self.undone.append(case.state)

        return Procedure(kind, "测试事项", steps, approved, refused, effect="通过后记为完成")


def make_town() -> Town:
    """The maker works at the school, the reviewers in county and prefecture."""
    world = make_world()
    return Town(
        world,
        make_user("maker", Role.PP, institution=world.school),
        make_user("first", Role.C1, region=world.county),
        make_user("second", Role.C2, region=world.prefecture),
    )


@contextmanager
def registered(*known: Procedure) -> Iterator[None]:
    """These kinds exist meanwhile."""
    before = dict(procedures._known)
    for one in known:
        services.register(one)
    try:
        yield
    finally:
        procedures._known.clear()
        procedures._known.update(before)


def decide(case: Case, actor: User, outcome: str = "approve", **given: Any) -> Case:
    """By the case as this object shows it."""
    return services.decide(
        **{
            "case_id": case.pk,
            "step": case.step,
            "outcome": outcome,
            "actor": actor,
            "version": case.row_version,
            "reason": "" if outcome == "approve" else "材料不全",
            **given,
        }
    )
