"""The cast: the same few people in every sheet, most of them in order, some with a reason to be refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_character(first17: str) -> str:
    """GB 11643, worked out here once more, so that the sheets do not lean on the code under test."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def identity(region: str, born: str, sequence: int) -> str:
    """18 characters: ``region`` six digits, ``born`` YYYYMMDD, sequence odd for men."""
    body = f"{region}{born}{sequence:03d}"
    return body + check_character(body)


def wrong_check(number: str) -> str:
    """The same number with the next check character."""
    order = "0123456789X"
    return number[:17] + order[(order.index(number[17]) + 1) % 11]


@dataclass(frozen=True)
class Person:
    name: str
    id_number: str
    phone: str = ""

    def called(self, name: str) -> Person:
        return replace(self, name=name)

    def numbered(self, id_number: str) -> Person:
        return replace(self, id_number=id_number)


def _someone(name: str, region: str, born: str, sequence: int, phone: str) -> Person:
    return Person(name, identity(region, born, sequence), phone)


# In order.
AYGUL = _someone("阿依古丽·买买提", "653101", "19920514", 482, "13909980001")
TURSUN = _someone("吐尔逊·艾买提", "653122", "19850307", 123, "13909980002")
LINA = _someone("李娜", "650102", "19990712", 224, "13909980003")
WANG = _someone("王建国", "650103", "19780921", 317, "13909980004")
YERLAN = _someone("叶尔兰·赛力克", "654202", "20010130", 511, "13909980005")
CHEN = _someone("陈玉珍", "652301", "19880809", 646, "13909980006")
OUYANG = _someone("欧阳海燕", "659001", "19950601", 728, "13909980007")
BATU = _someone("巴图", "652827", "19830425", 815, "13909980008")
ZULPIYA = _someone("祖丽菲娅·阿布都热依木", "653201", "20000217", 906, "13909980009")
LIU = _someone("刘䶮", "650402", "19910303", 133, "13909980010")
EVERYONE = (AYGUL, TURSUN, LINA, WANG, YERLAN, CHEN, OUYANG, BATU, ZULPIYA, LIU)

# Numbers that end in X, for everything people type in its place.
X_TAILED = tuple(
    _someone(name, "653101", "19900101", sequence, f"1390998002{i}")
    for i, (name, sequence) in enumerate(
        zip(
            ("赵小芳", "钱文", "孙丽", "周涛", "吴敏"),
            [s for s in range(101, 400) if identity("653101", "19900101", s)[17] == "X"],
            strict=False,
        )
    )
)

# Other documents (domain §2.3, §2.4).
HONG_KONG = Person("何嘉欣", "810000199408230021", "13909980031")
TAIWAN = Person("林志远", "830000199201300022", "13909980032")
FOREIGN_NEW = Person("米勒·安娜", "931840198108060014", "13909980033")
FOREIGN_OLD = Person("伊万诺夫", "KAZ650085123101", "13909980034")
OLD_FIFTEEN = Person("郑福生", "650102680101123", "13909980035")

# Refused for what they are.
TOO_YOUNG = _someone("小明", "653101", "20150601", 115, "13909980041")
TOO_OLD = _someone("马老汉", "653101", "19450601", 117, "13909980042")
ON_RECORD_AS_OTHER = _someone("王晓虹", "653101", "19930303", 228, "13909980043")
NAME_ON_RECORD = "王小红"
BUSY_ELSEWHERE = _someone("努尔兰·托合提", "653101", "19890909", 337, "13909980044")
SEATED = (
    _someone("古丽", "653101", "19870707", 402, "13909980051"),
    _someone("米娜", "653101", "19870707", 404, "13909980052"),
)

# Numbers that cannot be right.
CUT_BY_EXCEL = TURSUN.id_number[:15] + "000"
NO_SUCH_DAY = "653101" + "19780229" + "001" + check_character("65310119780229001")
