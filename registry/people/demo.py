"""Invented people for the demo and the tests: the same seed gives the same people, in any order asked for.

Names are put together from common parts, so a match with a living person is chance; identity numbers have
right check digits, since the rules are to be exercised. Nothing here is drawn from a register of real people.
"""

# ruff: noqa: E501 - word lists, whose characters count double
from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from registry.identity.id_numbers import check_digit

FIRST_BIRTH_DAY = dt.date(1977, 1, 1)
BIRTH_DAYS = 9_861  # 27 years: of working age all through 2021–2026
SEQUENCES = tuple(n for n in range(1, 1000) if n % 100)  # …00 with check digit 0 would look cut by Excel
SPREAD = 618_033_989  # coprime to the size: neighbours in the cast are far apart in county and birthday
MIDDLE_DOTS = "····•・.．‧"  # U+00B7 most, then what input methods put in its place

# fmt: off
SURNAMES = (*"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文", "欧阳", "司马", "上官")
GIVEN_MALE = tuple("伟强磊军洋勇杰涛超明刚平辉鹏斌波宇浩凯健俊帆博文峰建国志海东亮新疆忠林山川栋梁胜利")
GIVEN_FEMALE = tuple("芳娜敏静丽娟艳霞秀英玲桂兰红梅燕雪琳慧莹颖婷欣怡雅佳文洁云凤香月春花晓蓉")
RARE = tuple("䶮㛃喆堃燚犇淼翀玥璟曌祎琎垚睿")
TURKIC_MALE = (
    "阿不都热合曼", "买买提江", "吐尔逊", "艾尼瓦尔", "玉素甫", "阿迪力", "库尔班", "热合木", "依明", "卡德尔", "艾力",
    "麦麦提明", "图尔贡", "亚森", "努尔买买提", "帕尔哈提", "塔依尔", "肉孜", "萨迪克", "吾买尔", "木合塔尔", "乌斯曼",
    "叶尔兰", "巴合提", "赛力克", "努尔兰", "阿尔曼", "哈力克", "居马别克", "朱马洪", "托合提", "赛依提",
)
TURKIC_FEMALE = (
    "古丽娜尔", "阿依古丽", "帕提古丽", "热依汗", "祖丽菲娅", "米热古丽", "迪丽努尔", "阿孜古丽", "茹仙古丽", "布麦热木",
    "阿依夏木", "海丽且姆", "努尔比亚", "麦尔耶姆", "再依努尔", "热孜宛古丽", "阿依努尔", "加娜尔", "巴哈尔古丽", "姑丽斯坦",
)
FATHERS = (
    "艾买提", "吐尔逊", "买买提", "阿不都拉", "依不拉音", "卡迪尔", "托合提", "斯拉木", "玉努斯", "哈力克", "阿布都热依木",
    "热合曼", "努尔丁", "沙吾提", "巴吾东", "叶尔波力", "赛力克拜", "阿布力米提", "马木提", "达吾提", "胡达拜尔迪",
)
MONGOL = ("巴图", "其其格", "那音太", "乌云", "巴雅尔", "萨仁", "道尔吉", "阿拉腾", "娜仁", "恩克")
# fmt: on
EDUCATION = ("小学", "初中", "高中", "中专", "大专", "本科")


@dataclass(frozen=True)
class Invented:
    """One made-up person. Times and places follow from the identity number."""

    name: str
    id_number: str
    sex: str
    born: dt.date
    region_code: str
    phone: str
    bank_account: str
    education: str


class Cast:
    """People number 0, 1, 2 … of one seed, each drawn for itself: the ten-thousandth costs as much as the first."""

    def __init__(self, seed: int, county_codes: Sequence[str]) -> None:
        self.seed = seed
        self.counties = tuple(county_codes)
        self.size = len(self.counties) * BIRTH_DAYS * len(SEQUENCES)
        if not self.counties or gcd(SPREAD, self.size) != 1:
            raise ValueError("county codes are needed, in a number that the spread does not divide")

    def person(self, number: int) -> Invented:
        """Two different numbers below ``size`` never share an identity number: the walk is a permutation."""
        if not 0 <= number < self.size:
            raise ValueError(f"the cast has {self.size} people")
        place = (number * SPREAD + self.seed * 104_729) % self.size
        place, turn = divmod(place, len(SEQUENCES))
        county, day = divmod(place, BIRTH_DAYS)
        sequence = SEQUENCES[turn]
        born = FIRST_BIRTH_DAY + dt.timedelta(days=day)
        body = f"{self.counties[county]}{born:%Y%m%d}{sequence:03d}"
        sex = "M" if sequence % 2 else "F"
        chance = random.Random(self.seed * 1_000_003 + number)
        return Invented(
            name=invent_name(chance, sex),
            id_number=body + check_digit(body),
            sex=sex,
            born=born,
            region_code=self.counties[county],
            phone=invent_phone(chance),
            bank_account=invent_bank_account(chance),
            education=chance.choice(EDUCATION),
        )


def invent_name(chance: random.Random, sex: str) -> str:
    """A name as a clerk would have typed it: any middle dot, at times a blank inside, rarely a rare character."""
    roll = chance.random()
    if roll < 0.55:
        return _han_name(chance, sex)
    if roll < 0.95:
        given = chance.choice(TURKIC_MALE if sex == "M" else TURKIC_FEMALE)
        return given + chance.choice(MIDDLE_DOTS) + chance.choice(FATHERS)
    return f"{chance.choice(MONGOL)}{chance.choice(('', '', '木仁', '苏荣'))}"


def _han_name(chance: random.Random, sex: str) -> str:
    pool = RARE if chance.random() < 0.04 else GIVEN_MALE if sex == "M" else GIVEN_FEMALE
    given = "".join(chance.choices(pool, k=chance.choice((1, 2, 2))))
    surname: str = chance.choice(SURNAMES)
    gap = "  " if len(surname + given) == 2 and chance.random() < 0.15 else ""
    return surname + gap + given


def invent_phone(chance: random.Random) -> str:
    return f"1{chance.choice('3456789')}{chance.randrange(10**9):09d}"


def invent_bank_account(chance: random.Random) -> str:
    """19 digits that pass Luhn, in a number range that no card carries."""
    body = f"620000{chance.randrange(10**12):012d}"
    return body + str(-luhn_sum(body + "0") % 10)


def luhn_sum(digits: str) -> int:
    """The sum that is divisible by ten when the last digit is right."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total
