"""The ledger (实名制台账): a row is a person's finished training, as counties have kept them. Pure; read by
the child.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

from certificates.issuance import numbering
from certificates.issuance.cells import certificate_number, family_of
from registry.intake import cleaning
from registry.intake.cells import ERROR, NULL, Cell, Fault, copy_text, plain
from registry.intake.columns import Bench, Clean, Cleaned, Column, Finish, SheetSpec, words
from registry.intake.person_columns import BIRTH, DOC_KIND, ID_NUMBER, NAME, SEX, contradictions
from registry.lib import levels
from registry.lib.dates import parse_range
from registry.lib.text import org_key
from registry.lib.unreadable import Unreadable
from training.catalogue import words as said
from training.rosters.columns import CATEGORY

MOST_HOURS = 9999.0
MOST_SCORE = 999.0


def _provider(bench: Bench, heading: str) -> Clean:
    as_text = cleaning.text(100)(bench, heading)

    def clean(cell: Cell) -> Cleaned:
        found = as_text(cell)
        if found.value is None:
            return found._replace(fields=(NULL, NULL))
        return Cleaned((copy_text(found.value), copy_text(org_key(found.value))), found.value, found.faults)

    return clean


# What is left of a long number that a spreadsheet took for a quantity.
def _score(bench: Bench, heading: str) -> Clean:
    """A number; or a word, which stages no score and says what the result was."""
    as_number = cleaning.number(most=MOST_SCORE, decimals=1, nothing=("免考", "补考", "差"))(bench, heading)

    def clean(cell: Cell) -> Cleaned:
        word = plain(cell) if isinstance(cell, str) else ""
        if word in said.RESULT and not word.isdigit():
            return Cleaned(NULL, said.RESULT[word])
        return as_number(cell)

    return clean


PROJECT = Column(
    "project",
    "培训项目",
    cleaning.text(100),
    synonyms=words("培训项目名称 项目名称 培训内容 培训课程 课程名称 培训班名称 培训名称"),
    staged=(("project", "text"),),
    note="培训项目与培训工种至少填一列",
    example="焊工初级技能培训",
    width=22,
)
OCCUPATION = Column(
    "occupation",
    "培训工种",
    cleaning.text(120),
    synonyms=words(
        "工种 培训专业 职业(工种) 职业工种名称 鉴定职业 职业工种 培训职业(工种) 培训职业工种 培训职业"
        " 职业名称 工种名称 培训工种(专业) 专业(工种) 专业 培训工种(项目) 鉴定工种 职业/工种 申报职业"
        " 培训工种名称 aca111"
    ),
    staged=(("occupation", "text"),),
    example="焊工",
    width=18,
)
STARTS = Column(
    "starts",
    "培训开始时间",
    cleaning.day(required=True),
    synonyms=words(
        "开始时间 开班日期 开班时间 培训开始日期 开始日期 开课日期 培训起始时间 培训起始日期 起始时间"
        " 起始日期 培训时间开始 培训时间开始时间 培训时间起 培训起止时间起 培训起止时间开始 培训时间自 开班"
        " chb167"
    ),
    staged=(("starts", "date"),),
    example="2024-03-05",
    note="如 2024-03-05",
)
ENDS = Column(
    "ends",
    "培训结束时间",
    cleaning.day(month_end=True, required=True),
    synonyms=words(
        "结束时间 结业日期 结业时间 培训结束日期 结束日期 结课日期 培训终止时间 培训截止时间 培训截止日期"
        " 终止时间 截止时间 培训时间结束 培训时间结束时间 培训时间止 培训起止时间止 培训起止时间结束"
        " 培训时间至 结业 chb186"
    ),
    staged=(("ends", "date"),),
    example="2024-03-24",
    note="如 2024-03-24",
)
PERIOD = Column(
    "period",
    "培训起止时间",
    cleaning.period,
    synonyms=words(
        "起止时间 培训起止日期 起止日期 培训期限 培训时间段 培训时间(起止) 培训时间(起-止)"
        " 培训时间(起止时间) 培训时间(起止日期) 起止年月"
    ),
    offered=False,
)
CLASS_NO = Column(
    "class_no",
    "班级编号",
    cleaning.text(40),
    synonyms=words(
        "班级号 班级代码 班期编号 班号 开班编号 班次编号 培训班编号 期数 班次 班级 班期 chb068 chb100"
    ),
    staged=(("class_no", "text"),),
    example="KS-2024-07",
)
PROVIDER = Column(
    "provider",
    "培训机构",
    _provider,
    synonyms=words(
        "培训机构名称 承训机构 承训单位 培训单位 培训学校 承办机构 承训机构名称 培训主体 培训承办单位"
        " 培训实施单位 定点培训机构"
    ),
    staged=(("provider", "text"), ("provider_key", "text")),
    example="喀什红柳职业技能培训学校",
    width=28,
)
LEVEL = Column(
    "level",
    "等级",
    cleaning.level,
    synonyms=words(
        "级别 认定等级 职业技能等级 申报等级 证书等级 技能等级 培训等级 等级(级别) 鉴定等级 职业等级"
        " 技能级别 工种等级 培训级别"
    ),
    staged=(("level", "smallint"),),
    choices=levels.EXAMINED,
    example="初级工",
)
HOURS = Column(
    "hours",
    "课时",
    cleaning.number(most=MOST_HOURS, decimals=1),
    synonyms=words(
        "学时 培训课时 培训学时 总课时 课时数 学时数 总学时 培训时间(学时) 培训时间(课时) 培训课时(课时)"
        " 培训时长 时间(学时) 时间(课时) chb109"
    ),
    staged=(("hours", "numeric"),),
    example="80",
    width=8,
)
SCORE = Column(
    "score",
    "考核成绩",
    _score,
    synonyms=words(
        "成绩 综合成绩 考试成绩 结业成绩 总成绩 成绩综合成绩 成绩综合 考核分数 分数 鉴定成绩 chc109"
    ),
    staged=(("score", "numeric"),),
    example="85",
    width=10,
)
RESULT = Column(
    "result",
    "考核结果",
    cleaning.choice(said.RESULT, what="考核结果", offered=said.RESULT_OFFERED),
    synonyms=words(
        "是否合格 考试结果 考核是否合格 结业情况 考核情况 成绩考核结果 鉴定结果 培训结果 是否结业"
    ),
    staged=(("result", "text"),),
    choices=said.RESULT_OFFERED,
    example="合格",
    width=10,
)
CERT_NAME = Column(
    "cert_name",
    "证书名称",
    cleaning.text(100),
    synonyms=words("证书类型 证书类别 证书种类 取得证书名称 获得证书名称 证书"),
    staged=(("cert_name", "text"),),
    example="职业技能等级证书",
    width=20,
)
CERT_NO = Column(
    "cert_no",
    "证书编号",
    certificate_number,
    synonyms=words(
        "证书号 证书号码 职业技能等级证书编号 合格证书编号 结业证书编号 培训合格证书编号 资格证书编号"
        " 证书证书编号"
    ),
    staged=(("cert_no", "text"), ("cert_verdict", "text")),
    memo=False,
    note="单元格须为文本格式",
    example="S000065000123245000057",
    width=26,
)
CERT_ON = Column(
    "cert_on",
    "发证日期",
    cleaning.day(),
    synonyms=words(
        "发证时间 证书发证日期 证书核发日期 颁证日期 证书版面发证日期 取证日期 取证时间 核发日期 证书日期"
        " 颁发日期"
    ),
    staged=(("cert_on", "date"),),
    example="2024-04-10",
)
AMOUNT = Column(
    "amount",
    "补贴金额",
    cleaning.amount,
    synonyms=words(
        "培训补贴金额 补贴资金 实际补贴金额 补贴额 拨付金额 补助金额 发放金额 核定补贴金额 补贴总额"
        " 培训补贴 补贴合计"
    ),
    staged=(("amount_fen", "bigint"),),
    example="1000",
    note="单位：元",
)
FUND = Column(
    "fund",
    "资金来源",
    cleaning.choice(said.FUND, what="资金来源", offered=said.FUND_OFFERED),
    synonyms=words("补贴资金来源 资金渠道 经费来源 资金类别 资金类型 补贴来源"),
    staged=(("fund", "text"),),
    choices=said.FUND_OFFERED,
    example="就业补助资金",
    width=22,
)
TRAINING_TYPE = Column(
    "training_type",
    "培训类型",
    cleaning.choice(said.TRAINING_TYPE, what="培训类型", offered=said.TRAINING_TYPE_OFFERED),
    synonyms=words("培训类别 培训种类 培训性质"),
    staged=(("training_type", "text"),),
    choices=said.TRAINING_TYPE_OFFERED,
    example="就业技能培训",
    width=18,
)

_ENDS_EARLY = Fault("DATE_INVALID", ERROR, "结束日期早于开始日期；请核对")
_NOTHING_TAUGHT = Fault("OCCUPATION_UNKNOWN", ERROR, "培训项目与培训工种都未填；请至少填写一项")
_YEAR = Fault("CERTIFICATE_MISMATCH", ERROR, "证书编号中的年份与发证日期不符；请对照证书更正其一")
_LEVEL = Fault("CERTIFICATE_MISMATCH", ERROR, "证书编号中的等级与等级列不符；请对照证书更正其一")


class _ClassKeys:
    """The class as numbered; else a number made of what was taught, and when: the same training gives the
    same.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], str] = {}

    def key(self, number: str | None, *training: Any) -> str:
        if number is not None:
            return copy_text(number)
        found = self._made.get(training)
        if found is None:
            digest = blake2b(
                "|".join(map(str, training)).encode("utf-8", "replace"), digest_size=6
            ).hexdigest()
            found = f"台账-{digest}"
            if len(self._made) < _CLASSES_REMEMBERED:
                self._made[training] = found
        return found


