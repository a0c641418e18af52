"""Code lists that classes, enrolments, claims and targets share. Codes are stored; labels are shown."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class TrainingType(models.TextChoices):
    """Kind of training (培训类型)."""

    EMPLOYMENT = "employment", _("就业技能培训")
    UPGRADE = "upgrade", _("岗位技能提升培训")
    STARTUP = "startup", _("创业培训")
    APPRENTICE = "apprentice", _("企业新型学徒制")
    PREJOB = "prejob", _("岗前培训")
    PROJECT = "project", _("项目制培训")
    OTHER = "other", _("其他")


class PersonCategory(models.TextChoices):
    """Category of the trainee (人员类别), judged at the time of the training and kept on the enrolment."""

    POVERTY = "poverty", _("脱贫人口（含防返贫监测对象）")
    GRADUATE = "graduate", _("毕业年度高校毕业生")
    SCHOOL_LEAVER = "school_leaver", _("城乡未继续升学的应届初高中毕业生")
    RURAL = "rural", _("农村转移就业劳动者")
    UNEMPLOYED = "unemployed", _("城镇登记失业人员")
    HARDSHIP = "hardship", _("就业困难人员")
    VETERAN = "veteran", _("退役军人")
    DISABLED = "disabled", _("残疾人")
    LAID_OFF = "laid_off", _("去产能职工")
    EMPLOYEE = "employee", _("企业职工")
    GIG = "gig", _("新业态人员")
    OTHER = "other", _("其他")


class Funding(models.TextChoices):
    """Who pays for a class; only `subsidised` counts as 补贴性培训."""

    SUBSIDISED = "subsidised", _("财政补贴")
    EMPLOYER = "employer", _("用人单位出资")
    MARKET = "market", _("市场收费")


class FundSource(models.TextChoices):
    """The public fund a payment comes from (资金来源)."""

    JIUYE = "jiuye", _("就业补助资金")
    SHIYE = "shiye", _("失业保险基金")
    ZHUANZHANG = "zhuanzhang", _("职业技能提升行动专账资金")
    CANBAO = "canbao", _("残疾人就业保障金")
    OTHER = "other", _("其他")


class SubsidyUnit(models.TextChoices):
    """What a project's standard is counted by; the amounts themselves are dated rows elsewhere."""

    PERSON = "person", _("元/人")
    PERSON_YEAR = "person_year", _("元/人·年")
    HOUR = "hour", _("元/课时")
    DAY = "day", _("元/天")
