"""The rules on a ledger that need the registry or the other rows: one statement each, all in one visible list."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from registry.intake.kinds import Check
from training.catalogue.checks import age_out_of_range, also_called, region_of_number_is_unknown

institution_is_unknown = Check(
    code="INSTITUTION_UNKNOWN",
    column="provider",
    message=_("机构目录中没有这个培训机构。请核对全称或统一社会信用代码;确属在册机构的旧称,请先登记别名。"),
    sql='SELECT "row" FROM {r} WHERE institution_id IS NULL',
)

provider_is_not_ours = Check(
    code="INSTITUTION_UNKNOWN",
    column="provider",
    message=_("这个培训机构或班级不在您的办理范围内。请核对机构名称和班级编号;确属他处的,由当地或上级办理。"),
    sql="""
        SELECT r."row" FROM {r} r
        WHERE r.institution_id <> %(own)s::bigint
           OR %(office)s::text IS NOT NULL AND r.region_code NOT IN (
                SELECT c.descendant_id FROM regions_closure c WHERE c.ancestor_id = %(office)s::text)
    """,
)

occupation_is_unknown = Check(
    code="OCCUPATION_UNKNOWN",
    column="occupation",
    message=_("职业目录中没有这个工种。请改用职业分类大典的名称,或先为该写法指定对应的职业。"),
    sql='SELECT "row" FROM {r} WHERE occupation_unknown',
)

training_stands_above = Check(
    code="ID_DUPLICATE_IN_FILE",
    column="id_number",
    message=_("与第 %s 行是同一人的同一次培训。只登记先出现的一行,请删除本行或更正班级、日期。"),
    sql="""
        SELECT "row", first_row AS detail FROM {r} WHERE first_row < "row"
        UNION ALL
        -- Somebody who stands there under two documents would be finished twice.
        SELECT "row", above FROM (
            SELECT "row", first_row, min("row") OVER (PARTITION BY enrolment_id) AS above
            FROM {r} WHERE mode = 'finishes') f
        WHERE above < "row" AND first_row = "row"
    """,
    takes_detail=True,
)

name_differs_from_registry = Check(
    code="ID_NAME_CONFLICT",
    column="name",
    message=_("该证件号码已登记在另一个姓名之下。请对照证件核对姓名和号码;确需更名的,走信息更正。"),
    sql=f"""
        SELECT r."row" FROM {{r}} r
        WHERE r.name_key <> '' AND coalesce(r.known_name_key, r.file_name_key, r.name_key) <> r.name_key
          AND NOT {also_called("r.known_id", "r.name_key")}
    """,
)

registered_otherwise = Check(
    code="ALREADY_REGISTERED",
    column="id_number",
    message=_(
        "该学员在本班的记录已经登记,与本行的日期、课时、成绩、人员类别、培训类型、证书或金额不同,或学员已退出、班级已撤销。"
        "原记录不动;如需更正,请走更正流程。"
    ),
    sql='SELECT "row" FROM {r} WHERE mode = \'differs\' AND first_row = "row"',
)

certificate_is_taken = Check(
    code="CERTIFICATE_NUMBER_TAKEN",
    column="cert_no",
    message=_("该证书编号已登记在另一人名下,或本表上方另一人已使用。请对照证书原件核对编号。"),
    sql="""
        SELECT "row" FROM {r}
        WHERE bidx IS NOT NULL AND (certificate_id IS NOT NULL AND certificate_person IS DISTINCT FROM known_id
                                    OR certificate_bidx <> bidx)
    """,
)

overlaps_another_class = Check(
    code="OVERLAPPING_CLASS",
    column="starts",
    severity="warning",
    message=_("该学员同一时期还有另一个班的培训记录,请核对起止日期。"),
    sql="""
        SELECT r."row" FROM {r} r
        JOIN enrolments_enrolment e ON e.person_id = r.known_id
        WHERE r.mode = 'new' AND e.state <> 'withdrawn' AND e.klass_id IS DISTINCT FROM r.klass_id
          AND e.started_on <= r.ends AND coalesce(e.finished_on, e.started_on) >= r.starts
        UNION
        SELECT r."row" FROM t_number_twice n
        JOIN t_number_twice m ON m.person_row = n.person_row AND m."row" < n."row" AND m.first_row <> n.first_row
        JOIN {r} r ON r."row" = n."row"
        JOIN {r} above ON above."row" = m."row"
        WHERE r.mode = 'new' AND above.starts <= r.ends AND above.ends >= r.starts
    """,
)

CHECKS: tuple[Check, ...] = (
    institution_is_unknown,
    provider_is_not_ours,
    occupation_is_unknown,
    training_stands_above,
    name_differs_from_registry,
    registered_otherwise,
    age_out_of_range('SELECT "row", birth, sex, starts AS day, region_code FROM {r}'),
    certificate_is_taken,
    overlaps_another_class,
    region_of_number_is_unknown,
)
