"""Issued certificates in one call: a body with its key, people with their papers, certificates as issuing makes them.

    stage = certified.build(3)                    # a body, an order, three people, three certificates
    more = certified.issue(stage.body, certified.people(100), level=3)

Everything goes the program's own way but for the review. It needs regions, levels and number rules, and brings them
where they are missing, so that it stands by itself and on top of tests.town or tests.world.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from certificates.issuance import issuing, keys, rules
from certificates.issuance.entries import LISTED, Entry
from certificates.issuance.models import Attestation, Certificate, Order, OrderLine, SigningKey
from registry.accounts.models import Role, User
from registry.identity.current import keyring
from registry.identity.keyring import IDNO
from registry.identity.masking import mask_id_number
from registry.identity.uuid7 import uuid7
from registry.institutions.models import Filing, FilingPurpose, Institution
from registry.lib.text import name_key
from registry.occupations.models import Occupation, SkillLevel
from registry.people.models import Document, Person
from registry.regions.models import Region
from registry.regions.services import rebuild_closure
from tests.registry.places import make_user
from tests.sheets import cast

ALWAYS = dt.date(2016, 1, 1)
COUNTY = "653101"
OCCUPATION = ("6-18-02-04", "焊工")
LEVELS = (
    (1, None, "学徒工", "学徒工", False),
    (2, "5", "五级/初级工", "初级工", False),
    (3, "4", "四级/中级工", "中级工", False),
    (4, "3", "三级/高级工", "高级工", True),
    (5, "2", "二级/技师", "技师", True),
    (6, "1", "一级/高级技师", "高级技师", True),
    (7, None, "特级技师", "特级技师", True),
    (8, None, "首席技师", "首席技师", True),
)
_turns = itertools.count(1)


@dataclass(frozen=True)
class Stage:
    body: Institution
    clerk: User  # EB of the body
    signer: User  # ES of the body
    key: SigningKey
    people: list[Person]
    certificates: list[Certificate]

    @property
    def attestations(self) -> list[Attestation]:
        return list(Attestation.objects.filter(pk__in=[one.pk for one in self.certificates]).order_by("pk"))


def build(count: int = 3, *, name: str = "喀什红柳职业技能评价中心", **more: Any) -> Stage:
    """A body with its two officers and so many certificates; `more` as for `issue`."""
    made = body(name)
    who = people(count)
    certificates = issue(made, who, **more) if count else []
    clerk, signer = officers(made)
    return Stage(made, clerk, signer, SigningKey.objects.get(institution=made), who, certificates)


def body(name: str = "喀什红柳职业技能评价中心", *, region: str = COUNTY) -> Institution:
    """An assessment body with its filing and its first key; the same again for the same name."""
    ground(region)
    made, new = Institution.objects.get_or_create(
        name=name, defaults={"kind": "assessor", "region_id": region}
    )
    welding, _new = Occupation.objects.get_or_create(edition="2022", code=OCCUPATION[0], name=OCCUPATION[1])
    if new:
        Filing.objects.create(
            institution=made, purpose=FilingPurpose.ASSESS, occupation=welding, valid_from=ALWAYS
        )
    keys.publish(made.pk, dt.date.today().year, actor=None)
    return made


def officers(made: Institution) -> tuple[User, User]:
    """The clerk and the signatory of a body."""
    found = []
    for role, word in ((Role.EB, "clerk"), (Role.ES, "signer")):
        username = f"{word}-{made.pk}"
        user = User.objects.filter(username=username).first()
        found.append(user or make_user(username, role, institution=made))
    return found[0], found[1]


def ground(region: str = COUNTY) -> None:
    """Divisions, levels and number rules, as far as they are missing."""
    if not Region.objects.filter(pk=region).exists():
        parent = None
        codes = dict.fromkeys((f"{region[:2]}0000", f"{region[:4]}00", region))
        for level, code in enumerate(codes, start=1):
            parent, _new = Region.objects.get_or_create(
                code=code,
                defaults={
                    "name": f"地{code}",
                    "full_name": f"全称{code}",
                    "level": level,
                    "parent": parent,
                    "valid_from": ALWAYS,
                },
            )
        rebuild_closure()
    held = set(SkillLevel.objects.values_list("rank", flat=True))
    SkillLevel.objects.bulk_create(
        SkillLevel(rank=rank, code=code, name=name, short_name=short, high_skilled=high)
        for rank, code, name, short, high in LEVELS
        if rank not in held
    )
    rules.load()


def people(count: int, *, names: Sequence[str] = ()) -> list[Person]:
    """So many people whom nobody knew, each with an identity card of their own; `names` for the first of them."""
    ring, made, documents = keyring(), [], []
    seal, index = ring.sealer(IDNO), ring.indexer(IDNO)
    for place, turn in enumerate(itertools.islice(_turns, count)):
        name = names[place] if place < len(names) else _name(turn)
        number = identity(turn)
        who = Person(id=uuid7(), name=name, name_key=name_key(name), birth_date=_born(turn))
        document = uuid7()
        made.append(who)
        documents.append(
            Document(
                id=document,
                person_id=who.pk,
                kind=Document.Kind.ID_CARD,
                sealed=seal(number.encode(), str(document)),
                blind_index=index(number),
                mask=mask_id_number(number),
            )
        )
    Person.objects.bulk_create(made)
    Document.objects.bulk_create(documents)
    return made


def _born(turn: int) -> dt.date:
    return dt.date(1960, 1, 1) + dt.timedelta(days=turn % 16_000)


def identity(turn: int) -> str:
    """A right identity number, another for every turn."""
    return cast.identity("653122", f"{_born(turn):%Y%m%d}", 1 + turn // 16_000 % 999)


def _name(turn: int) -> str:
    return "阿依木买买提江河湖海山川田林"[turn % 14] + "".join(
        chr(0x4E00 + turn * (k + 3) % 900) for k in range(2)
    )


def order(
    made: Institution,
    who: Sequence[Person | UUID],
    *,
    family: str = "skill_level",
    level: int | None = 3,
    issued_on: dt.date | None = None,
    occupation: tuple[str, str] = OCCUPATION,
    direction: str = "",
    prefix: str | None = None,
    state: str = "approved",
    **entry: Any,
) -> Order:
    """An order for these people as if it had been agreed to; `level` is a rank."""
    clerk, _signer = officers(made)
    order = Order.objects.create(
        institution=made,
        family=family,
        issued_on=issued_on or dt.date.today(),
        region_code=made.region_id,
        state=state,
        maker=clerk,
        total=len(who),
    )
    lines = []
    for place, person in enumerate(who):
        one = Entry(
            source_type=LISTED,
            source_id=f"{order.pk.hex}:{place}",
            person_id=person.pk if isinstance(person, Person) else person,
            level=level,
            occupation_code=occupation[0],
            occupation_name=occupation[1],
            direction=direction,
            prefix=prefix or f"S000065{made.pk % 1_000_000:06d}",
            **entry,
        )
        lines.append(
            OrderLine(
                order=order,
                source_type=one.source_type,
                source_id=one.source_id,
                person_id=one.person_id,
                entry=one.stored(),
            )
        )
    OrderLine.objects.bulk_create(lines)
    return order


def issue(made: Institution, who: Sequence[Person | UUID], **more: Any) -> list[Certificate]:
    """Certificates for these people, in their order; `more` as for `order`."""
    done = order(made, who, **more)
    issuing.issue(done.pk)
    return list(Certificate.objects.filter(pk__in=done.attestations.values("pk")).order_by("pk"))
