"""Code lists and word lists of the sample city.

Small on purpose and kept apart from the product's own code tables: a city made from its own lists
can disagree with the product, and that is what tests are for. No row is made here.
Codes: General Administration of Customs, code tables of 2018 (countries, currencies, trade modes).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Country(NamedTuple):
    """One buyer's country: new letters, old digits, weight among buyers, two ratings."""

    code: str
    old: str
    weight: int
    sinosure: int
    oecd: str


COUNTRIES: Final = tuple(
    Country(*fields)
    for fields in (
        ("USA", "502", 170, 1, "-"),
        ("HKG", "110", 150, 1, "-"),
        ("VNM", "141", 60, 4, "3"),
        ("DEU", "304", 45, 1, "-"),
        ("JPN", "116", 45, 1, "-"),
        ("MEX", "429", 38, 3, "3"),
        ("ARE", "138", 30, 3, "2"),
        ("GBR", "303", 35, 1, "-"),
        ("KOR", "133", 32, 1, "-"),
        ("NLD", "309", 40, 1, "-"),
        ("IND", "111", 38, 4, "3"),
        ("SGP", "132", 30, 1, "-"),
        ("MYS", "122", 32, 3, "2"),
        ("THA", "136", 30, 3, "3"),
        ("IDN", "112", 24, 4, "3"),
        ("PHL", "129", 20, 4, "3"),
        ("TWN", "143", 30, 2, "-"),
        ("AUS", "601", 22, 1, "-"),
        ("CAN", "501", 22, 1, "-"),
        ("FRA", "305", 20, 1, "-"),
        ("ITA", "307", 20, 2, "-"),
        ("ESP", "312", 18, 2, "-"),
        ("POL", "327", 15, 2, "-"),
        ("BRA", "410", 24, 5, "4"),
        ("CHL", "412", 10, 3, "-"),
        ("PER", "434", 8, 4, "3"),
        ("COL", "413", 8, 5, "4"),
        ("ARG", "402", 6, 8, "7"),
        ("TUR", "137", 12, 6, "5"),
        ("SAU", "131", 14, 3, "2"),
        ("ISR", "115", 10, 3, "-"),
        ("EGY", "215", 7, 7, "6"),
        ("NGA", "236", 7, 8, "6"),
        ("KEN", "224", 5, 7, "7"),
        ("ZAF", "244", 8, 5, "4"),
        ("RUS", "344", 14, 7, "7"),
        ("KAZ", "145", 8, 5, "5"),
        ("PAK", "127", 7, 8, "7"),
        ("BGD", "103", 7, 7, "5"),
        ("LKA", "134", 3, 8, "7"),
        ("MAC", "121", 6, 1, "-"),
        ("NZL", "609", 4, 1, "-"),
    )
)

CHINA: Final = ("CHN", "142")
OBSCURE_COUNTRIES: Final = (
    Country("BOL", "408", 0, 6, "6"),
    Country("GEO", "337", 0, 5, "5"),
    Country("OMN", "126", 0, 4, "4"),
    Country("PRY", "433", 0, 5, "4"),
    Country("MNG", "124", 0, 7, "7"),
    Country("FJI", "603", 0, 4, "-"),
)


class Currency(NamedTuple):
    """One currency: letters, old digits, USD for a unit times 10^10, sources that publish it."""

    code: str
    old: str
    usd_e10: int
    sources: tuple[str, ...]
    weight: int


CURRENCIES: Final = (
    Currency("USD", "502", 10_000_000_000, (), 820),
    Currency("EUR", "300", 10_950_000_000, ("customs", "ecb"), 60),
    Currency("JPY", "116", 72_500_000, ("customs", "ecb"), 30),
    Currency("CNY", "142", 1_428_000_000, ("customs",), 45),
    Currency("HKD", "110", 1_280_500_000, ("customs", "ecb"), 30),
    Currency("GBP", "303", 12_680_000_000, ("customs",), 10),
    Currency("AUD", "601", 6_790_000_000, ("customs",), 5),
    Currency("SEK", "330", 978_000_000, ("ecb",), 0),
    Currency("KRW", "133", 7_810_000, ("safe",), 0),
)

