"""Invented providers for the demo, one to three for each prefecture. No such school exists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from registry.identity.credit_codes import check_character, organisation_check
from registry.institutions.models import Filing, FilingPurpose, Institution, InstitutionAlias, InstitutionKind
from registry.occupations import queries as occupations

FILED_FROM = date(2020, 6, 1)


class Provider(NamedTuple):
    """``trades`` are occupations by name, as the dictionary spells them; ``also`` a short name clerks use."""

    name: str
    kind: str
    region: str
    trades: tuple[str, ...]
    also: str = ""


REGISTERED = {"school": "52", "technical": "12", "centre": "12"}
S, T, C, E, A = (
    InstitutionKind.SCHOOL,
    InstitutionKind.TECHNICAL,
    InstitutionKind.CENTRE,
    InstitutionKind.ENTERPRISE,
    InstitutionKind.ASSESSOR,
)
PROVIDERS: tuple[Provider, ...] = (
    Provider("乌鲁木齐雪岭职业技能培训学校", S, "650102", ("中式烹调师", "养老护理员", "美容师"), "雪岭学校"),
    Provider("乌鲁木齐北庭技工学校", T, "650104", ("焊工", "电工", "车工")),
    Provider("克拉玛依黑山职业技能培训中心", C, "650203", ("焊工", "电工", "起重工")),
    Provider("吐鲁番坎儿井职业技能培训学校", S, "650402", ("中式烹调师", "中式面点师", "美发师")),
    Provider("鄯善沙山职业技能培训学校", S, "650421", ("电工", "汽车维修工")),
    Provider("哈密瓜乡职业技能培训学校", S, "650502", ("中式面点师", "家政服务员", "焊工")),
    Provider("昌吉北坡职业技能培训学校", S, "652301", ("焊工", "汽车维修工", "养老护理员")),
    Provider("奇台麦海职业技能培训学校", S, "652325", ("农机驾驶操作员", "中式面点师")),
    Provider("博乐青得里职业技能培训学校", S, "652701", ("家政服务员", "美发师")),
    Provider("库尔勒梨城职业技能培训学校", S, "652801", ("汽车维修工", "电工", "中式烹调师"), "梨城培训学校"),
    Provider("轮台胡杨职业技能培训学校", S, "652822", ("砌筑工", "钢筋工")),
    Provider("阿克苏多浪河职业技能培训学校", S, "652901", ("焊工", "育婴员", "中式烹调师")),
    Provider("库车杏花职业技能培训学校", S, "652902", ("装饰装修工", "砌筑工")),
    Provider("阿图什木纳格职业技能培训学校", S, "653001", ("中式面点师", "美容师")),
    Provider("喀什石榴职业技能培训学校", S, "653101", ("中式烹调师", "焊工", "美容师", "电工"), "石榴学校"),
    Provider("莎车巴旦职业技能培训学校", S, "653125", ("家政服务员", "砌筑工", "汽车维修工")),
    Provider("疏附南门技工学校", T, "653121", ("电工", "车工", "焊工")),
    Provider("和田玉河职业技能培训学校", S, "653201", ("美发师", "中式面点师", "养老护理员")),
    Provider("墨玉桑皮职业技能培训学校", S, "653222", ("家政服务员", "装饰装修工")),
    Provider("伊宁河谷职业技能培训学校", S, "654002", ("中式烹调师", "保育师", "焊工")),
    Provider("霍城紫苏职业技能培训学校", S, "654023", ("美容师", "家政服务员")),
    Provider("塔城巴克图职业技能培训学校", S, "654201", ("电工", "农机驾驶操作员", "中式面点师")),
    Provider("乌苏啤花职业技能培训学校", S, "654202", ("汽车维修工", "焊工")),
    Provider("阿勒泰金山职业技能培训学校", S, "654301", ("客房服务员", "中式烹调师")),
    Provider("石河子垦荒职业技能培训学校", S, "659001", ("农机驾驶操作员", "电工")),
    Provider("新疆戈壁棉纺织有限公司", E, "652301", ("电工", "机修钳工")),
    Provider("新疆天池技能评价有限公司", A, "650104", ("焊工", "电工", "中式烹调师", "养老护理员")),
)


def credit_code(number: int, kind: str, region: str) -> str:
    """GB 32100: 52… for private schools, 12… for public ones, 91… for companies; both check characters right."""
    head = REGISTERED.get(kind, "91")
    body = f"MJ{number * 7919 % 1_000_000:06d}"
    first17 = f"{head}{region}{body}{organisation_check(body)}"
    return first17 + check_character(first17)


def load(providers: Iterable[Provider] = PROVIDERS) -> int:
    """Put the providers and what they are filed for on record; returns how many are new. Twice changes nothing."""
    return sum(_load(number, provider) for number, provider in enumerate(providers, 1))


def _load(number: int, provider: Provider) -> bool:
    institution, new = Institution.objects.get_or_create(
        credit_code=credit_code(number, provider.kind, provider.region),
        defaults={"name": provider.name, "kind": provider.kind, "region_id": provider.region},
    )
    if provider.also:
        InstitutionAlias.objects.get_or_create(name=provider.also, defaults={"institution": institution})
    purpose = FilingPurpose.ASSESS if provider.kind == A else FilingPurpose.TRAIN
    known = occupations.resolve(provider.trades)
    for trade in provider.trades:
        Filing.objects.get_or_create(
            institution=institution,
            purpose=purpose,
            occupation_id=known[trade],
            level=None,
            valid_from=FILED_FROM,
            defaults={"document_no": f"新示备〔2020〕{number}号"},
        )
    return new
