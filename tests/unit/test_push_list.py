"""The push of a month: who is told, of what, once, in words with figures; by hand, case by case."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.push import push_list
from assets.push.exposure import covered_in, exposures, two_years
from assets.push.figures import percent_text, ratio, usd_text
from assets.push.markets import comparable, growing_markets, suggestions
from assets.push.priority import A_CLASS, A_GRADE, EXCLUDED, MOST_CLASSES, REASONS, WHOLE_SHARE, score
from assets.push.push_list import Known, Push, push_of
from assets.push.ratings import rating_changes
from assets.push.sentences import reminder
from assets.push.supplement import with_supplement
from schemas.push import COUNTRY_RISK, PUSH_ENTERPRISES, PUSH_LIST, RISK_BULLETINS
from schemas.table import SUM
from schemas.terms.loader import load_terms

MONTH = "2025-08"
TERMS = load_terms(2025)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def insured(*usccs: str, since: date = date(2025, 7, 1)) -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "uscc": usccs,
            "policy_no": usccs,
            "expected_cover_from": [since] * len(usccs),
            "expected_cover_to": [date(2026, 6, 30)] * len(usccs),
            "district": ["宝安区"] * len(usccs),
        }
    )


def exports(*rows: tuple[str, str, str, str, str]) -> pl.LazyFrame:
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        **dict.fromkeys(("uscc", "trading_country", "hs_chapter", "stat_month"), pl.String),
        "fob_usd": SUM,
        "lines": pl.Int64,
    }
    return pl.LazyFrame([(*r[:4], Decimal(r[4]), 1) for r in rows], schema=schema, orient="row")


def rated(*rows: tuple[str, str, str, date, str]) -> pl.LazyFrame:
    full = [(c, s, r, on, f"{s} table", at(known)) for c, s, r, on, known in rows]
    return pl.LazyFrame(full, schema=COUNTRY_RISK.schema, orient="row")


def bulletin(**changed: Any) -> dict[str, Any]:
    return {
        "bulletin_no": "B1", "kind": "risk_alert", "countries": ["USA"], "hs_chapters": [],
        "severity": 3, "title": "关税调整", "body": None, "valid_from": date(2025, 7, 10),
        "valid_to": None, "published_at": at("2025-07-10"), "status": "active",
        "source": "中国信保", "updated_at": at("2025-07-10"),
    } | changed  # fmt: skip


def bulletins(*rows: dict[str, Any]) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=RISK_BULLETINS.schema)


ONE = exports(("A", "USA", "85", "2025-07", "75.00"), ("A", "DEU", "84", "2024-08", "25.00"))
NO_RATINGS, NO_BULLETINS = rated(), bulletins()


def push(month: str = MONTH, **given: Any) -> Push:
    """The push of a month; what was known a month before is the same unless given as `…_before`."""

    def known(ending: str) -> Known:
        frames = {"exports": ONE, "ratings": NO_RATINGS, "bulletins": NO_BULLETINS}
        return Known(**{name: given.get(name + ending, frame) for name, frame in frames.items()})

    return push_of(
        month, given.get("insured", insured("A")), known(""), known("_before"), given.get("terms", TERMS)
    )


def pushed(**given: Any) -> pl.DataFrame:
    return push(**given).items


def test_the_list_keeps_its_contract_even_when_empty() -> None:
    assert pushed().schema == PUSH_LIST.schema
    made = push(bulletins=bulletins(bulletin()))
    PUSH_LIST.pandera_model().validate(made.items)
    PUSH_ENTERPRISES.pandera_model().validate(made.enterprises)


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (date(2025, 8, 31), date(2026, 6, 30), 1),
        (date(2025, 9, 1), date(2026, 6, 30), 0),
        (date(2024, 7, 1), date(2025, 8, 1), 1),
        (date(2024, 7, 1), date(2025, 7, 31), 0),
    ],
)
def test_cover_must_overlap_the_month(since: date, until: date, told: int) -> None:
    frame = insured("A", since=since).with_columns(pl.lit(until).alias("expected_cover_to"))
    assert covered_in(MONTH, frame).collect().height == told


def test_exposure_is_of_twelve_months_and_never_china() -> None:
    cells = two_years(
        MONTH,
        exports(
            ("A", "USA", "85", "2024-07", "1.00"),
            ("A", "USA", "85", "2024-08", "2.00"),
            ("A", "USA", "84", "2025-07", "1.00"),
            ("A", "USA", "84", "2025-08", "9.00"),
            ("A", "CHN", "84", "2025-07", "6.00"),
            ("A", "DEU", "84", "2023-08", "6.00"),
        ),
    )
    found = exposures(cells, pl.LazyFrame({"uscc": ["A"]})).collect()
    assert found.drop("total_usd").rows() == [
        ("A", "USA", Decimal("3.00"), Decimal("1.00"), False, Decimal("0.333333"), ["84", "85"])
    ]


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        ("3", "4", "up"), ("9", "10", "up"), ("4", "3", "down"), ("3", "3", "unchanged"),
        ("-", "1", "not_classified"), ("1", "-", "not_classified"), ("-", "-", "not_classified"),
        (None, "-", "not_classified"), (None, "3", "no_data"), (None, None, "no_data"),
    ],
)  # fmt: skip
def test_five_different_changes(before: str | None, now: str | None, change: str) -> None:
    old, new = date(2024, 1, 1), date(2025, 7, 15)
    was = [("USA", "oecd", before, old, "2025-01-01")] if before else []
    news = [("USA", "oecd", now, new, "2025-07-15")] if now else []
    other = ("DEU", "oecd", "0", old, "2025-01-01")
    countries = pl.LazyFrame({"trading_country": ["USA"]})
    found = rating_changes(MONTH, countries, rated(*was, *news, other), rated(*was, other))
    assert found.collect()["change"].to_list() == [change]


def test_ratings_are_read_as_of_the_push_date_in_shenzhen() -> None:
    was = ("USA", "oecd", "3", date(2024, 1, 1), "2025-01-01")
    in_time = ("USA", "oecd", "4", date(2025, 8, 1), "2025-07-31T15:59:59")
    too_late = ("USA", "oecd", "5", date(2025, 7, 1), "2025-07-31T16:00:00")
    found = pushed(ratings=rated(was, in_time, too_late), ratings_before=rated(was))
    usa = found.row(by_predicate=pl.col("trading_country") == "USA", named=True)
    assert (usa["rating_before"], usa["rating_now"], usa["change"]) == ("3", "4", "up")
    assert usa["effective_on"] == date(2025, 8, 1)


@pytest.mark.parametrize(
    ("known", "change"),
    [("2024-07-31T16:00:00", "unchanged"), ("2024-07-31T15:59:59", "no_data")],
)
def test_a_scheme_silent_for_twelve_months_has_no_data(known: str, change: str) -> None:
    row = rated(("USA", "oecd", "3", date(2024, 1, 1), known))
    found = pushed(ratings=row, ratings_before=row)
    usa = found.row(by_predicate=pl.col("trading_country") == "USA", named=True)
    assert (usa["change"], usa["rating_now"]) == (change, "3" if change == "unchanged" else None)


def test_an_old_rating_stands_while_its_scheme_goes_on_publishing() -> None:
    old, other = ("USA", "oecd", "3", date(2019, 1, 1), "2019-01-01"), date(2025, 6, 27)
    rows = rated(old, ("ALB", "oecd", "5", other, "2025-06-27"))
    found = pushed(ratings=rows, ratings_before=rows)
    assert dict(found.select("trading_country", "change").rows()) == {"USA": "unchanged", "DEU": "no_data"}


def test_a_silent_scheme_is_named_only_where_it_once_rated() -> None:
    row = rated(("USA", "oecd", "3", date(2019, 1, 1), "2019-01-01"))
    found = pushed(ratings=row, ratings_before=row)
    assert found.select("trading_country", "change").rows() == [("USA", "no_data")]


def test_schemes_stand_side_by_side() -> None:
    ratings = rated(
        ("USA", "oecd", "0", date(2024, 1, 1), "2025-01-01"),
        ("USA", "sinosure", "1", date(2024, 1, 1), "2025-01-01"),
    )
    found = pushed(ratings=ratings, ratings_before=ratings)
    assert found.filter(pl.col("trading_country") == "USA")["item"].to_list() == [
        "oecd", "sinosure",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, 1),
        ({"status": "withdrawn"}, 0),
        ({"valid_to": date(2025, 7, 31)}, 0),
        ({"valid_from": date(2025, 9, 1)}, 0),
        ({"hs_chapters": ["85", "39"]}, 1),
        ({"hs_chapters": ["84"]}, 0),
        ({"hs_chapters": None}, 1),
        ({"countries": ["CHN", "FRA"]}, 0),
        ({"countries": ["USA", "USA"]}, 1),
        ({"published_at": at("2025-08-01")}, 0),
    ],
)
def test_which_bulletins_touch_an_enterprise(changed: dict[str, Any], told: int) -> None:
    assert pushed(bulletins=bulletins(bulletin(**changed))).height == told


OLD = {"published_at": at("2025-05-01"), "updated_at": at("2025-05-01"),
       "valid_from": date(2025, 5, 1)}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "now", "reasons"),
    [
        (OLD, OLD, []),
        (OLD, OLD | {"updated_at": at("2025-07-09")}, []),
        (OLD, OLD | {"severity": 5}, ["risk_alert_bulletin_changed"]),
        (OLD | {"status": "withdrawn"}, OLD, ["risk_alert_bulletin_new"]),
        (OLD, OLD | {"status": "withdrawn"}, ["risk_alert_bulletin_withdrawn"]),
        (OLD, OLD | {"countries": ["FRA"]}, ["risk_alert_bulletin_withdrawn"]),
        (OLD, OLD | {"hs_chapters": ["01"]}, ["risk_alert_bulletin_withdrawn"]),
        (OLD | {"status": "withdrawn"}, OLD | {"status": "withdrawn"}, []),
        (OLD | {"valid_to": date(2025, 7, 31)},) * 2 + ([],),
        (OLD | {"hs_chapters": ["01"]}, OLD, ["risk_alert_bulletin_new"]),
        (OLD | {"valid_from": date(2025, 8, 1)},) * 2 + (["risk_alert_bulletin_new"],),
        (OLD | {"published_at": at("2025-07-02")},) * 2 + (["risk_alert_bulletin_new"],),
    ],
)
def test_nothing_twice_unless_it_changed(
    before: dict[str, Any], now: dict[str, Any], reasons: list[str]
) -> None:
    sold = exports(("A", "USA", "85", "2025-03", "75.00"))
    found = pushed(
        bulletins=bulletins(bulletin(**now)), bulletins_before=bulletins(bulletin(**before)),
        exports=sold, exports_before=sold,
    )  # fmt: skip
    assert found["reason"].to_list() == reasons


@pytest.mark.parametrize(
    ("sold", "since", "reasons"),
    [
        ("2025-07", date(2025, 7, 1), ["risk_alert_bulletin_new"]),  # a market that began in July
        ("2025-03", date(2025, 8, 3), ["risk_alert_bulletin_new"]),  # covered since August only
        ("2025-03", date(2025, 7, 1), []),
    ],
)
def test_an_old_bulletin_is_told_to_whom_it_was_not_told(sold: str, since: date, reasons: list[str]) -> None:
    old = bulletins(bulletin(**OLD))
    frame = exports(("A", "USA", "85", sold, "75.00"))
    given = {"bulletins": old, "bulletins_before": old, "exports": frame, "exports_before": frame}
    assert pushed(insured=insured("A", since=since), **given)["reason"].to_list() == reasons


def test_in_july_the_month_before_is_of_the_policy_year_before() -> None:
    years = [insured("A", since=date(year, 7, 1)) for year in (2024, 2025)]
    both = pl.concat(
        frame.with_columns(pl.lit(date(year, 6, 30)).alias("expected_cover_to"))
        for frame, year in zip(years, (2025, 2026), strict=True)
    )
    old = bulletins(bulletin(**OLD))
    frame = exports(("A", "USA", "85", "2025-03", "75.00"))
    given = {"bulletins": old, "bulletins_before": old, "exports": frame, "exports_before": frame}
    assert push("2025-07", insured=both, **given).items.is_empty()
    assert push("2025-07", insured=years[1], **given).items.height == 1


def test_a_withdrawal_says_so_and_reminds_of_nothing() -> None:
    sold = exports(("A", "USA", "85", "2025-03", "75.00"))
    withdrawn = bulletin(
        **OLD,
    ) | {"status": "withdrawn", "updated_at": at("2025-07-20T17:00:00")}
    (row,) = pushed(
        bulletins=bulletins(withdrawn), bulletins_before=bulletins(bulletin(**OLD)),
        exports=sold, exports_before=sold,
    ).to_dicts()  # fmt: skip
    assert row["sentence_zh"] == (
        "此前推送的风险提示：关税调整（美国）已于 2025-07-21 撤销或不再适用。"
        "贵企业近十二个月对其出口 75.00 美元，占出口总额 100.0%，前十二个月无出口，为新市场。"
        "来源：中国信保。以上信息仅供参考。"
    )
    assert (row["priority"], row["severity"]) == (200 + 200, None)


def test_hong_kong_macao_and_taiwan_stand_apart() -> None:
    places = ("HKG", "MAC", "TWN", "CHN")
    rows = ((("A", place, "85", "2025-07", f"{10 + n}.00")) for n, place in enumerate(places))
    ratings = rated(*((place, "oecd", "0", date(2024, 1, 1), "2025-01-01") for place in places))
    found = pushed(exports=exports(*rows), ratings=ratings, ratings_before=ratings)
    assert dict(found.select("trading_country", "exposure_usd").rows()) == {
        "HKG": Decimal("10.00"), "MAC": Decimal("11.00"), "TWN": Decimal("12.00"),
    }  # fmt: skip
    assert [text[:4] for text in found["sentence_zh"]] == ["中国香港", "中国澳门", "中国台湾"]


def test_how_far_a_rating_moved_and_whether_a_market_is_new() -> None:
    frame = exports(
        ("A", "USA", "85", "2025-07", "1.00"), ("A", "USA", "85", "2024-07", "1.00"),
        ("A", "FRA", "85", "2025-07", "1.00"),
    )  # fmt: skip
    was = [(c, "oecd", r, date(2024, 1, 1), "2025-01-01") for c, r in (("USA", "2"), ("FRA", "6"))]
    now = [(c, "oecd", r, date(2025, 7, 15), "2025-07-15") for c, r in (("USA", "5"), ("FRA", "5"))]
    found = pushed(exports=frame, ratings=rated(*was, *now), ratings_before=rated(*was))
    assert found.select("trading_country", "change", "steps", "is_new_market").rows() == [
        ("FRA", "down", -1, True), ("USA", "up", 3, False),
    ]  # fmt: skip


def test_concentration_by_hand() -> None:
    """50, 30, 10, 10 of 100: 2500 + 900 + 100 + 100."""
    amounts = {"USA": "50.00", "DEU": "30.00", "FRA": "10.00", "ITA": "10.00"}
    frame = exports(*(("A", country, "85", "2025-07", usd) for country, usd in amounts.items()))
    (found,) = push(exports=frame).enterprises.to_dicts()
    assert (found["countries"], found["new_markets"], found["concentration"]) == (4, 4, 3600)
    assert (found["largest_country"], found["largest_share"]) == ("USA", Decimal("0.500000"))
    assert found["top_three_share"] == Decimal("0.900000")
    assert found["sentence_zh"] == (
        "贵企业近十二个月出口 4 个国家（地区），其中新市场 4 个；最大市场为美国，占出口总额 50.0%，"
        "前三大市场合计占 90.0%；市场集中度指数 3600（满值 10000）。"
        "来源：贵企业报关数据汇总。以上信息仅供参考。"
    )


def test_who_is_covered_and_sold_nothing_is_told_so() -> None:
    (found,) = push(insured=insured("Z")).enterprises.to_dicts()
    assert (found["items"], found["exposure_usd"], found["largest_country"]) == (0, 0, None)
    assert found["sentence_zh"] == "贵企业近十二个月没有对境外买方的出口记录。以上信息仅供参考。"


def test_markets_compare_with_exporters_of_the_policys_size_only() -> None:
    """A seventh exporter to Vietnam is over the threshold by its sales elsewhere: it is in no sum."""
    rows = [*city([130] * 6, EVEN), ("E9", "VNM", "85", "2025-07", "100.00")]
    rows += [("E9", "VNM", "85", "2024-07", "100.00"), ("E9", "USA", "85", "2025-07", "7999900.01")]
    cells = two_years(MONTH, exports(*rows))  # type: ignore[arg-type]
    sized = comparable(cells, TERMS.threshold_usd)
    assert sorted(sized.collect()["uscc"].unique()) == [f"E{n}" for n in range(6)]
    assert growing_markets(sized, ()).collect()["growth"].to_list() == [30]


def test_the_score_is_the_one_that_readers_are_told() -> None:
    """docs/push.md shows every reason with its points, and the sum."""
    text = (Path(__file__).parents[2] / "docs" / "push.md").read_text("utf-8")
    told = {reason: int(points) for reason, points in re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.M)}
    assert told == REASONS
    for number in (A_CLASS, MOST_CLASSES, A_GRADE, WHOLE_SHARE, EXCLUDED):
        assert f" {number} " in text
    one = {"reason": "rating_up", "steps": 7, "severity": None, "share": Decimal("0.5"), "is_excluded": True}
    two = {"reason": "risk_alert_bulletin_new", "steps": None, "severity": 5, "share": Decimal("0.009999"),
           "is_excluded": False}  # fmt: skip
    schema: dict[str, Any] = {
        name: PUSH_LIST.schema[name] for name in ("reason", "steps", "severity", "share")
    }
    frame = pl.DataFrame([one, two], schema=schema | {"is_excluded": pl.Boolean})
    assert frame.select(score()).to_series().to_list() == [600 + 5 * 40 + 100 + 50, 400 + 5 * 50 + 1]


def test_what_is_learnt_later_is_a_supplement_and_what_was_sent_stays() -> None:
    first = push(bulletins=bulletins(bulletin()))
    made = {PUSH_LIST: first.items, PUSH_ENTERPRISES: first.enterprises}
    assert all(rows.equals(made[t]) for t, rows in with_supplement(made, made, 1).items())
    later = push(bulletins=bulletins(bulletin(severity=5), bulletin(bulletin_no="B2")))
    fresh = {PUSH_LIST: later.items, PUSH_ENTERPRISES: later.enterprises}
    second = with_supplement(made, fresh, 1)
    items = second[PUSH_LIST].select("item", "severity", "supplement").rows()
    assert items == [("B1", 3, 0), ("B1", 5, 1), ("B2", 3, 1)]
    assert second[PUSH_ENTERPRISES].select("items", "supplement").rows() == [(1, 0), (2, 1)]
    none = push()
    gone = {PUSH_LIST: none.items, PUSH_ENTERPRISES: none.enterprises}
    assert with_supplement(second, gone, 2)[PUSH_LIST].equals(second[PUSH_LIST])


def test_a_worsened_rating_reads_as_a_sentence_with_reminder() -> None:
    was = ("USA", "oecd", "3", date(2024, 1, 1), "2025-01-01")
    now = ("USA", "oecd", "5", date(2025, 7, 15), "2025-07-15")
    found = pushed(ratings=rated(was, now), ratings_before=rated(was))
    assert found.filter(pl.col("change") == "up")["sentence_zh"].to_list() == [
        "美国国别风险（经合组织评级）由 3 类升为 5 类，风险上升 2 级，自 2025-07-15 起生效。"
        "贵企业近十二个月对其出口 75.00 美元，占出口总额 75.0%，前十二个月无出口，为新市场。"
        "来源：oecd table。货款逾期未收，或发现买方及其所在国出现风险变化时，"
        "请立即向中国信保深圳分公司报案。"
        "电话：中国信保客户服务 95387、深圳分公司服务 0755-88325600。以上信息仅供参考。"
    ]


@pytest.mark.parametrize(("year", "phone"), [(2022, "理赔服务 88325700"), (2025, "服务 0755-88325600")])
def test_the_reminder_has_the_lines_of_its_year(year: int, phone: str) -> None:
    said = reminder(load_terms(year))
    assert "报案" in said
    assert phone in said
    assert "83165355" not in said, "the line for taking up is no line for reports"


def test_a_sample_year_and_an_excluded_country_say_so() -> None:
    terms = replace(TERMS, sample=True, excluded_countries=("USA",))
    (row,) = pushed(bulletins=bulletins(bulletin()), terms=terms).to_dicts()
    assert row["is_excluded"]
    assert row["sentence_zh"].startswith("「样例」风险提示：关税调整（美国，3 级，撤销前有效）。")
    assert "不予承保" in row["sentence_zh"]


def test_the_limit_drops_the_lowest_first_and_the_rest_can_be_counted() -> None:
    given = bulletins(*(bulletin(bulletin_no=f"B{n}", severity=n) for n in range(1, 6)))
    terms = replace(TERMS, push_items_limit=2)
    assert pushed(bulletins=given, terms=terms)["item"].to_list() == ["B4", "B5"]
    assert push(bulletins=given, terms=terms).found == 5
    (overview,) = push(bulletins=given, terms=terms).enterprises.to_dicts()
    assert (overview["items"], overview["items_left_out"]) == (2, 3)
    assert "本月另有 3 条因条数上限未列出。" in overview["sentence_zh"]


def city(now: list[int], past: list[int], country: str = "VNM") -> list[tuple[str, ...]]:
    return [
        (f"E{n}", country, "85", month, f"{amount}.00")
        for month, amounts in (("2025-07", now), ("2024-07", past))
        for n, amount in enumerate(amounts)
    ]


EVEN = [100, 100, 100, 100, 100, 100]


@pytest.mark.parametrize(
    ("now", "past", "growth"),
    [
        ([130] * 6, EVEN, [30]),
        ([134] * 6, EVEN, [30]),
        ([900] * 6, EVEN, [200]),
        ([109] * 6, EVEN, []),
        ([200] * 4, [100] * 4, []),
        ([200] * 6, [100] * 4, []),
        ([2000, 200, 200, 200, 200], [100] * 5, []),
        ([500, 495, 5, 5, 5], [100] * 5, []),
    ],
)
def test_a_market_is_told_only_where_no_exporter_can_be_seen(
    now: list[int], past: list[int], growth: list[int]
) -> None:
    cells = two_years(MONTH, exports(*city(now, past)))  # type: ignore[arg-type]
    assert growing_markets(cells, ()).collect()["growth"].to_list() == growth
    assert growing_markets(cells, ("VNM",)).collect().is_empty()


def test_markets_are_suggested_for_its_goods_where_it_sells_nothing() -> None:
    rows = [*city([200] * 6, EVEN), *city([200] * 6, EVEN, "CHN"), *city([200] * 6, EVEN, "ZZZ")]
    rows += [("A", "USA", "85", "2025-07", "1.00"), ("B", "USA", "84", "2025-07", "1.00")]
    frame = exports(*rows)  # type: ignore[arg-type]
    cells, firms = two_years(MONTH, frame), pl.LazyFrame({"uscc": ["A", "B", "E0"]})
    found = suggestions(cells, firms, growing_markets(cells, ())).collect()
    assert found.rows() == [("A", "VNM", "85", 100, 5)]
    (row,) = pushed(exports=frame).to_dicts()
    assert (row["topic"], row["item"], row["exposure_usd"]) == ("market_info", "85", 0)
    assert "本市 5 家以上企业向越南出口" in row["sentence_zh"]


def test_same_rows_in_any_order_give_the_same_list() -> None:
    ratings = rated(*((c, s, "3", date(2024, 1, 1), "2025-01-01") for c in ("USA", "DEU") for s in "ab"))
    given = {"ratings": ratings, "ratings_before": ratings, "bulletins": bulletins(bulletin())}
    turned = {name: frame.reverse() for name, frame in given.items()}
    assert pushed(**given).equals(pushed(**turned, exports=ONE.reverse()))


def test_batches_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = exports(*((f"E{n}", "USA", "85", "2025-07", f"{n + 1}.00") for n in range(7)))
    firms = insured(*(f"E{n}" for n in range(7)))
    given: dict[str, Any] = {"exports": frame, "insured": firms, "bulletins": bulletins(bulletin())}
    whole = push(**given)
    monkeypatch.setattr(push_list, "BATCH", 2)
    batched = push(**given)
    assert whole.items.height == 7
    assert whole.items.equals(batched.items)
    assert whole.enterprises.equals(batched.enterprises)
    assert whole.items.equals(whole.items.sort(PUSH_LIST.key))


def test_figures_are_exact_and_half_up() -> None:
    found = pl.select(
        ratio(pl.lit(1), pl.lit(8), 2).alias("a"),
        usd_text(pl.lit(Decimal("1234567.80"))).alias("b"),
        usd_text(pl.lit(Decimal("123.00"))).alias("c"),
        percent_text(pl.lit(Decimal("0.123500"))).alias("d"),
        percent_text(pl.lit(Decimal("0.000499"))).alias("e"),
    )
    assert found.row(0) == (
        Decimal("0.13"), "1,234,567.80 美元", "123.00 美元", "12.4%", "不足 0.1%",
    )  # fmt: skip