COUNTING_MODES: Final = ("0110", "0615", "0214", "1039", "3010", "9710", "9810", "1210")
NOT_COUNTING_MODES: Final = {
    "4561": "returned",
    "2600": "temporary",
    "0654": "domestic_transfer",
    "0255": "domestic_transfer",
}
MODES: Final = (*COUNTING_MODES, *NOT_COUNTING_MODES)
MODE_WEIGHTS: Final = (700, 110, 25, 40, 8, 45, 15, 20, 6, 3, 8, 3)

DELIVERY_TERMS: Final = ("3", "1", "2", "7", "4")
DELIVERY_WEIGHTS: Final = (760, 110, 90, 30, 10)

STATUSES: Final = ("closed", "released", "withdrawn")
CLOSED, RELEASED, WITHDRAWN = range(3)


class District(NamedTuple):
    """One of the twelve districts: name, six-digit code of its city seat, weight."""

    name: str
    city: str
    weight: int


DISTRICTS: Final = (
    District("福田区", "440304", 130),
    District("罗湖区", "440303", 80),
    District("南山区", "440305", 170),
    District("盐田区", "440308", 12),
    District("宝安区", "440306", 240),
    District("龙岗区", "440307", 180),
    District("龙华区", "440309", 120),
    District("坪山区", "440310", 20),
    District("光明区", "440311", 35),
    District("大鹏新区", "440307", 4),
    District("前海深港合作区", "440305", 25),
    District("深汕特别合作区", "440300", 3),
)
DISTRICT_ALIASES: Final = {"前海深港合作区": "前海", "深汕特别合作区": "深汕合作区"}
ELSEWHERE: Final = ("441900", "441300", "440100")

CHAPTERS: Final = (
    ("85", 300, ("8517130000", "8528722200", "8504401400", "8544421100", "8541430000")),
    ("84", 150, ("8471300000", "8443321100", "8473309000", "8414599099")),
    ("95", 80, ("9503008900", "9504501100", "9505100010")),
    ("94", 80, ("9403609990", "9405119000", "9401619000")),
    ("39", 70, ("3926909090", "3924100000", "3923210000")),
    ("62", 50, ("6203429062", "6204620000", "6211339010")),
    ("61", 40, ("6109100021", "6110300019")),
    ("90", 50, ("9018907099", "9031809090")),
    ("42", 40, ("4202129000", "4202220000")),
    ("87", 30, ("8708999990", "8711600090")),
    ("73", 30, ("7323930000", "7318159090")),
    ("64", 25, ("6402992900", "6404199000")),
    ("71", 15, ("7113191990", "7117190000")),
    ("76", 15, ("7616991090",)),
    ("03", 5, ("0303899090",)),
    ("09", 5, ("0902309000",)),
)
HS_CODES: Final = tuple(code for _, _, codes in CHAPTERS for code in codes)

OFFICES: Final = ("5301", "5302", "5303", "5304", "5305", "5308", "5316", "5317", "5320", "5345")
PLANT_OFFICE: Final = "5349"

FIRST_WORDS: Final = tuple(
    "安宝博晨诚德鼎丰富冠广浩恒宏鸿华嘉建锦晶景骏凯康科朗力联龙茂铭欧鹏普启荣瑞盛顺泰腾𠮷"
)
SECOND_WORDS: Final = tuple(
    "达迪飞峰格光海禾亨辉汇佳捷金钧凯乐利霖隆迈美明能诺派奇勤锐森尚升拓通威祥新信兴源展"
)
TRADES: Final = (
    "电子", "光电", "精密", "塑胶", "家居", "玩具", "服饰", "照明", "医疗器械", "智能设备",
    "进出口贸易", "供应链",
)  # fmt: skip
TRADITIONAL: Final = str.maketrans("电贸业发华龙达进应链设备", "電貿業發華龍達進應鏈設備")

CAUSES: Final = (
    "insolvency",
    "protracted_default",
    "repudiation",
    "bank_insolvency",
    "bank_default",
    "bank_non_acceptance",
    "war_or_unrest",
    "trade_control",
    "transfer_restriction",
)
SERVICES: Final = (
    "credit_report",
    "bill_of_lading_report",
    "online_underwriting",
    "online_claim",
    "online_credit",
    "online_consultation",
    "app_binding",
)
