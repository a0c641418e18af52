"""The rules on a list of candidates that need the registry or the other rows: one statement each, all in one list."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from registry.intake.kinds import Check

person_stands_above = Check(
    code="ID_DUPLICATE_IN_FILE",
    column="id_number",
    message=_("与第 %s 行证件号码相同。只登记先出现的一行,请删除本行或更正号码。"),
    sql='SELECT "row", first_row AS detail FROM {r} WHERE first_row < "row"',
    takes_detail=True,
)

name_differs_from_registry = Check(
    code="ID_NAME_CONFLICT",
    column="name",
    message=_("该证件号码已登记在另一个姓名之下。请对照证件核对姓名和号码;确需更名的,走信息更正。"),
    sql="""
        SELECT r."row" FROM {r} r
        WHERE r.name_key <> '' AND r.known_name_key <> r.name_key
          AND (SELECT 1 FROM people_person a
               WHERE a.merged_into_id = r.known_id AND a.name_key = r.name_key LIMIT 1) IS NULL
    """,
)

registered_otherwise = Check(
    code="ALREADY_REGISTERED",
    column="id_number",
    message=_("该考生已在本批次中,但考试类型不同或已退出。原记录不动;如需更改,请在批次页面办理。"),
    sql='SELECT "row" FROM {r} WHERE mode = \'differs\' AND first_row = "row"',
)

exam_takes_nobody = Check(
    code="EXAM_CLOSED",
    column="id_number",
    message=_("该批次已考试或已取消,不能再加入考生。"),
    sql="""
        SELECT r."row" FROM {r} r, t_exam e WHERE e.state NOT IN ('draft', 'published') AND r.mode = 'new'
    """,
)

another_occupation = Check(
    code="EXAM_MISMATCH",
    column="occupation",
    message=_("职业(工种)与批次的职业不符。请核对职业名称,或报到相应的批次。"),
    sql="""
        SELECT s."row" FROM {s} s CROSS JOIN t_exam e LEFT JOIN t_occupation o ON o.occupation = s.occupation
        WHERE s.occupation IS NOT NULL AND o.occupation_id IS DISTINCT FROM e.occupation_id
          AND s.occupation <> e.direction
    """,
)

another_level = Check(
    code="EXAM_MISMATCH",
    column="level",
    message=_("认定等级与批次的等级不符。请核对等级,或报到相应的批次。"),
    sql='SELECT s."row" FROM {s} s, t_exam e WHERE s.level IS NOT NULL AND s.level <> e.level_id',
)

conditions_are_unmet = Check(
    code="CONDITION_UNMET",
    column="path",
    message=_("不符合申报条件:%s。请核对年限、证书、学历或职称后补填,或改报其他等级。"),
    sql="""
        SELECT r."row", r.unmet AS detail FROM {r} r
        WHERE r.unmet <> '' AND r.mode = 'new' AND r.bidx IS NOT NULL
    """,
    takes_detail=True,
)

certificate_is_somebody_elses = Check(
    code="CERTIFICATE_NUMBER_TAKEN",
    column="held_no",
    message=_("所填原证书编号登记在另一人名下。请对照证书原件核对编号。"),
    sql='SELECT "row" FROM {r} WHERE stranger',
)

certificate_is_unknown = Check(
    code="CERTIFICATE_NOT_FOUND",
    column="held_no",
    severity="warning",
    message=_("所填原证书不在库中。请查验证书原件,并核对证书等级和发证日期。"),
    sql='SELECT "row" FROM {r} WHERE held_unknown',
)

papers_are_missing = Check(
    code="EVIDENCE_MISSING",
    column="evidence",
    severity="warning",
    message=_("按所依据的申报条件还缺:%s。请收齐后在批次页面补登。"),
    sql="SELECT \"row\", lacking AS detail FROM {r} WHERE lacking <> ''",
    takes_detail=True,
)

works_in_this_batch = Check(
    code="ASSESSOR_CONFLICT",
    column="id_number",
    message=_("该考生是本批次的考务人员,或考务人员已声明须回避。请先更换考务人员,或改报其他批次。"),
    sql="""
        SELECT DISTINCT r."row" FROM {r} r
        JOIN evaluations_duty u ON u.exam_id = %(exam)s
        JOIN evaluations_assessor a ON a.id = u.assessor_id
        WHERE a.blind_index = r.bidx
           OR EXISTS (SELECT FROM evaluations_avoidance v WHERE v.assessor_id = a.id AND v.person_id = r.known_id)
    """,
)

resit_of_nothing = Check(
    code="NOT_ENROLLED",
    column="attempt",
    message=_("该考生没有参加过本机构同职业同等级的考试,不能报补考。请改为正考。"),
    sql="""
        SELECT r."row" FROM {r} r, t_exam e
        WHERE r.attempt = 'resit' AND r.mode = 'new' AND r.bidx IS NOT NULL AND NOT EXISTS (
            SELECT FROM evaluations_candidate c JOIN evaluations_exam x ON x.id = c.exam_id
            WHERE c.person_id = r.known_id AND x.body_id = e.body_id AND x.occupation_id = e.occupation_id
              AND x.level_id = e.level_id AND x.id <> e.id AND x.state IN ('locked', 'closed'))
    """,
)

CHECKS: tuple[Check, ...] = (
    person_stands_above,
    name_differs_from_registry,
    registered_otherwise,
    exam_takes_nobody,
    another_occupation,
    another_level,
    conditions_are_unmet,
    certificate_is_somebody_elses,
    certificate_is_unknown,
    papers_are_missing,
    works_in_this_batch,
    resit_of_nothing,
)
