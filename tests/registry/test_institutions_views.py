"""Pages of institutions: who may open them, what stands on them, and that the address holds the filter."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry.accounts.models import Role
from registry.institutions import services
from registry.institutions.models import Institution
from registry.occupations.models import Occupation, SkillLevel
from tests.registry.places import World, make_user, make_world
from tests.signing import sign_in


@pytest.fixture
def world(db: None) -> World:
    world = make_world()
    SkillLevel.objects.create(rank=4, code="3", name="三级/高级工", short_name="高级工")
    welder = Occupation.objects.create(edition="2022", code="6-18-02-04", name="焊工")
    today = timezone.localdate()
    services.file_scope(
        [
            services.NewFiling(world.school.pk, welder.pk, dt.date(2020, 1, 1), level=4),
            services.NewFiling(world.school.pk, welder.pk, dt.date(2019, 1, 1), dt.date(2019, 12, 31)),
            services.NewFiling(world.school.pk, welder.pk, today + dt.timedelta(days=1), purpose="assess"),
        ],
        actor=None,
    )
    services.add_aliases({"启航": world.school.pk}, actor=None)
    return world


def signed_in(role: Role, **place: object) -> Client:
    client = Client()
    sign_in(client, make_user("reader", role, **place))
    return client


def test_a_reviewer_finds_the_institutions_of_the_division(world: World) -> None:
    page = signed_in(Role.C2, region=world.prefecture).get(reverse("institutions:list"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "墨玉县启航职业培训学校" in text
    assert "皮山县晨光职业培训学校" in text
    assert "2 家机构" in " ".join(text.split())
    assert 'value="653222"' in text


def test_the_address_holds_the_filter(world: World) -> None:
    client = signed_in(Role.C2, region=world.prefecture)
    assert b"\xe5\x90\xaf\xe8\x88\xaa" in client.get("/institutions/?q=启 航&region=653222&active=1").content
    nothing = client.get("/institutions/?q=没有这样的").content.decode()
    assert "没有符合条件的机构" in nothing
    # A value that is no choice filters nothing and breaks nothing.
    assert client.get("/institutions/?region=999999&kind=x").status_code == 200


def test_long_lists_are_paged(world: World) -> None:
    services.register(
        [services.NewInstitution(f"第{n:03}学校", "653222") for n in range(60)], actor=None
    )  # fmt: skip
    client = signed_in(Role.AUD)
    seen: list[str] = []
    address = reverse("institutions:list")
    while address:
        page = client.get(address)
        seen += [row.name for row in page.context["list"].rows]
        after = page.context["list"].page.next
        address = f"{reverse('institutions:list')}?after={after}" if after else ""
    assert len(seen) == len(set(seen)) == 62


def test_the_page_of_one_institution_shows_names_place_and_filings(world: World) -> None:
    client = signed_in(Role.C1, region=world.county)
    text = client.get(reverse("institutions:detail", args=[world.school.pk])).content.decode()
    for word in (
        "启航",
        "墨玉县",
        "焊工",
        "三级/高级工",
        "所有等级",
        "在有效期内",
        "已逾期",
        "未生效",
        "长期",
        "2019-12-31",
    ):
        assert word in text


def test_an_institution_elsewhere_is_not_found(world: World) -> None:
    client = signed_in(Role.C1, region=world.county)
    assert client.get(reverse("institutions:detail", args=[world.school_next_door.pk])).status_code == 404
    own = signed_in_at(world)
    assert own.get(reverse("institutions:detail", args=[world.school.pk])).status_code == 404
    assert own.get(reverse("institutions:detail", args=[world.school_next_door.pk])).status_code == 200


def signed_in_at(world: World) -> Client:
    client = Client()
    sign_in(client, make_user("clerk", Role.PC, institution=world.school_next_door))
    return client


@pytest.mark.parametrize("role", [Role.TRN, Role.SYS])
def test_who_has_no_business_here_is_refused(world: World, role: Role) -> None:
    assert signed_in(role).get(reverse("institutions:list")).status_code == 403


def test_nobody_comes_in_without_signing_in(world: World) -> None:
    assert Client().get(reverse("institutions:list")).status_code == 302


def test_the_empty_catalogue_says_how_to_begin(world: World) -> None:
    Institution.objects.all().delete()
    assert "还没有登记培训机构" in signed_in(Role.AUD).get(reverse("institutions:list")).content.decode()
