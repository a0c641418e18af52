"""The list of candidates (考生信息): a row is a person who applies in one batch. Pure; read by the caged child.

Headings of T4 and T13 of the domain notes (§3.2), by synonym; whatever else those sheets have is named as ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from registry.intake import cleaning
from registry.intake.cells import ERROR, WARNING, Cell, Fault, copy_text
from registry.intake.columns import Bench, Clean, Cleaned, Column, Finish, SheetSpec, words
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
from registry.lib import levels

MOST_YEARS = 60.0

_PAPERS = {
    word: code
    for code, said in {
        "id": "身份证 身份证件 身份证复印件",
        "photo": "照片 证件照",
        "form": "申报表 承诺书 申报表和承诺书 申请表",
        "work": "工作证明 工作年限证明 从业证明",
        "certificate": "证书 职业资格证书 技能等级证书 职业技能等级证书 原证书",
        "diploma": "毕业证 毕业证书 学历证书 学籍证明 学生证",
        "title": "职称证书 职称证 专业技术职务证书",
        "training": "培训证明 结业证书 培训结业证明",
        "appointment": "聘任文件 聘书",
    }.items()
    for word in said.split()
}

# Codes of conditions.EVIDENCE, which is not imported here: the child does without Django.
_CODES = frozenset(_PAPERS.values())


def _papers(bench: Bench, heading: str) -> Clean:
    """A list of papers, parted by commas; stages their codes, what is no paper is told."""
    as_text = cleaning.text(200)(bench, heading)

    def clean(cell: Cell) -> Cleaned:
        found = as_text(cell)
        if found.value is None:
            return found
        said = [word.strip() for word in _parted(str(found.value))]
        codes = list(dict.fromkeys(_PAPERS.get(word, word) for word in said if word))
        known = [code for code in codes if code in _CODES]
        faults = found.faults
        if len(known) < len(codes):
            faults = (*faults, Fault("EVIDENCE_MISSING", WARNING, "申报材料中有认不出的名称，未登记；请核对"))
        return Cleaned(copy_text(",".join(known)), tuple(known), faults)

    return clean


def _parted(text: str) -> list[str]:
    for mark in "，；;/、 ":
        text = text.replace(mark, ",")
    return text.split(",")


def _flag(yes: str, no: str) -> dict[str, str]:
    return {"是": yes, "有": yes, "否": no, "没有": no}


OCCUPATION = Column(
    "occupation",
    "职业工种名称",
    cleaning.text(120),
    synonyms=words("职业名称 职业(工种) 职业工种 申报职业 鉴定职业 工种名称 职业 工种"),
    staged=(("occupation", "text"),),
    note="须与批次的职业一致",
    example="焊工",
    width=18,
)
LEVEL = Column(
    "level",
    "认定等级",
    cleaning.level,
    synonyms=words("等级 申报等级 级别 鉴定等级 申报级别 职业技能等级"),
    staged=(("level", "smallint"),),
    choices=levels.EXAMINED,
    note="须与批次的等级一致",
    example="中级工",
)
PATH = Column(
    "path",
    "申报条件",
    cleaning.text(120),
    synonyms=words("考生申报条件 申报条件代码 报考条件"),
    staged=(("path", "text"),),
    note="申报条件的代码，如 4-1；不填则按所填事实核定",
    example="4-1",
)
HELD = Column(
    "held",
    "是否有职业资格证书",
    cleaning.choice(_flag("yes", "no"), what="是否有职业资格证书", offered=("是", "否")),
    synonyms=words("是否有证书 是否持证 是否有职业技能等级证书"),
    staged=(("held", "text"),),
    choices=("是", "否"),
    example="是",
)
HELD_LEVEL = Column(
    "held_level",
    "证书等级",
    cleaning.level,
    synonyms=words("原证书等级 已有证书等级 持证等级"),
    staged=(("held_level", "smallint"),),
    choices=levels.EXAMINED,
    note="“是否有职业资格证书”为是时必填",
    example="初级工",
)
HELD_NO = Column(
    "held_no",
    "证书编号",
    cleaning.text(40),
    synonyms=words("原证书号 原证书编号 已有证书编号"),
    staged=(("held_no", "text"),),
    memo=False,
    note="“是否有职业资格证书”为是时必填；单元格须为文本格式",
    width=26,
)
HELD_ON = Column(
    "held_on",
    "证书发证日期",
    cleaning.day(),
    synonyms=words("原证书发证日期 已有证书发证日期"),
    staged=(("held_on", "date"),),
    note="原证书不在库中时填写",
    example="2021-06-01",
)
SOURCE = Column(
    "source",
    "考生来源",
    cleaning.text(20),
    staged=(("source", "text"),),
    choices=("企业", "机关", "社会", "学校", "军队", "其他"),
    example="企业",
)
EMPLOYER = Column(
    "employer",
    "所在单位",
    cleaning.text(120),
    synonyms=words("工作单位 单位 单位名称"),
    staged=(("employer", "text"),),
    width=24,
)
KIND = Column(
    "kind",
    "认定分类",
    cleaning.choice(
        {"初次认定": "first", "初次": "first", "晋级认定": "promotion", "晋级": "promotion"},
        what="认定分类",
        offered=("初次认定", "晋级认定"),
    ),
    staged=(("kind", "text"),),
    choices=("初次认定", "晋级认定"),
    example="晋级认定",
)
ATTEMPT = Column(
    "attempt",
    "考试类型",
    cleaning.choice(
        {"正考": "first", "新考": "first", "补考": "resit"}, what="考试类型", offered=("正考", "补考")
    ),
    staged=(("attempt", "text"),),
    choices=("正考", "补考"),
    example="正考",
)
WORK_FROM = Column(
    "work_from",
    "参加工作时间",
    cleaning.day(),
    synonyms=words("参加工作日期 从业时间 从事本职业时间"),
    staged=(("work_from", "date"),),
    note="开始从事本职业的日期",
    example="2018-07-01",
)
WORK_YEARS = Column(
    "work_years",
    "专业年限",
    cleaning.number(most=MOST_YEARS, decimals=1),
    synonyms=words("本职业工作年限 工作年限 从业年限 专业工作年限"),
    staged=(("work_years", "numeric"),),
    example="5",
    width=10,
)
SCHOOL = Column(
    "diploma",
    "毕业院校类别",
    cleaning.choice(
        {
            "技工院校": "technical",
            "技工": "technical",
            "中职": "vocational",
            "中专": "vocational",
            "中等职业学校": "vocational",
            "大专": "college",
            "高职": "college",
            "本科": "bachelor",
            "本科及以上": "bachelor",
            "高级工班": "senior_technical",
            "技师学院高级工班": "senior_technical",
        },
        what="毕业院校类别",
        offered=("技工院校", "中职", "大专", "本科及以上", "高级工班"),
    ),
    staged=(("diploma", "text"),),
    choices=("技工院校", "中职", "大专", "本科及以上", "高级工班"),
    note="凭相关专业毕业证书申报时填写",
    example="中职",
)
TITLE = Column(
    "title",
    "专业技术职称",
    cleaning.choice(
        {
            "初级": "junior",
            "初级职称": "junior",
            "中级": "intermediate",
            "中级职称": "intermediate",
            "高级": "senior",
            "高级职称": "senior",
            "副高": "senior",
            "正高": "senior",
        },
        what="专业技术职称",
        offered=("初级", "中级", "高级"),
    ),
    synonyms=words("职称 职称级别"),
    staged=(("title", "text"),),
    choices=("初级", "中级", "高级"),
    note="凭职称申报时填写",
    example="初级",
)
TITLE_ON = Column(
    "title_on",
    "职称取得日期",
    cleaning.day(),
    synonyms=words("取得职称时间"),
    staged=(("title_on", "date"),),
    example="2022-12-01",
)
EVIDENCE_SHOWN = Column(
    "evidence",
    "申报材料",
    _papers,
    synonyms=words("材料清单 提交材料 申报材料清单"),
    staged=(("evidence", "text"),),
    note="已核对的材料，用顿号分开",
    example="身份证、申报表、工作证明",
    width=28,
)

_NO_CERTIFICATE = Fault("CONDITION_UNMET", ERROR, "填有职业资格证书时须填写证书等级和证书编号；请补填")


def _finish(bench: Bench) -> Finish:
    def finish(values: dict[str, list[Any]], staged: dict[str, Sequence[str]]) -> None:
        contradictions(bench)
        rows = zip(bench.column("held"), bench.column("held_level"), bench.column("held_no"), strict=True)
        for at, (held, level, number) in enumerate(rows):
            if held == "yes" and (level is None or number is None):
                bench.tell_of(at, HELD, _NO_CERTIFICATE)

    return finish


CANDIDATES = SheetSpec(
    kind="candidates",
    label="考生信息表",
    origin="certificates.evaluations.candidate_columns:CANDIDATES",
    columns=(
        NAME,
        ID_NUMBER,
        DOC_KIND,
        PHONE,
        OCCUPATION,
        LEVEL,
        PATH,
        KIND,
        ATTEMPT,
        HELD,
        HELD_LEVEL,
        HELD_NO,
        HELD_ON,
        WORK_FROM,
        WORK_YEARS,
        EDUCATION,
        SCHOOL,
        TITLE,
        TITLE_ON,
        SOURCE,
        EMPLOYER,
        EVIDENCE_SHOWN,
        SEX,
        BIRTH,
    ),
    required=(("name",), ("id_number",)),
    finish=_finish,
)
