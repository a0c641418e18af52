"""A world for the matrix: the same things in four places, an account of every role, and each thing in two states.

own: where everybody works. sibling: another school in the same county. county: another county of the prefecture.
province: another province.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from certificates.evaluations import services as evaluations
from certificates.evaluations.models import Assessor, Body, Site
from certificates.issuance import keys as signing
from certificates.issuance.models import Certificate, Order, SigningKey
from registry.accounts.models import INSTITUTION_ROLES, REGION_ROLES, Membership, Role, User
from registry.apikeys import services as apikeys
from registry.exports import rules as reading_rules
from registry.exports.models import Export
from registry.institutions.models import Filing, FilingPurpose, Institution
from registry.intake import services as intake
from registry.people.models import Person
from registry.regions.models import Region
from registry.regions.services import rebuild_closure
from registry.review import services as review
from registry.rights import corrections, terms
from registry.staffing.services import ask_for_role
from tests import town as towns
from tests.registry.places import SINCE, make_user
from tests.signing import sign_in
from training.enrolments.models import Enrolment

PLACES = ("own", "sibling", "county", "province")
STATES = ("right", "wrong")
MARKS = {place: f"甲{n}标{n}{n}{n}学校" for n, place in enumerate(PLACES, 1)}
FAR = "620102"
DAY = timedelta(days=1)

#: role → the places that lie within its region, by the tree of government and nothing else
WITHIN_REGION = {
    Role.C1: {"own", "sibling"},
    Role.FM: {"own", "sibling"},
    Role.FP: {"own", "sibling"},
    Role.C2: {"own", "sibling", "county"},
    Role.RG: {"own", "sibling", "county"},
}
REGIONS = {
    Role.C1: towns.CITY,
    Role.FM: towns.CITY,
    Role.FP: towns.CITY,
    Role.C2: towns.PREFECTURE,
    Role.RG: towns.PROVINCE,
}


@dataclass
class World:
    """`things[place, state][name]`; what differs by who asks stands in `of_role[place, state, role][name]`."""

    users: dict[str, User]
    clients: dict[str, Client]
    things: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    of_role: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    def thing(self, name: str, place: str, state: str, role: str) -> Any:
        # A stranger asks for what somebody else would see.
        mine = self.of_role.get((place, state, Role.RG if role == Role.PUB else role), {})
        return mine[name] if name in mine else self.things[place, state][name]


def build() -> World:
    """Some tens of rows, by the same verbs as everybody's."""
    town = towns.build()
    terms.load()
    reading_rules.load()
    schools = _schools(town)
    world = World({}, {})
    for n, place in enumerate(PLACES):
        _furnish(world, town, place, schools[place], n)
    for role in Role:
        if role != Role.PUB:
            world.users[role] = _account(role, schools["own"])
    person = world.things["own", "right"]["person"]
    person.user = world.users[Role.TRN]
    person.save(update_fields=["user"])
    for place in PLACES:
        _belongings(world, place)
    world.clients = {role: sign_in(Client(), user) for role, user in world.users.items()}
    world.clients[Role.PUB] = Client()
    return world


def _schools(town: towns.Town) -> dict[str, Institution]:
    for code, level, parent in (("620000", 1, None), ("620100", 2, "620000"), (FAR, 3, "620100")):
        Region.objects.create(
            code=code,
            name=f"地{code}",
            full_name=f"全称{code}",
            level=level,
            parent_id=parent,
            valid_from=SINCE,
        )
    rebuild_closure()
    sibling = Institution.objects.create(name="临时一校", region_id=towns.CITY)
    far = Institution.objects.create(name="临时二校", region_id=FAR)
    for school in (sibling, far):
        Filing.objects.create(
            institution=school, purpose=FilingPurpose.TRAIN, occupation=town.welding, valid_from=SINCE
        )
    found = dict(zip(PLACES, (town.school, sibling, town.other, far), strict=True))
    for place, school in found.items():
        school.name = MARKS[place]
        school.save()
    return found


def _account(role: Role, school: Institution) -> User:
    where: dict[str, Any] = {}
    if role in INSTITUTION_ROLES:
        where = {"institution": school}
    elif role in REGION_ROLES:
        where = {"region_id": REGIONS[role]}
    return make_user(f"matrix-{role}".lower(), role, **where)


def _furnish(world: World, town: towns.Town, place: str, school: Institution, n: int) -> None:
    """Of a place: a finished training with certificate, an open class, a sheet to review, accounts, matters."""
    right: dict[str, Any] = {"institution": school}
    wrong = dict(right)
    clerk = make_user(f"clerk-{place}", Role.PC, institution=school)
    who = towns.people(2, first=10 * n)
    lines = [
        towns.entry(each, 10 * n + k, school=school.name, number=f"{place}-1") for k, each in enumerate(who)
    ]
    done = towns.loaded(town, "ledger", towns.ledger(lines), actor=clerk)
    enrolments = list(Enrolment.objects.filter(batch_id=done.pk).order_by("row_no"))
    for things, enrolment in ((right, enrolments[0]), (wrong, enrolments[0])):
        things["enrolment"], things["person"] = enrolment, Person.objects.get(pk=enrolment.person_id)
        things["certificate"] = Certificate.objects.get(person=enrolment.person_id)
        things["klass"] = enrolment.klass
    _issuing(right, wrong, school, clerk)
    klass = towns.make_class(school, f"{place}-2", town.welding)
    fresh = towns.people(3, first=10 * n + 5)
    data = towns.roster(fresh[:2], [fresh[2].name, fresh[2].id_number[:17] + "?", fresh[2].phone, None])
    waiting = towns.hand_in(town, "roster", data, actor=clerk, **{"class": klass.pk})
    right["batch"], wrong["batch"] = intake.check(waiting.pk), done
    for things, state in ((right, "right"), (wrong, "wrong")):
        things["account"] = make_user(f"pc-{place}-{state}", Role.PC, institution=school)
        things["membership"] = _role(things["account"], ended=state == "wrong")
        signer_keeps = make_user(f"eb-{place}-{state}", Role.EB, institution=school)
        world.of_role[place, state, Role.ES] = {
            "account": signer_keeps,
            "membership": _role(signer_keeps, ended=state == "wrong"),
            **({"bare": signer_keeps} if state == "wrong" else {}),
        }
    for things, purpose in ((right, "办学系统"), (wrong, "旧系统")):
        issued = apikeys.issue(
            institution_id=school.pk,
            issuer_role=Role.PP,
            purpose=purpose,
            scopes=["status:read"],
            networks=["10.0.0.0/8"],
            actor=clerk,
        )
        things["key"] = issued.key
    apikeys.revoke(wrong["key"], reason="更换", actor=clerk)
    User.objects.filter(username__endswith=f"{place}-wrong").update(is_active=False)
    right["bare"], wrong["bare"] = _before_persons(f"bare-{place}", school), right["account"]
    _examine(right, wrong, town, place)
    world.things[place, "right"], world.things[place, "wrong"] = right, wrong


