"""A small world for tests of scope: two provinces, three counties, two schools."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from registry.accounts.models import Holder, Membership, Role, User
from registry.institutions.models import Institution
from registry.regions.models import Region
from registry.regions.services import rebuild_closure

SINCE, UNTIL = dt.date(2020, 1, 1), dt.date(2099, 12, 31)


@dataclass
class World:
    """Province > prefecture > county and its neighbour, one county elsewhere, and a school in each of two."""

    province: Region
    prefecture: Region
    county: Region
    neighbour: Region
    elsewhere: Region
    school: Institution
    school_next_door: Institution


def make_world() -> World:
    def region(code: str, name: str, level: int, parent: Region | None = None) -> Region:
        return Region.objects.create(code=code, name=name, full_name=name, level=level, parent=parent)

    province = region("650000", "新疆维吾尔自治区", 1)
    prefecture = region("653200", "和田地区", 2, province)
    county = region("653222", "墨玉县", 3, prefecture)
    neighbour = region("653223", "皮山县", 3, prefecture)
    other_province = region("620000", "甘肃省", 1)
    elsewhere = region("620102", "城关区", 3, other_province)
    rebuild_closure()
    return World(
        province,
        prefecture,
        county,
        neighbour,
        elsewhere,
        Institution.objects.create(name="墨玉县启航职业培训学校", region=county),
        Institution.objects.create(name="皮山县晨光职业培训学校", region=neighbour),
    )


def make_holder(name: str) -> Holder:
    """A natural person, the same for the same name."""
    return Holder.objects.get_or_create(person_index=sha256(name.encode()).digest())[0]


def make_user(username: str, role: Role | None = None, *, holder: Holder | None = None, **place: Any) -> User:
    """An account that nobody can sign in to, with one role if given; of a person of its own unless one is given."""
    user = User.objects.create(
        username=username,
        display_name=f"{username}姓名",
        password="!",
        holder=holder or make_holder(username),
    )
    if role is not None:
        Membership.objects.create(user=user, role=role, valid_from=SINCE, valid_to=UNTIL, **place)
    return user
