"""Code facts and policy terms as literals, typed a second time: the product's may be wrong.

Belongs here: what customs, the registry and the policy notices fix. Not here: rules, files.
Sources: the customs code tables of 2018 (countries, currencies, trade modes; 9710 and 9810 of
July 2020); the policy notices of 2022 and 2025; 2023 and 2024 are samples by analogy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

# New three letters + old three digits, as the table lists them; ZAF stands twice.
_COUNTRY_PAIRS = """
AFG101 ALB313 ATA701 DZA201 ASM699 AND314 AGO202 ATG401 AZE339 ARG402 AUS601 AUT315 BHS404
BHR102 BGD103 ARM338 BRB405 BEL301 BMU504 BTN104 BOL408 BIH355 BWA204 BVT326 BRA410 BLZ406
IOT299 SLB613 VGB446 BRN105 BGR316 MMR106 BDI205 BLR340 KHM107 CMR206 CAN501 CPV208 CYM411
CAF209 LKA134 TCD211 CHL412 CHN142 TWN143 CXR699 CCK699 COL413 COM212 MYT259 COG213 COD252
COK602 CRI415 HRV351 CUB416 CYP108 CZE352 BEN203 DNK302 DMA414 DOM418 ECU419 SLV440 GNQ216
ETH217 ERI258 EST334 FRO357 FLK499 SGS499 FJI603 FIN318 ALA399 FRA305 GUF420 PYF623 ATF299
DJI214 GAB218 GEO337 GMB219 PSE128 DEU304 GHA220 GIB320 KIR618 GRC310 GRL503 GRD421 GLP422
GUM699 GTM423 GIN221 GUY424 HTI425 HMD699 VAT356 HND426 HKG110 HUN321 ISL322 IND111 IDN112
IRN113 IRQ114 IRL306 ISR115 ITA307 CIV223 JAM427 JPN116 KAZ145 JOR117 KEN224 PRK109 KOR133
KWT118 KGZ146 LAO119 LBN120 LSO255 LVA335 LBR225 LBY226 LIE323 LTU336 LUX308 MAC121 MDG227
MWI228 MYS122 MDV123 MLI229 MLT324 MTQ428 MRT230 MUS231 MEX429 MCO325 MNG124 MDA343 MNE359
MSR430 MAR232 MOZ233 OMN126 NAM234 NRU606 NPL125 NLD309 CUW417 ABW403 SXM449 BES449 NCL607
VUT608 NZL609 NIC431 NER235 NGA236 NIU699 NFK610 NOR326 MNP699 UMI699 FSM620 MHL621 PLW622
PAK127 PAN432 PNG611 PRY433 PER434 PHL129 PCN699 POL327 PRT311 GNB222 TLS144 PRI435 QAT130
REU237 ROU328 RUS344 RWA238 BLM499 SHN299 KNA447 AIA499 LCA437 MAF438 SPM448 VCT439 SMR329
STP239 SAU131 SEN240 SRB358 SYC241 SLE242 SGP132 SVK353 VNM141 SVN350 SOM243 ZAF244 ZWE254
ESP312 SSD260 SDN246 ESH245 SUR441 SJM399 SWZ257 SWE330 CHE331 SYR135 TJK147 THA136 TGO248
TKL699 TON614 TTO442 ARE138 TUN249 TUR137 TKM148 TCA443 TUV619 UGA250 UKR347 MKD354 EGY215
GBR303 GGY399 JEY399 IMN399 TZA247 USA502 VIR499 BFA251 URY444 UZB149 VEN445 WLF625 WSM617
YEM139 ZMB253 ZAS199 ZAF299 ZEU399 ZSA499 ZNA599 ZOC699 CEU210 MEL256 CAI207 GAM604 SOC612
TUB616 MAI605 TUA615 ZZZ701 ZUN702"""

COUNTRIES: frozenset[str] = frozenset(pair[:3] for pair in _COUNTRY_PAIRS.split())
"""The new three-letter codes."""

OLD_COUNTRIES: dict[str, list[str]] = {}
"""Old three digits → every row of the table that carries them."""
for _pair in _COUNTRY_PAIRS.split():
    OLD_COUNTRIES.setdefault(_pair[3:], []).append(_pair[:3])

_CURRENCY_PAIRS = """
HKD110 IDR112 JPY116 MOP121 MYR122 PHP129 SGD132 KRW133 THB136 CNY142 TWD143 EUR300 DKK302 GBP303
NOK326 SEK330 CHF331 RUB344 CAD501 USD502 AUD601 NZD609
"""
CURRENCIES: dict[str, str] = {}
"""Letters or old digits → letters."""
for _pair in _CURRENCY_PAIRS.split():
    CURRENCIES[_pair[:3]] = _pair[:3]
    CURRENCIES[_pair[3:]] = _pair[:3]


@dataclass(frozen=True)
class TradeMode:
    """Whether a trade mode counts, and since when it may be used."""

    not_counted: str | None = None
    valid_from: date = date(2000, 1, 1)


TRADE_MODES: dict[str, TradeMode] = {
    "0110": TradeMode(),
    "0214": TradeMode(),
    "0615": TradeMode(),
    "1039": TradeMode(),
    "1210": TradeMode(),
    "3010": TradeMode(),
    "9710": TradeMode(valid_from=date(2020, 7, 1)),
    "9810": TradeMode(valid_from=date(2020, 7, 1)),
    "0255": TradeMode(not_counted="domestic_transfer"),
    "0654": TradeMode(not_counted="domestic_transfer"),
    "2600": TradeMode(not_counted="temporary"),
    "4561": TradeMode(not_counted="returned"),
}

DISTRICTS: tuple[str, ...] = (
    "福田区",
    "罗湖区",
    "南山区",
    "盐田区",
    "宝安区",
    "龙岗区",
    "龙华区",
    "坪山区",
    "光明区",
    "大鹏新区",
    "前海深港合作区",
    "深汕特别合作区",
)
"""In the order of the roster."""
DISTRICT_ALIASES: dict[str, str] = {"深汕合作区": "深汕特别合作区", "前海": "前海深港合作区"}

TRADITIONAL: dict[int, int] = str.maketrans(
    "責國際貿電業實發達廣東華龍馬車開關門長興豐萬億圖書進產術創軟網絡環設計儀機農飾製紡織絲鋼鐵鋁銅錢銀鑽藝"
    "樂兒師專應務運輸鏈聯視訊號試驗測數據雲無線藍綠紅黃島灣陽陰諾聖溫滬濟衛醫藥檢資訂單總統類優質遠勝輝騰飛"
    "躍鵬鳳賓寶寧靜偉傑順頤楓樺橋樓樹葉蘭蘇羅歐亞麗競賽訊齊鑫潤澤涼淺濱團廠強創貨櫃鞋帶質勞務燈飾織區匯備",
    "责国际贸电业实发达广东华龙马车开关门长兴丰万亿图书进产术创软网络环设计仪机农饰制纺织丝钢铁铝铜钱银钻艺"
    "乐儿师专应务运输链联视讯号试验测数据云无线蓝绿红黄岛湾阳阴诺圣温沪济卫医药检资订单总统类优质远胜辉腾飞"
    "跃鹏凤宾宝宁静伟杰顺颐枫桦桥楼树叶兰苏罗欧亚丽竞赛讯齐鑫润泽凉浅滨团厂强创货柜鞋带质劳务灯饰织区汇备",
)
"""Traditional → simplified, the characters that company names in the test data use."""


@dataclass(frozen=True)
class Terms:
    """What one policy year's notice says."""

    policy_year: int
    threshold_usd: Decimal
    deadline: date
    cover_from: date
    cover_to: date
    insured_percentage: Decimal
    buyer_limit_usd: Decimal
    channels: frozenset[str]
    excluded_countries: frozenset[str] = frozenset()

    @property
    def export_year(self) -> int:
        """The statistical year whose exports decide."""
        return self.policy_year - 1


def _terms(policy_year: int, *channels: str) -> Terms:
    return Terms(
        policy_year=policy_year,
        threshold_usd=Decimal("8000000.00"),
        deadline=date(policy_year, 6, 30),
        cover_from=date(policy_year, 7, 1),
        cover_to=date(policy_year + 1, 6, 30),
        insured_percentage=Decimal("0.80"),
        buyer_limit_usd=Decimal("150000.00"),
        channels=frozenset(channels),
    )


TERMS: Mapping[int, Terms] = {
    2022: _terms(2022, "online", "offline"),
    2023: _terms(2023, "online", "offline"),
    2024: replace(_terms(2024, "online", "offline"), excluded_countries=frozenset({"SDN"})),
    2025: _terms(2025, "online"),
}
