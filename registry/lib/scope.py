"""Whose eyes look and in which capacity: the part of the register that one reader may see.

Every function in a room's `queries.py` takes a Scope first, so that forgetting it is a type error. A Scope is
plain data and knows no database; `registry.accounts.scopes` builds it for a signed-in user and turns it into
a filter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Kind = Literal["none", "own", "institution", "region", "all"]


@dataclass(frozen=True, slots=True)
class Scope:
    """A reader's box. Make it with one of the constructors, which keep the fields in step with the kind.

    own: one person's records; institution: those that one institution keeps; region: a division and
    everything below it; all: the whole register; none: nothing, which is also what an unknown reader gets.
    ``assesses`` is set for who examines at an institution: its candidates are their business too.
    """

    kind: Kind
    person_id: UUID | None = None
    institution_id: int | None = None
    region_code: str | None = None
    assesses: bool = False

    def __post_init__(self) -> None:
        given = (self.person_id is not None, self.institution_id is not None, self.region_code is not None)
        wanted = (self.kind == "own", self.kind == "institution", self.kind == "region")
        if given != wanted or (self.assesses and self.kind != "institution"):
            raise ValueError(f"a scope of kind {self.kind!r} does not fit its fields")

    @classmethod
    def none(cls) -> Scope:
        """Sees nothing: the answer whenever we are not sure."""
        return cls("none")

    @classmethod
    def own(cls, person_id: UUID) -> Scope:
        """A trainee looking at their own record."""
        return cls("own", person_id=person_id)

    @classmethod
    def institution(cls, institution_id: int, *, assesses: bool = False) -> Scope:
        """Staff of one institution, of its training or of its assessment."""
        return cls("institution", institution_id=institution_id, assesses=assesses)

    @classmethod
    def region(cls, region_code: str) -> Scope:
        """Staff of a division: it and its subtree."""
        if not region_code:
            raise ValueError("a region scope needs a code")
        return cls("region", region_code=region_code)

    @classmethod
    def all(cls) -> Scope:
        """Auditors, and the program itself in commands and background work."""
        return cls("all")

    @property
    def sees_nothing(self) -> bool:
        """True for the empty box."""
        return self.kind == "none"

    @property
    def sees_everything(self) -> bool:
        """True for the whole register."""
        return self.kind == "all"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in account in the one capacity in which it acts now; `request.actor` is one.

    `role` is a code of the permission matrix, empty for somebody without a valid role, who can then do
    nothing. `membership_id` is the row by which the role is held. `confirmed_at` is when the holder last proved who
    they are in this session, in seconds since 1970; `assurance` is how sure a trainee's sign-in is: 1 a code to the
    phone on record, 2 an identity proved in person or by the state's own sign-in. `choices` is how many roles they
    could act in. `only` names the actions that an API key leaves of the role; None leaves all.
    """

    user_id: int | None = None
    name: str = ""
    role: str = ""
    role_name: str = ""
    place_name: str = ""
    scope: Scope = field(default_factory=Scope.none)
    membership_id: int | None = None
    confirmed_at: float = 0.0
    assurance: int = 0
    choices: int = 0
    only: frozenset[str] | None = None