_CLASSES_REMEMBERED = 20_000


def _finish(bench: Bench) -> Finish:
    keys = _ClassKeys()

    def finish(values: dict[str, list[Any]], staged: dict[str, Sequence[str]]) -> None:
        contradictions(bench)
        starts, ends = _span(bench, staged)
        last = ENDS if ENDS.key in values else PERIOD
        for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if start is not None and end is not None and end < start:
                bench.tell_of(at, last, _ENDS_EARLY)
        projects, occupations = bench.column("project"), bench.column("occupation")
        for at, (project, occupation) in enumerate(zip(projects, occupations, strict=True)):
            if project is None and occupation is None:
                _tell_nothing_taught(bench, at)
        staged["class_key"] = list(
            map(
                keys.key, bench.column("class_no"), projects, occupations, bench.column("level"), starts, ends
            )
        )
        _results_among_scores(values, staged)
        if CERT_NO.key in values:
            _judge_certificates(bench)
            staged["cert_family"] = [
                NULL if verdict is None else family_of(name or "", verdict.format)
                for name, verdict in zip(bench.column("cert_name"), values[CERT_NO.key], strict=True)
            ]

    return finish


def _span(bench: Bench, staged: dict[str, Sequence[str]]) -> tuple[list[date | None], list[date | None]]:
    """Start and end of each row; two columns win over one that holds both."""
    starts, ends = bench.column("starts"), bench.column("ends")
    if PERIOD.key not in bench.values:
        return starts, ends
    periods = bench.values[PERIOD.key]
    starts = [start or (period and period[0]) for start, period in zip(starts, periods, strict=True)]
    ends = [end or (period and period[1]) for end, period in zip(ends, periods, strict=True)]
    staged["starts"] = [NULL if day is None else day.isoformat() for day in starts]
    staged["ends"] = [NULL if day is None else day.isoformat() for day in ends]
    return starts, ends


