"""Columns that sheets of people have: name, number, kind of document, telephone, and what is only checked against
them.
"""

from __future__ import annotations

from datetime import date

from registry.intake import cleaning, cleaning_people
from registry.intake.cells import WARNING, Fault
from registry.intake.columns import Bench, Column, words
from registry.lib.dates import ReadDate

# Codes are those of GA/T 517 and of the upload sheets that certificate systems use.
DOC_KINDS = {
    word: code
    for code, said in {
        "id_card": "居民身份证 身份证 二代身份证 第二代居民身份证 公民身份证 中国居民身份证 临时居民身份证 户口簿"
        " 111 201 01 1",
        "hmt_permit": "港澳台居民居住证 港澳居民居住证 台湾居民居住证",
        "foreign_pr": "外国人永久居留身份证 外国人永久居留证 永久居留证 永居证 外国人居留证 553 215",
        "passport": "护照 外国护照 普通护照 中国护照 414 208",
        "hm_pass": "港澳居民来往内地通行证 港澳通行证 回乡证 516 210",
        "tw_pass": "台湾居民来往大陆通行证 台胞证 511 213",
    }.items()
    for word in said.split()
}
DOC_KINDS_OFFERED = words(
    "居民身份证 港澳台居民居住证 外国人永久居留身份证 护照 港澳居民来往内地通行证 台湾居民来往大陆通行证"
)

NAME = Column(
    "name",
    "姓名",
    cleaning_people.name,
    synonyms=words(
        "学员姓名 学生姓名 人员姓名 参训人员姓名 培训人员姓名 考生姓名 培训学员姓名 学员 名字 aac003"
    ),
    staged=(("name", "text"), ("name_key", "text")),
    note="与证件一致；少数民族姓名的间隔号用“·”",
    example="阿依古丽·买买提",
)

ID_NUMBER = Column(
    "id_number",
    "身份证号",
    cleaning_people.id_number,
    synonyms=words(
        "公民身份号码 公民身份证号码 身份证号码 居民身份证号 居民身份证号码 证件号码 身份证 证件号"
        " 身份证件号码 身份证件号 公民身份证号 有效证件号码 身份号码 学员身份证号 学员身份证号码"
        " 证件号码(身份证) 身份证号/护照号 身份证号码/护照号码 身份证(护照)号码 aac002"
    ),
    staged=(
        ("doc_kind", "text"),
        ("bidx", "bytea"),
        ("sealed", "bytea"),
        ("mask", "text"),
        ("birth", "date"),
        ("sex", "text"),
    ),
    memo=False,
    turn=2,
    note="单元格须为文本格式；18 位，末位可为 X",
    example="11010519491231002X",
    width=22,
)

DOC_KIND = Column(
    "doc_kind",
    "证件类型",
    cleaning_people.doc_kind(DOC_KINDS, DOC_KINDS_OFFERED),
    synonyms=words("证件种类 证件类别 身份证件类型 有效证件类型"),
    choices=DOC_KINDS_OFFERED,
    note="不填按居民身份证",
    example="居民身份证",
)

PHONE = Column(
    "phone",
    "联系电话",
    cleaning_people.phone,
    synonyms=words(
        "手机号码 手机 电话 手机号 联系方式 联系手机 移动电话 电话号码 本人联系电话 联系电话(手机)"
        " 学员联系电话 aae005"
    ),
    staged=(("phone_bidx", "bytea"), ("phone_sealed", "bytea"), ("phone_mask", "text")),
    memo=False,
    turn=3,
    note="11 位手机号码",
    example="13800000000",
    width=16,
)

EDUCATION = Column(
    "education",
    "文化程度",
    cleaning.text(20),
    synonyms=words("学历 受教育程度 最高学历 学历层次"),
    staged=(("education", "text"),),
    example="高中",
)

SEX = Column("sex_said", "性别", cleaning_people.sex, synonyms=words("aac004"), offered=False)
BIRTH = Column(
    "birth_said",
    "出生日期",
    cleaning_people.birth,
    synonyms=words("出生年月日 出生年月 生日 aac006"),
    offered=False,
)

_SEX = Fault("SEX_MISMATCH", WARNING, "性别与证件号码不符，以证件号码为准；请核对")
_BIRTH = Fault("BIRTH_MISMATCH", WARNING, "出生日期与证件号码不符，以证件号码为准；请核对")


def contradictions(bench: Bench) -> None:
    """What rows say beside the number, against what the number says: the number wins (domain D14)."""
    verdicts = bench.column("id_number")
    if SEX.key in bench.values:
        for at, (said, verdict) in enumerate(zip(bench.values[SEX.key], verdicts, strict=True)):
            if said and verdict and verdict.sex and said != verdict.sex:
                bench.tell_of(at, SEX, _SEX)
    if BIRTH.key in bench.values:
        for at, (born, verdict) in enumerate(zip(bench.values[BIRTH.key], verdicts, strict=True)):
            if born and verdict and verdict.birth and not _same_day(born, verdict.birth):
                bench.tell_of(at, BIRTH, _BIRTH)


def _same_day(said: ReadDate, birth: date) -> bool:
    if said.month_only:
        return (said.day.year, said.day.month) == (birth.year, birth.month)
    return said.day == birth
