"""Words that sheets use for the codes of this app. Pure: the caged reader imports it, and knows no database.

Every code of :mod:`training.catalogue.codes` has its label here; what else people write for it follows.
"""
from __future__ import annotations

CATEGORY: dict[str, str] = {
    "脱贫人口(含防返贫监测对象)": "poverty", "脱贫人口": "poverty", "脱贫户": "poverty", "脱贫劳动力": "poverty",
    "脱贫家庭子女": "poverty", "脱贫人口(含监测对象)": "poverty", "防返贫监测对象": "poverty", "防止返贫监测对象": "poverty",
    "监测对象": "poverty", "监测户": "poverty", "贫困家庭子女": "poverty", "建档立卡贫困劳动力": "poverty",
    "建档立卡贫困人口": "poverty", "建档立卡": "poverty", "建档立卡户": "poverty", "贫困劳动力": "poverty", "贫困户": "poverty",
    "脱贫不稳定户": "poverty", "边缘易致贫户": "poverty", "突发严重困难户": "poverty",
    "毕业年度高校毕业生": "graduate", "高校毕业生": "graduate", "毕业年度高校毕业生(含技师学院高级工班)": "graduate",
    "大中专毕业生": "graduate", "离校未就业高校毕业生": "graduate", "毕业2年内高校毕业生": "graduate", "大学生": "graduate",
    "城乡未继续升学的应届初高中毕业生": "school_leaver", "未继续升学应届初高中毕业生": "school_leaver", "两后生": "school_leaver",
    "城乡未继续升学初高中毕业生": "school_leaver", "初高中毕业生": "school_leaver", "应届初高中毕业生": "school_leaver",
    "农村转移就业劳动者": "rural", "农村转移劳动力": "rural", "农村转移就业劳动力": "rural", "农民工": "rural", "农村劳动力": "rural",
    "农村劳动者": "rural", "农村富余劳动力": "rural", "转移就业劳动者": "rural", "农牧民": "rural", "返乡农民工": "rural",
    "农村转移就业人员": "rural", "进城务工人员": "rural", "高素质农民": "rural", "新型职业农民": "rural",
    "城镇登记失业人员": "unemployed", "登记失业人员": "unemployed", "失业人员": "unemployed", "城镇失业人员": "unemployed",
    "下岗失业人员": "unemployed",
    "就业困难人员": "hardship", "城镇就业困难人员": "hardship", "就业援助对象": "hardship", "零就业家庭": "hardship",
    "零就业家庭成员": "hardship", "低保家庭人员": "hardship", "低保人员": "hardship", "4050人员": "hardship",
    "退役军人": "veteran", "退伍军人": "veteran", "退役士兵": "veteran", "复员军人": "veteran", "转业军人": "veteran",
    "残疾人": "disabled", "残疾人员": "disabled", "残疾": "disabled",
    "去产能职工": "laid_off", "去产能分流职工": "laid_off", "化解过剩产能职工": "laid_off", "转岗职工": "laid_off",
    "企业职工": "employee", "在职职工": "employee", "企业在职职工": "employee", "企业": "employee", "企业新录用人员": "employee",
    "在岗职工": "employee", "职工": "employee",
    "新业态人员": "gig", "新业态从业人员": "gig", "新就业形态劳动者": "gig", "新就业形态人员": "gig", "灵活就业人员": "gig",
    "其他": "other", "其它": "other", "其他人员": "other", "其他劳动者": "other", "社会": "other", "社会人员": "other",
}
CATEGORY_OFFERED = (
    "脱贫人口(含防返贫监测对象)", "毕业年度高校毕业生", "城乡未继续升学的应届初高中毕业生", "农村转移就业劳动者",
    "城镇登记失业人员", "就业困难人员", "退役军人", "残疾人", "去产能职工", "企业职工", "新业态人员", "其他",
)

FUND: dict[str, str] = {
    "就业补助资金": "jiuye", "就业资金": "jiuye", "就业补助": "jiuye", "就业专项资金": "jiuye", "中央就业补助资金": "jiuye",
    "就业创业补助资金": "jiuye", "促进就业专项资金": "jiuye", "就业补助金": "jiuye",
    "失业保险基金": "shiye", "失业保险": "shiye", "失业保险金": "shiye", "失业保险技能提升": "shiye", "失业基金": "shiye",
    "职业技能提升行动专账资金": "zhuanzhang", "专账资金": "zhuanzhang", "技能提升专账资金": "zhuanzhang",
    "职业技能提升行动资金": "zhuanzhang", "职业技能提升行动专账": "zhuanzhang", "技能提升行动专账资金": "zhuanzhang",
    "职业技能提升专账资金": "zhuanzhang", "提升行动专账": "zhuanzhang", "专账": "zhuanzhang",
    "残疾人就业保障金": "canbao", "残保金": "canbao", "残疾人保障金": "canbao",
    "其他": "other", "其它": "other", "其他资金": "other", "地方财政": "other", "财政资金": "other", "县级财政资金": "other",
    "援疆资金": "other", "衔接资金": "other", "乡村振兴衔接资金": "other",
}
FUND_OFFERED = ("就业补助资金", "失业保险基金", "职业技能提升行动专账资金", "残疾人就业保障金", "其他")

TRAINING_TYPE: dict[str, str] = {
    "就业技能培训": "employment", "就业培训": "employment", "就业前培训": "employment", "就业技能": "employment",
    "技能培训": "employment", "职业技能培训": "employment", "初级技能培训": "employment",
    "岗位技能提升培训": "upgrade", "岗位技能提升": "upgrade", "技能提升培训": "upgrade", "技能提升": "upgrade",
    "在岗培训": "upgrade", "在职培训": "upgrade", "岗位培训": "upgrade", "高技能人才培训": "upgrade",
    "创业培训": "startup", "创业能力培训": "startup", "SYB": "startup", "GYB": "startup", "IYB": "startup",
    "网络创业培训": "startup",
    "企业新型学徒制": "apprentice", "新型学徒制": "apprentice", "企业新型学徒制培训": "apprentice", "学徒制培训": "apprentice",
    "新型学徒": "apprentice", "企业新型学徒": "apprentice", "学徒制": "apprentice", "学徒培训": "apprentice",
    "岗前培训": "prejob", "企业岗前培训": "prejob", "新录用人员岗前培训": "prejob", "上岗培训": "prejob", "岗前": "prejob",
    "项目制培训": "project", "项目制": "project", "项目制购买培训": "project",
    "其他": "other", "其它": "other", "其他培训": "other",
}
TRAINING_TYPE_OFFERED = (
    "就业技能培训", "岗位技能提升培训", "创业培训", "企业新型学徒制", "岗前培训", "项目制培训", "其他",
)

RESULT: dict[str, str] = {
    "合格": "pass", "通过": "pass", "及格": "pass", "是": "pass", "达标": "pass", "考核合格": "pass", "优秀": "pass",
    "良好": "pass", "良": "pass", "优": "pass", "中": "pass", "√": "pass", "结业": "pass", "取证": "pass", "已结业": "pass",
    "已通过": "pass", "已取证": "pass", "1": "pass",
    "不合格": "fail", "未通过": "fail", "不及格": "fail", "否": "fail", "未达标": "fail", "考核不合格": "fail", "未合格": "fail",
    "差": "fail", "×": "fail", "缺考": "fail", "未取证": "fail", "未结业": "fail", "不通过": "fail", "0": "fail",
}
RESULT_OFFERED = ("合格", "不合格")
