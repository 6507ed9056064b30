"""Fictional people and companies: the listed ones, and fresh ones for whoever asks. Prefixes 87 and 88 belong to no region."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015
REGIONS = ("880101", "880201", "880301", "870101")
GIVEN = "安和平宁静远明朗清和云舒星河知秋望月听雨怀瑾若谷思源致远乐山立夏白露"


@dataclass(frozen=True)
class Person:
    """Someone whom the register knows."""

    number: str
    name: str
    note: str = ""
    note_zh: str = ""
    country: str = ""  # of papers that other countries gave, or whose number does not tell
    born: str = ""

    @property
    def phone(self) -> str:
        """The phone number in this person's name: 100 begins no real one."""
        return f"100{_digits('phone', self.number, 8)}"

    @property
    def card(self) -> str:
        """The bank card in this person's name: 88 begins no real one."""
        return f"88{_digits('card', self.number, 17)}"


@dataclass(frozen=True)
class Kin:
    """That one person may act for another: a parent or a guardian."""

    child: str
    guardian: str
    relation: str


@dataclass(frozen=True)
class Order:
    """A court's order by which one person acts for another."""

    number: str
    ward: str
    guardian: str
    scope: str  # codes of matters with blanks between, or *
    until: str  # a day, or empty


@dataclass(frozen=True)
class Company:
    """An organisation that the register knows, and the number of the one who represents it."""

    code: str
    name: str
    representative: str


PEOPLE = (
    Person("880101198503120015", "示例甲", "plain citizen", "普通居民"),
    Person("880101199107260029", "欧阳示例", "legal representative of the company below", "下列企业的法定代表人"),
    Person(
        "870101197801010045", "买买提示例·阿卜杜示例", "name with a separator, other province", "姓名含间隔号，另一省"
    ),
    Person("880301200311150050", "示䶮", "rare character", "生僻字"),
    Person("88010120190930007X", "示例小甲", "child under fourteen", "未满十四周岁"),
    Person("810000190001010018", "示例港", "residence permit, Hong Kong", "港澳台居民居住证（香港）"),
    Person("820000190001010028", "示例澳", "residence permit, Macao", "港澳台居民居住证（澳门）"),
    Person("830000190001010038", "示例台", "residence permit, Taiwan", "港澳台居民居住证（台湾）"),
    Person("988999198205050012", "SAMPLE PERSON", "foreigner's card of 2023", "外国人永久居留身份证（2023版）"),
    Person(
        "ZZZ880188010203",
        "VISITOR SAMPLE",
        "foreigner's card from before 2023",
        "外国人永久居留证（旧版）",
        "ZZZ",
        "1988-01-02",
    ),
    Person("P8800001", "TRAVELLER SAMPLE ANN", "passport", "护照", "UTO", "1979-04-12"),
    Person(
        "870101199005060112",
        "阿布都示例热西提·麦麦提示例吐尔逊·买买提示例",
        "name of more than 18 characters",
        "姓名超过十八个字",
    ),
    Person("880201199502030122", "示𬱖", "character U+2CC56, outside of the basic plane", "扩展区汉字（U+2CC56）"),
    Person("88030119481109013X", "示例老丙", "ward of a court's order", "被监护人（法院指定）"),
    Person("880101198001050117", "示例经办", "officer of the demo", "演示用经办人员"),
    Person("880101198202060127", "示例复核", "officer of the demo", "演示用复核人员"),
    Person("880101198403070137", "示例数据", "officer of the demo", "演示用数据人员"),
    Person("880101198604080147", "示例监督", "officer of the demo", "演示用监督人员"),
)
KIN = (
    Kin("88010120190930007X", "880101198503120015", "parent"),
    Kin("88010120190930007X", "880101199107260029", "parent"),
)
ORDERS = (Order("（2026）云8801民特1号", "88030119481109013X", "880101198503120015", "*", "2036-12-31"),)
COMPANIES = (
    Company("91880101DEM000081U", "望舒示范餐饮有限公司", "880101199107260029"),
    Company("92880101DEM00009XG", "望舒区示例小吃店", "880101198503120015"),
    Company("52880000DEM000102R", "云岚省示范餐饮行业协会", "880101199107260029"),
    Company("N2880101DEM000110N", "望舒区示例村股份经济合作社", "880101198503120015"),
)


def check_character(first17: str) -> str:
    """ISO 7064 MOD 11-2."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True)) % 11]


def fresh_person() -> Person:
    """A person who never was, grown up, with a right number of a region that is not assigned."""
    born = date(1955, 1, 1) + timedelta(days=secrets.randbelow(365 * 50))
    first = f"{secrets.choice(REGIONS)}{born:%Y%m%d}{200 + secrets.randbelow(800)}"
    return Person(first + check_character(first), "示例" + secrets.choice(GIVEN) + secrets.choice(GIVEN))


def fresh_company(representative: str) -> Company:
    """A company that never was, of the region 880101, with right inner and outer check characters."""
    serial = f"DEM{secrets.randbelow(90000) + 10000}"
    weighted = sum(int(sign, 36) * weight for sign, weight in zip(serial, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    inner = "0123456789X"[-weighted % 11]
    first = f"91880101{serial}{inner}"
    total = sum(ALPHABET.index(sign) * pow(3, at, 31) for at, sign in enumerate(first))
    name = f"望舒示例{secrets.choice(GIVEN)}{secrets.choice(GIVEN)}商贸有限公司"
    return Company(first + ALPHABET[-total % 31], name, representative)


def _digits(what: str, number: str, count: int) -> str:
    return str(int(hashlib.sha256(f"{what}:{number}".encode()).hexdigest(), 16))[-count:]
