"""Short Chinese names of codes, for filters, cards and headings. What to do is said by the issue itself."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FAULTS = {
    "FILE_TYPE": _("不是表格"),
    "FILE_UNREADABLE": _("无法读取"),
    "FILE_TOO_LARGE": _("文件过大"),
    "ARCHIVE_BOMB": _("内容异常膨胀"),
    "EMPTY": _("没有内容"),
    "NO_HEADER": _("找不到表头"),
    "COLUMN_MISSING": _("缺少列"),
    "SHEET_AMBIGUOUS": _("工作表不明确"),
    "ENCODING": _("文字编码"),
    "NAME_MISSING": _("缺姓名"),
    "ID_MISSING": _("缺证件号码"),
    "ID_TRUNCATED": _("证件号码被截断"),
    "ID_LENGTH": _("证件号码位数"),
    "ID_CHARACTER": _("证件号码字符"),
    "ID_BIRTH_DATE": _("证件号码出生日期"),
    "ID_CHECK_DIGIT": _("证件号码校验位"),
    "ID_DUPLICATE_IN_FILE": _("表内重复"),
    "ID_NAME_CONFLICT": _("姓名与登记不符"),
    "AGE_OUT_OF_RANGE": _("年龄"),
    "CLASS_FULL": _("超出班额"),
    "CLASS_CLOSED": _("班级已结束"),
    "SCOPE_EXCEEDED": _("超出备案范围"),
    "SESSION_OVERLAP": _("上课时间冲突"),
    "DATE_INVALID": _("日期"),
    "NUMBER_INVALID": _("数字"),
    "LEVEL_UNKNOWN": _("等级"),
    "OCCUPATION_UNKNOWN": _("工种"),
    "CATEGORY_UNKNOWN": _("人员类别"),
    "INSTITUTION_UNKNOWN": _("培训机构"),
    "CELL_ERROR": _("公式错误"),
    "CERTIFICATE_NUMBER_FORMAT": _("证书编号格式"),
    "CERTIFICATE_NUMBER_TAKEN": _("证书编号已用"),
    "CERTIFICATE_MISMATCH": _("证书与行不符"),
    "CERTIFICATE_NOT_FOUND": _("原证书不在库"),
    "EXAM_CLOSED": _("批次已考试或锁定"),
    "EXAM_MISMATCH": _("与批次不符"),
    "CONDITION_UNMET": _("不符合申报条件"),
    "EVIDENCE_MISSING": _("申报材料不全"),
    "ASSESSOR_CONFLICT": _("须回避"),
    "NOT_ENROLLED": _("不在名单"),
    "NOT_PASSED": _("未合格"),
    "ALREADY_REGISTERED": _("与已登记不同"),
    "CLEANED": _("已自动整理"),
    "SEX_MISMATCH": _("性别不符"),
    "BIRTH_MISMATCH": _("出生日期不符"),
    "PHONE_INVALID": _("电话"),
    "PHONE_SHARED": _("多人同一电话"),
    "REGION_UNKNOWN": _("地区"),
    "ACCOUNT_SUSPECT": _("银行账户"),
    "OVERLAPPING_CLASS": _("同期另有培训"),
}

CREATED = {
    "persons": _("新建学员"),
    "classes": _("新建班级"),
    "enrolments": _("培训记录"),
    "certificates": _("证书"),
    "payments": _("补贴记录"),
    "phones": _("联系电话"),
    "candidates": _("考生"),
    "scores": _("成绩"),
    "accounts": _("银行账户"),
}


def fault(code: str) -> str:
    """The short name of a code; a code without one stands for itself."""
    return str(FAULTS.get(code, code))
