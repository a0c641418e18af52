"""The rules on a roster that need the registry or the other rows: one statement each, all in one visible list."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from registry.intake.kinds import Check
from training.catalogue.checks import age_out_of_range, also_called, region_of_number_is_unknown

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
    sql=f"""
        SELECT s."row" FROM {{s}} s JOIN {{r}} r USING ("row")
        WHERE s.name_key <> '' AND r.known_name_key <> s.name_key AND NOT {also_called("r.known_id", "s.name_key")}
    """,
)

registered_otherwise = Check(
    code="ALREADY_REGISTERED",
    column="id_number",
    message=_("该学员已在本班名单中,但人员类别不同或已退出。原记录不动;如需更正,请走更正流程。"),
    sql='SELECT "row" FROM {r} WHERE mode = \'differs\' AND first_row = "row"',
)

class_is_closed = Check(
    code="CLASS_CLOSED",
    column="id_number",
    message=_("该班已结班、中止或撤销,不能再加入学员。确需补录的,请先由审核部门重新开放。"),
    sql="""
        SELECT r."row" FROM {r} r, t_class k
        WHERE k.id IS NOT NULL AND k.state NOT IN ('draft', 'open', 'running') AND r.mode = 'new'
    """,
)

# Asked last: a row that is rejected for something else takes no seat from one that is right.
class_is_full = Check(
    code="CLASS_FULL",
    column="id_number",
    message=_("超出班额 %s 人。请减少名单,或先申请调整班额。"),
    sql="""
        SELECT f."row", f.capacity AS detail FROM (
            SELECT r."row", k.capacity,
                   row_number() OVER (ORDER BY r."row")
                   + (SELECT count(*) FROM enrolments_enrolment e
                      WHERE e.klass_id = k.id AND e.state <> 'withdrawn') AS seat
            FROM {r} r, t_class k
            WHERE k.capacity IS NOT NULL AND r.mode = 'new' AND NOT EXISTS (
                SELECT 1 FROM intake_issue i
                WHERE i.batch_id = %(batch)s::uuid AND i."row" = r."row" AND i.severity = 'error')) f
        WHERE f.seat > f.capacity
    """,
    takes_detail=True,
)

provider_is_not_filed = Check(
    code="SCOPE_EXCEEDED",
    column="id_number",
    message=_("培训机构在开班日没有该职业和等级的培训备案。请先办理备案,或更正班级的职业和等级。"),
    sql="""
        SELECT r."row" FROM {r} r, t_class k
        WHERE k.occupation_id IS NOT NULL AND r.mode = 'new' AND NOT EXISTS (
            SELECT 1 FROM institutions_filing f
            WHERE f.institution_id = k.institution_id AND f.purpose = 'train' AND f.occupation_id = k.occupation_id
              AND (f.level_id IS NULL OR f.level_id = k.level_id)
              AND k.starts_on BETWEEN f.valid_from AND coalesce(f.valid_to, 'infinity'))
    """,
)

_OTHER_CLASSES = """
    FROM {r} r JOIN enrolments_enrolment e
        ON e.person_id = r.known_id AND e.state IN ('enrolled', 'studying', 'finished')
    JOIN classes_trainingclass o ON o.id = e.klass_id, t_class k
    WHERE k.id IS NOT NULL AND r.mode = 'new' AND o.id <> k.id AND o.state <> 'cancelled'
      AND o.starts_on <= k.ends_on AND o.ends_on >= k.starts_on
"""

sessions_overlap = Check(
    code="SESSION_OVERLAP",
    column="id_number",
    message=_("该学员在另一个班有时间重叠、地点不同的课次,不可能同时上课。请核对两个班的名单和课表。"),
    sql=f"""
        SELECT DISTINCT r."row" {_OTHER_CLASSES} AND EXISTS (
            SELECT 1 FROM classes_session a JOIN classes_session b
                ON b."on" = a."on" AND b.starts < a.ends AND a.starts < b.ends AND b.place <> a.place
            WHERE a.klass_id = k.id AND b.klass_id = o.id)
    """,
)

classes_overlap = Check(
    code="OVERLAPPING_CLASS",
    column="id_number",
    severity="warning",
    message=_("该学员同一时期还在另一个班,请核对起止日期和课表。"),
    sql=f'SELECT DISTINCT r."row" {_OTHER_CLASSES}',
)

phone_is_shared = Check(
    code="PHONE_SHARED",
    column="phone",
    severity="warning",
    message=_("同一电话号码登记在 %s 人名下,请核对是否为本人电话。"),
    sql="""
        SELECT s."row", u.people AS detail FROM {s} s JOIN (
            SELECT b.phone_bidx, count(DISTINCT b.who) AS people FROM (
                SELECT s.phone_bidx, coalesce(r.known_id, s.person_uuid) AS who
                FROM {s} s JOIN {r} r USING ("row") WHERE s.phone_bidx IS NOT NULL AND r.first_row = r."row"
                UNION ALL
                SELECT p.blind_index, p.person_id FROM people_phone p
                WHERE p.blind_index IN (SELECT phone_bidx FROM {s})
            ) b GROUP BY b.phone_bidx HAVING count(DISTINCT b.who) >= %(phone_limit)s::int
        ) u USING (phone_bidx)
    """,
    takes_detail=True,
)

home_region_is_unknown = Check(
    code="REGION_UNKNOWN",
    column="region",
    severity="warning",
    message=_("户籍地区划不在行政区划目录中,或有几处同名,未登记户籍地。请填写六位代码或全称。"),
    sql="""
        SELECT s."row" FROM {s} s JOIN t_home h ON h.region = s.region WHERE h.code IS NULL
    """,
)

CHECKS: tuple[Check, ...] = (
    person_stands_above,
    name_differs_from_registry,
    registered_otherwise,
    age_out_of_range(
        'SELECT s."row", s.birth, s.sex, k.day, %(place)s::text COLLATE "C" AS region_code FROM {s} s, t_class k'
    ),
    class_is_closed,
    provider_is_not_filed,
    sessions_overlap,
    classes_overlap,
    phone_is_shared,
    home_region_is_unknown,
    region_of_number_is_unknown,
    class_is_full,
)