def _examine(right: dict[str, Any], wrong: dict[str, Any], town: towns.Town, place: str) -> None:
    """A draft that may be published, and one that was cancelled; an assessor."""
    school = right["institution"]
    Filing.objects.create(
        institution=school, purpose=FilingPurpose.ASSESS, occupation=town.welding, valid_from=SINCE
    )
    body = Body.objects.create(
        institution=school, kind=Body.Kind.THIRD_PARTY, letter="S", province_code="65",
        serial=f"{school.pk:06d}", filed_name=school.name, valid_from=SINCE,
    )  # fmt: skip
    site = Site.objects.create(body=body, name=f"{place}考点", region_id=school.region_id, valid_from=SINCE)
    assessor = Assessor.objects.create(
        institution=school, name="考评甲", blind_index=bytes(32), mask="65", valid_from=SINCE
    )
    for things in (right, wrong):
        plan = evaluations.Plan(body.pk, site.pk, town.welding.pk, 3, timezone.localdate())
        things["exam"] = evaluations.arrange(plan, actor=None)
        things["assessor"] = assessor
    evaluations.cancel(wrong["exam"].pk, actor=None, reason="测试")


def _issuing(right: dict[str, Any], wrong: dict[str, Any], school: Institution, clerk: User) -> None:
    """An order that can still be dropped and one that is done; a key in use and one that is used no more."""
    year = timezone.localdate().year
    for things, state, later in ((right, Order.State.DRAFT, 0), (wrong, Order.State.DONE, 1)):
        things["order"] = Order.objects.create(
            institution=school,
            family="completion",  # what schools and bodies both issue
            issued_on=timezone.localdate(),
            region_code=school.region_id,
            maker=clerk,
            state=state,
        )
        things["signing_key"] = signing.publish(school.pk, year + later, actor=None)
    SigningKey.objects.filter(pk=wrong["signing_key"].pk).update(state=SigningKey.State.COMPROMISED)


def _role(user: User, *, ended: bool) -> Membership:
    given = user.memberships.get()
    if ended:
        given = Membership.objects.create(
            user=user, role=given.role, institution=given.institution, valid_from=SINCE - DAY, valid_to=SINCE
        )
    return given


def _before_persons(username: str, school: Institution) -> User:
    """An account from before natural persons were asked for; no verb makes one any more."""
    user = User.objects.create(username=username, display_name=f"{username}姓名", password="!")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_membership DISABLE TRIGGER accounts_membership_apart")
        Membership.objects.create(
            user=user, role=Role.PC, institution=school, valid_from=SINCE, valid_to=SINCE
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_membership ENABLE ALWAYS TRIGGER accounts_membership_apart")
    return user


def _belongings(world: World, place: str) -> None:
    """What somebody asked for: corrections, exports, matters that wait for a second person."""
    asker = world.users[Role.TRN] if place == "own" else make_user(f"asker-{place}", Role.TRN)
    officer = make_user(f"officer-{place}", Role.SEC)
    for state in STATES:
        things = world.things[place, state]
        fact = "name" if state == "right" else "other"
        case = corrections.ask(
            things["person"],
            fact=fact,
            proposed="更名",
            why="登记有误",
            actor=asker,
            institution_id=things["institution"].pk,
        )
        if state == "wrong":
            type(case).objects.filter(pk=case.pk).update(state="refused", answered_at=timezone.now())
        things["correction"] = case
        things["matter"] = _matter(things, officer, closed=state == "wrong")
    for role, user in world.users.items():
        for state in STATES:
            asker = user if place == "own" else make_user(f"exporter-{place}-{role}-{state}".lower())
            mine = world.of_role.setdefault((place, state, role), {})
            mine["export"] = Export.objects.create(
                kind="enrolments",
                asker=asker,
                role=role,
                asked={},
                reason="audit",
                purpose="核对",
                rows=1,
                state=Export.State.EXPIRED if state == "wrong" else Export.State.QUEUED,
            )


def _matter(things: dict[str, Any], officer: User, *, closed: bool) -> Any:
    case = ask_for_role(
        user=make_user(f"candidate-{things['institution'].pk}-{closed}"),
        role=Role.PP,
        institution=things["institution"],
        region=None,
        valid_to=timezone.localdate(),
        reason="任命",
        actor=officer,
    )
    if closed:
        review.withdraw(case_id=case.pk, actor=officer, version=case.row_version)
        case.refresh_from_db()
    return case
