"""The sheet of scores (成绩表): a row is one candidate's result in one batch. Pure; read by the caged child.

Headings of T3 and T10 of the domain notes (§3.2): a person is named by identity number or by admission number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from registry.intake import cleaning
from registry.intake.cells import ERROR, NULL, Cell, Fault, plain
from registry.intake.columns import Bench, Clean, Cleaned, Column, Finish, SheetSpec, words
from registry.intake.person_columns import DOC_KIND, ID_NUMBER, NAME

MOST_MARKS = 100.0
ABSENT = "absent"
_ABSENT_WORDS = frozenset(("缺考", "缺", "未参加", "未到", "弃考"))
# A part that a resit does not take again.
_KEPT_WORDS = ("免考", "保留", "合格保留", "不考")


def _marks(bench: Bench, heading: str) -> Clean:
    """Marks of a hundred; 缺考 stages nothing and says why."""
    as_number = cleaning.number(most=MOST_MARKS, decimals=1, nothing=_KEPT_WORDS)(bench, heading)

    def clean(cell: Cell) -> Cleaned:
        if isinstance(cell, str) and plain(cell) in _ABSENT_WORDS:
            return Cleaned(NULL, ABSENT)
        return as_number(cell)

    return clean


TICKET = Column(
    "ticket",
    "准考证号",
    cleaning.text(20),
    synonyms=words("准考证号码 准考证 考号"),
    staged=(("ticket", "text"),),
    memo=False,
    note="没有身份证号一列时填写",
    width=18,
)
THEORY = Column(
    "theory",
    "理论成绩",
    _marks,
    synonyms=words("理论 理论考试成绩 理论知识成绩 理论知识 成绩理论"),
    staged=(("theory", "numeric"),),
    note="0 至 100；缺考写“缺考”，补考不考的科目留空",
    example="76",
    width=10,
)
PRACTICE = Column(
    "practice",
    "实操成绩",
    _marks,
    synonyms=words(
        "实操 实作 实作成绩 实践成绩 实践 技能成绩 操作技能成绩 实际操作成绩 技能操作成绩 成绩实操"
    ),
    staged=(("practice", "numeric"),),
    example="81",
    width=10,
)
TOTAL = Column(
    "total",
    "综合成绩",
    _marks,
    synonyms=words("综合 总成绩 总评成绩 总评 成绩综合"),
    staged=(("total", "numeric"),),
    note="不填按合格规定的权重计算",
    width=10,
)
RESIT = Column(
    "resit",
    "补考",
    cleaning.choice(
        {"是": "resit", "补考": "resit", "否": "first", "正考": "first"}, what="补考", offered=("是", "否")
    ),
    synonyms=words("是否补考 考试类型"),
    staged=(("resit", "text"),),
    choices=("是", "否"),
    width=8,
)

_NOTHING = Fault("NUMBER_INVALID", ERROR, "这一行没有成绩；请填写成绩，缺考的写“缺考”")


def _finish(bench: Bench) -> Finish:
    def finish(values: dict[str, list[Any]], staged: dict[str, Sequence[str]]) -> None:
        rows = zip(bench.column("theory"), bench.column("practice"), bench.column("total"), strict=True)
        absent = []
        for at, parts in enumerate(rows):
            came = [part for part in parts if part is not None]
            absent.append("t" if came and all(part == ABSENT for part in came) else "f")
            if not came and not (bench.is_faulty(at, "theory") or bench.is_faulty(at, "practice")):
                bench.tell_of(at, THEORY, _NOTHING)
        staged["absent"] = absent

    return finish


SCORES = SheetSpec(
    kind="scores",
    label="成绩表",
    origin="certificates.evaluations.score_columns:SCORES",
    columns=(NAME, ID_NUMBER, TICKET, THEORY, PRACTICE, TOTAL, RESIT, DOC_KIND),
    required=(("name",), ("id_number", "ticket"), ("theory",), ("practice",)),
    finish=_finish,
    finish_staged=(("absent", "bool"),),
)