def _results_among_scores(values: dict[str, list[Any]], staged: dict[str, Sequence[str]]) -> None:
    """Where a word stands for the score, it is the result of rows that say none: 缺考 is no pass."""
    scores = values.get(SCORE.key, ())
    if any(type(score) is str for score in scores):
        results = list(staged.get("result") or [NULL] * len(scores))
        for at, score in enumerate(scores):
            if type(score) is str and results[at] == NULL:
                results[at] = score
        staged["result"] = results


def _tell_nothing_taught(bench: Bench, at: int) -> None:
    if not (bench.is_faulty(at, "project") or bench.is_faulty(at, "occupation")):
        bench.tell_of(at, OCCUPATION if OCCUPATION.key in bench.printed else PROJECT, _NOTHING_TAUGHT)


def _judge_certificates(bench: Bench) -> None:
    """Year and level in the number against the row."""
    rows = zip(bench.column("cert_no"), bench.column("cert_on"), bench.column("level"), strict=True)
    for at, (verdict, issued, level) in enumerate(rows):
        if verdict is None:
            continue
        if issued is not None and numbering.year_disagrees(verdict, issued):
            bench.tell_of(at, CERT_NO, _YEAR)
        if level is not None and numbering.level_disagrees(verdict, level):
            bench.tell_of(at, CERT_NO, _LEVEL)


def _is_period(cell: Cell) -> bool:
    if not isinstance(cell, str):
        return isinstance(cell, date)
    try:
        parse_range(cell)
    except Unreadable:
        return False
    return True


def _is_hours(cell: Cell) -> bool:
    if isinstance(cell, str):
        return re.fullmatch(r"\d{1,3}(?:\.\d+)?(?:学时|课时|小时)?", cell.strip()) is not None
    return isinstance(cell, int | float) and 0 < cell <= MOST_HOURS


LEDGER = SheetSpec(
    kind="ledger",
    label="实名制台账",
    origin="training.ledgers.columns:LEDGER",
    columns=(
        NAME,
        ID_NUMBER,
        DOC_KIND,
        PROJECT,
        OCCUPATION,
        STARTS,
        ENDS,
        CLASS_NO,
        PROVIDER,
        LEVEL,
        HOURS,
        SCORE,
        RESULT,
        CERT_NAME,
        CERT_NO,
        CERT_ON,
        AMOUNT,
        FUND,
        CATEGORY,
        TRAINING_TYPE,
        PERIOD,
        SEX,
        BIRTH,
    ),
    unsure=((("培训时间", "时间", "培训日期"), (("hours", _is_hours), ("period", _is_period))),),
    required=(("name",), ("id_number",), ("project", "occupation"), ("starts", "period"), ("ends", "period")),
    finish=_finish,
    finish_staged=(("class_key", "text"), ("cert_family", "text")),
)
