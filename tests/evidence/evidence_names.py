"""Names written in eight wrong ways: what is matched by itself, and what is suggested first.

5,000 enterprises with names of the project's own grammar, each with a former one, and 5,000 that no
registry knows. A policy states nothing but a name. A perturbed name that is by chance the name of
another enterprise is drawn again, since nobody could tell.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from random import Random
from time import perf_counter

import polars as pl
from opencc import OpenCC

from assets.policies.identify import identify
from assets.policies.names import normalised_name
from assets.policies.suggest import suggest
from pipelines.sample_city.codes import FIRST_WORDS, SECOND_WORDS
from pipelines.sample_city.plan import make_uscc
from schemas.eligibility import ENTERPRISES
from schemas.policies import POLICIES
from tests.evidence.conftest import Record

ENTERPRISES_OF_EACH = 5_000
TRADES = (
    "电子", "光电", "精密科技", "塑胶制品", "家居用品", "玩具", "服饰", "照明", "医疗器械", "智能设备",
    "进出口贸易", "供应链管理", "五金制品", "包装材料", "新能源", "自动化设备", "通讯技术",
    "工艺品", "箱包", "模具",
)  # fmt: skip
SLIPS = dict(zip("达华鸿科峰佳诚丰盛电玩具子饰明贸金能", "大花宏料锋隹城风胜申完俱孑饬朋贺全态", strict=True))
"""A letter → one that looks or sounds alike."""
BRANCHES = ("龙岗分公司", "宝安分公司", "第一分公司", "前海分公司")
TRADITIONAL = OpenCC("s2t")


def company(random: Random) -> str:
    """A name as registries have them: place, two or three words, trade, legal form."""
    words = random.choice(FIRST_WORDS[:-1]) + random.choice(SECOND_WORDS)
    words += random.choice(SECOND_WORDS) if random.random() < 0.4 else ""
    form = "股份有限公司" if random.random() < 0.15 else "有限公司"
    trade = random.choice(TRADES)
    if random.random() < 0.5:
        return f"{words}{trade}（深圳）{form}"
    return f"深圳市{words}{trade}{form}"


def brackets(name: str, random: Random) -> str:
    pair = random.choice(("()", "【】", "〔〕", "［］"))
    return (
        name.translate(str.maketrans("（）", pair))
        if "（" in name
        else f"{pair[0]}{name[:3]}{pair[1]}{name[3:]}"
    )


def traditional(name: str, _: Random) -> str:
    return str(TRADITIONAL.convert(name))


def spaces(name: str, random: Random) -> str:
    return "".join(letter + random.choice(("", "", " ", "\u3000", "\u00a0")) for letter in name)


def legal_form(name: str, random: Random) -> str:
    """The same form in another word; left out; shortened; another form."""
    short, stock = name.replace("股份有限公司", "有限公司"), name.replace("有限公司", "股份有限公司")
    if "股份" in name:
        return random.choice((name.replace("股份有限公司", "股份公司"), short))
    return random.choice(
        (name.replace("有限公司", "有限责任公司"), name.replace("有限公司", ""), name[:-4] + "公司", stock)
    )


def typo(name: str, random: Random) -> str:
    """A letter for one that looks or sounds alike, a letter left out, or one written twice."""
    places = [at for at, letter in enumerate(name[:-4]) if letter in SLIPS]
    at = random.choice(places) if places else random.randrange(3, len(name) - 4)
    kind = random.randrange(3)
    if kind == 0 and places:
        return name[:at] + SLIPS[name[at]] + name[at + 1 :]
    return name[:at] + name[at + 1 :] if kind == 1 else name[: at + 1] + name[at:]


def word_order(name: str, _: Random) -> str:
    """The place from the front into brackets, or from brackets to the front."""
    if name.startswith("深圳市"):
        rest = name.removeprefix("深圳市")
        at = rest.index("股份") if "股份" in rest else rest.index("有限")
        return f"{rest[:at]}（深圳）{rest[at:]}"
    return "深圳市" + name.replace("（深圳）", "")


def branch(name: str, random: Random) -> str:
    return name + random.choice(BRANCHES)


WAYS: dict[str, Callable[[str, Random], str]] = {
    "bracket width": brackets,
    "traditional characters": traditional,
    "spaces": spaces,
    "legal form": legal_form,
    "typo": typo,
    "word order": word_order,
    "former name": lambda name, _: name,
    "branch": branch,
}


def test_names_perturbed_in_eight_ways(record: Record) -> None:
    random = Random(20250630)
    names: list[str] = []
    cores: set[str] = set()
    while len(names) < 3 * ENTERPRISES_OF_EACH:
        name = company(random)
        core = name.replace("深圳市", "").replace("（深圳）", "").replace("股份", "")
        if core not in cores:
            cores.add(core)
            names.append(name)
    now, former, unknown = (names[at::3] for at in range(3))
    known = set(_forms(now + former))

    stated = [
        (way, make_uscc(at + 1), written)
        for way, write in WAYS.items()
        for at, written in enumerate(_written(former if way == "former name" else now, write, known, random))
    ]
    stated += [("unknown to the registry", "", name) for name in unknown]

    policies = _policies([name for _, _, name in stated])
    registry = _registry(now, former)
    nobody = pl.LazyFrame(schema={"policy_no": pl.String, "uscc": pl.String})
    begun = perf_counter()
    matched = identify(policies, registry, nobody.select("uscc"), nobody).collect()
    matching = perf_counter() - begun
    open_ones = policies.join(matched.filter(pl.col("uscc").is_null()).lazy(), on="policy_no", how="semi")
    begun = perf_counter()
    suggested = suggest(open_ones, registry, nobody.select("uscc")).collect()
    suggesting = perf_counter() - begun

    truth = pl.DataFrame(
        [(f"N{at:06d}", way, uscc) for at, (way, uscc, _) in enumerate(stated)],
        schema=["policy_no", "way", "truth"], orient="row",
    )  # fmt: skip
    ranked = truth.join(suggested, on="policy_no").filter(pl.col("uscc") == pl.col("truth"))
    judged = truth.join(matched, on="policy_no").join(
        ranked.select("policy_no", "rank"), on="policy_no", how="left"
    )  # fmt: skip
    figures: dict[str, object] = {"names a way": ENTERPRISES_OF_EACH, "names in the registry": len(known)}
    for way in WAYS:
        its = judged.filter(pl.col("way") == way)
        right = its.filter(pl.col("uscc") == pl.col("truth")).height
        wrong = its.filter(pl.col("uscc") != pl.col("truth")).height
        rest = its.filter(pl.col("uscc").is_null())
        assert wrong == 0, f"{way}: {wrong} matched wrongly"
        figures[way] = (
            f"matched {right / its.height:.1%}, {wrong} wrongly; of the {rest.height:,} others suggested "
            f"first {_share(rest, 1)}, among three {_share(rest, 3)}"
        )
    strangers = judged.filter(pl.col("way") == "unknown to the registry")
    assert strangers["uscc"].null_count() == strangers.height
    figures["unknown to the registry"] = f"{strangers.height:,} names, 0 matched"
    figures["precision of automatic matches"] = "100 %"
    figures["seconds to match"] = f"{matching:.1f} for {len(stated):,} names"
    figures["seconds to suggest"] = f"{suggesting:.1f} for {open_ones.collect().height:,} names"
    record(
        "names", "Company names of our own grammar, written in eight ways; nothing else is stated.", figures
    )


def _share(rest: pl.DataFrame, rank: int) -> str:
    return f"{(rest['rank'] <= rank).sum() / rest.height:.1%}" if rest.height else "—"


def _written(
    names: list[str], write: Callable[[str, Random], str], known: set[str], random: Random
) -> list[str]:
    """Each name as it is written; again, where that is the name of another enterprise."""
    own, written = _forms(names), [write(name, random) for name in names]
    while again := [at for at, form in enumerate(_forms(written)) if form in known and form != own[at]]:
        for at in again:
            written[at] = write(names[at], random)
    return written


def _forms(names: list[str]) -> list[str]:
    return pl.DataFrame({"name": names}).select(normalised_name("name"))["name"].to_list()


def _policies(names: list[str]) -> pl.LazyFrame:
    rows = {
        "policy_no": [f"N{at:06d}" for at in range(len(names))],
        "insured_name": names,
    }
    missing = {name: dtype for name, dtype in POLICIES.schema.items() if name not in rows}
    frame = pl.LazyFrame(rows).with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in missing.items()
    )
    return frame.with_columns(issued_on=date(2025, 6, 12), policy_year=pl.lit(2025, pl.Int32))


def _registry(now: list[str], former: list[str]) -> pl.LazyFrame:
    versions = ((former, datetime(2020, 1, 3, tzinfo=UTC)), (now, datetime(2023, 1, 3, tzinfo=UTC)))
    rows = [
        {"uscc": make_uscc(at + 1), "customs_code": f"440316{at:04d}", "name": name, "city": "440304",
         "district": "福田区", "updated_at": moment}
        for names, moment in versions
        for at, name in enumerate(names)
    ]  # fmt: skip
    return pl.LazyFrame(rows, schema=ENTERPRISES.schema)
