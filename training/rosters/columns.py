"""The roster (开班花名册): a row is a person who joins one class. Pure; read by the caged child."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from registry.intake import cleaning, cleaning_people
from registry.intake.cells import WARNING, Fault
from registry.intake.columns import Bench, Column, Finish, SheetSpec, words
from registry.intake.person_columns import (
    BIRTH,
    DOC_KIND,
    EDUCATION,
    ID_NUMBER,
    NAME,
    PHONE,
    SEX,
    contradictions,
)
from registry.lib.text import name_key
from training.catalogue import words as said

CATEGORY = Column(
    "category",
    "人员类别",
    cleaning.choice(said.CATEGORY, what="人员类别", offered=said.CATEGORY_OFFERED),
    synonyms=words(
        "人员类型 身份类别 考生来源 学员类别 学员类型 培训对象类别 人员身份类别 人员身份 培训对象 chc002"
    ),
    staged=(("category", "text"),),
    choices=said.CATEGORY_OFFERED,
    example="农村转移就业劳动者",
    width=24,
)

REGION = Column(
    "region",
    "户籍地区划",
    cleaning.text(100),
    synonyms=words("户口所在地区划 户籍地 户口所在地 户籍所在地 户籍 户籍地址 户籍所在地区划 户籍行政区划"),
    staged=(("region", "text"),),
    note="行政区划名称或代码",
    example="喀什地区喀什市",
    width=24,
)

BANK_NAME = Column(
    "bank_name",
    "开户银行",
    cleaning.text(60),
    synonyms=words("开户行 银行名称 开户行名称 开户银行名称 银行 aab024"),
    staged=(("bank_name", "text"),),
    width=22,
)

BANK_HOLDER = Column(
    "bank_holder",
    "银行户名",
    cleaning_people.holder,
    synonyms=words("户名 账户名称 开户名 账户名 开户人 开户人姓名 aab025"),
    staged=(("bank_holder", "text"),),
)

BANK_ACCOUNT = Column(
    "bank_account",
    "银行账号",
    cleaning_people.account,
    synonyms=words(
        "银行账户 银行卡号 账号 卡号 银行帐号 帐号 社保卡银行账号 社会保障卡账号 社保卡账号 银行卡账号"
        " 收款账号 aab026"
    ),
    staged=(("bank_bidx", "bytea"), ("bank_sealed", "bytea"), ("bank_mask", "text")),
    memo=False,
    turn=3,
    note="单元格须为文本格式",
    width=24,
)

_OTHER_HOLDER = Fault("ACCOUNT_SUSPECT", WARNING, "银行户名与姓名不一致；补贴只能发给本人账户，请核对")


def _finish(bench: Bench) -> Finish:
    def finish(values: dict[str, list[Any]], staged: dict[str, Sequence[str]]) -> None:
        contradictions(bench)
        if BANK_HOLDER.key in values:
            for at, (holder, name) in enumerate(zip(values[BANK_HOLDER.key], values["name"], strict=True)):
                if holder and name and holder != name and name_key(holder) != name_key(name):
                    bench.tell_of(at, BANK_HOLDER, _OTHER_HOLDER)

    return finish


ROSTER = SheetSpec(
    kind="roster",
    label="开班花名册",
    origin="training.rosters.columns:ROSTER",
    columns=(
        NAME,
        ID_NUMBER,
        DOC_KIND,
        PHONE,
        CATEGORY,
        EDUCATION,
        REGION,
        BANK_NAME,
        BANK_HOLDER,
        BANK_ACCOUNT,
        SEX,
        BIRTH,
    ),
    required=(("name",), ("id_number",)),
    finish=_finish,
)
