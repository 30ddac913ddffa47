"""The lists that leave the house for somebody to act on: the insurer's work list, the reminders.

Which differences there are and who has not taken up is decided in assets/policies; here are the order,
the words and the files. `today` is passed in.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from assets.eligibility.register import ActRefused
from assets.policies.identify import newest_facts
from assets.storage.lake import Lake
from assets.storage.manifest import write_bytes
from assets.versions import accepted_versions
from pipelines.sheets import Sheet, workbook
from schemas.codes.districts import DISTRICT_ORDER
from schemas.codes.labels import labels
from schemas.eligibility import ENTERPRISES, ROSTER
from schemas.policies import TAKE_UP, WORK_LIST, WORK_LIST_CHANGES
from schemas.terms.loader import PolicyTerms

AGES = {"≤7 天": 7, "8–30": 30, "31–90": 90, ">90": None}
"""Title of an age → its last day."""
CODES = {
    code: word
    for kind in ("policy_status", "discrepancy", "finding", "service_finding")
    for code, word in labels(kind).items()
}


@dataclass(frozen=True)
class WorkList:
    """What is open today, and what changed after a day, of some policy years."""

    today: date
    since: date
    open: pl.DataFrame
    changes: pl.DataFrame

    @classmethod
    def read(cls, root: Path, years: Sequence[int], today: date, since: date | None = None) -> WorkList:
        """Read it; `since` is yesterday unless given."""
        since = since or today - timedelta(days=1)
        lake, keys = Lake(root), [str(year) for year in years]
        age = (pl.lit(today) - pl.col("since_on")).dt.total_days()
        rows = lake.scan(WORK_LIST, keys).with_columns(age_days=age)
        changes = lake.scan(WORK_LIST_CHANGES, keys).filter(pl.col("changed_on") > since)
        return cls(
            today,
            since,
            rows.sort("policy_year", "subject", "code", "since_on", "number").collect(),
            changes.sort("changed_on", "change", *WORK_LIST.key).collect(),
        )

    def ages(self) -> pl.DataFrame:
        """Open differences by code and age."""
        bounds = [-1, *(last for last in AGES.values() if last is not None), None]
        counts = [
            self._aged(bounds[at], bounds[at + 1]).sum().cast(pl.Int64).alias(title)
            for at, title in enumerate(AGES)
        ]
        return (
            self.open.group_by("policy_year", "code", maintain_order=True)
            .agg(pl.len().cast(pl.Int64).alias("合计"), *counts)
            .select(
                pl.col("policy_year").cast(pl.String).alias("年度"),
                pl.col("code").replace(CODES).alias("差异"),
                *AGES,
                "合计",
            )
        )

    @staticmethod
    def _aged(above: int | None, last: int | None) -> pl.Expr:
        age = pl.col("age_days")
        return (age > above) & (age <= last if last is not None else pl.lit(value=True))

    def xlsx(self) -> bytes:
        """The workbook for the insurer: what to do, what changed, how old it is."""
        return workbook(
            [
                Sheet("待办", f"保单、赔案待办差异（{self.today}，{self.open.height:,} 项）", self._to_do(),
                      (6, 6, 16, 22, 21, 10, 16, 14, 14, 11, 6, 20)),
                Sheet("变化", f"{self.since} 以来的变化（{self.changes.height:,} 项）", self._changed(),
                      (11, 8, 6, 8, 22, 34, 11, 6)),
                Sheet("账龄", f"待办差异账龄（{self.today}）", self.ages(), (6, 34, 11, 11, 11, 11, 9)),
            ],
            self.today,
        )  # fmt: skip

    def _to_do(self) -> pl.DataFrame:
        return self.open.select(
            pl.col("policy_year").cast(pl.String).alias("年度"),
            pl.col("subject").replace(labels("work_subject")).alias("对象"),
            pl.col("number").alias("编号"),
            pl.col("name").alias("企业名称"),
            pl.col("uscc").alias("统一社会信用代码"),
            pl.col("district").alias("所属区"),
            pl.col("code").replace(CODES).alias("差异"),
            pl.col("expected").alias("应为"),
            pl.col("found").alias("实为"),
            pl.col("since_on").alias("首次发现"),
            pl.col("age_days").cast(pl.Int64).alias("天数"),
            pl.col("action_zh").alias("处理办法"),
        )

    def _changed(self) -> pl.DataFrame:
        return self.changes.select(
            pl.col("changed_on").alias("变化日期"),
            pl.col("change").replace(labels("work_change")).alias("变化"),
            pl.col("policy_year").cast(pl.String).alias("年度"),
            pl.col("subject").replace(labels("work_subject")).alias("对象"),
            pl.col("number").alias("编号"),
            pl.col("code").replace(CODES).alias("差异"),
            pl.col("since_on").alias("首次发现"),
            pl.col("age_days").cast(pl.Int64).alias("历时"),
        )


def reminders(root: Path, terms: PolicyTerms, today: date) -> pl.DataFrame:
    """Who is listed and has not taken up, in the order of the list, with the channel to remind through.

    The channel is the one used the year before where the notice still has it, else the notice's first.
    Refused after the deadline.
    """
    if today > terms.take_up_deadline:
        raise ActRefused(
            f"The deadline of {terms.policy_year} was {terms.take_up_deadline}: there is nothing to remind "
            "of; who takes up now is covered from the day of issue, and `take_up` says who has not."
        )
    lake, key = Lake(root), str(terms.policy_year)
    waiting = lake.scan(TAKE_UP, [key]).filter(pl.col("status") == "not_taken_up").select("uscc", "district")
    before = _channels_before(lake, terms.policy_year - 1)
    rank = pl.col("district").replace_strict(
        {name: at for at, name in enumerate(DISTRICT_ORDER)}, default=len(DISTRICT_ORDER)
    )
    channel = pl.when(pl.col("before").is_in(list(terms.channels))).then("before")
    return (
        waiting.join(_names(lake, key), on="uscc", how="left")
        .join(before, on="uscc", how="left")
        .with_columns(
            channel=pl.coalesce(channel, pl.lit(terms.channels[0])),
            is_new=pl.col("before").is_null(),
            days_left=pl.lit((terms.take_up_deadline - today).days),
        )
        .sort(rank, "channel", "uscc")
        .select("district", "channel", "uscc", "name", "is_new", "days_left")
        .collect()
    )


def _channels_before(lake: Lake, policy_year: int) -> pl.LazyFrame:
    """Through which channel each enterprise took up in a year; of an unregistered year nothing."""
    known = [str(policy_year)] if str(policy_year) in lake.read(TAKE_UP.name) else []
    return lake.scan(TAKE_UP, known).drop_nulls("channel").select("uscc", before="channel")


def _names(lake: Lake, key: str) -> pl.LazyFrame:
    """The name on the newest edition that lists an enterprise; before there is one, by the registry."""
    listed = lake.scan(ROSTER, [key]).sort("edition").unique("uscc", keep="last", maintain_order=True)
    registered = newest_facts(accepted_versions(lake.scan(ENTERPRISES.ledger), ENTERPRISES))
    return (
        registered.select("uscc", registered="name")
        .join(listed.select("uscc", listed="name"), on="uscc", how="full", coalesce=True)
        .select("uscc", name=pl.coalesce("listed", "registered"))
    )


def write_reminders(folder: Path, rows: pl.DataFrame, terms: PolicyTerms, today: date) -> list[Path]:
    """One CSV a district and channel, and one workbook with all of them; the paths written."""
    words = {"online": "线上", "offline": "线下"}
    shown = rows.select(
        pl.col("district").fill_null("未分区").alias("所属区"),
        pl.col("channel").replace(words).alias("渠道"),
        pl.col("uscc").alias("统一社会信用代码"),
        pl.col("name").alias("企业名称"),
        pl.when("is_new").then(pl.lit("否")).otherwise(pl.lit("是")).alias("上年已领取"),
        pl.lit(terms.take_up_deadline).alias("领取截止"),
        pl.col("days_left").cast(pl.Int64).alias("剩余天数"),
    )
    title = f"{terms.label_zh}统保保单领取提醒（{today}，截止 {terms.take_up_deadline}）"
    widths = (14, 8, 22, 40, 11, 12, 9)
    sheets = [Sheet("汇总", title, _counted(shown), (16, 10, 10))]
    written = []
    for (district,), of_district in shown.group_by("所属区", maintain_order=True):
        sheets.append(
            Sheet(str(district), f"{title} · {district} {of_district.height:,} 家", of_district, widths)
        )
        for (channel,), part in of_district.group_by("渠道", maintain_order=True):
            path = folder / f"{terms.policy_year}-{district}-{channel}.csv"
            write_bytes(path, _csv(part))
            written.append(path)
    book = folder / f"{terms.policy_year}-领取提醒.xlsx"
    write_bytes(book, workbook(sheets, today))
    return [book, *written]


def _counted(shown: pl.DataFrame) -> pl.DataFrame:
    counts = shown.group_by("所属区", "渠道", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("企业数")
    )
    total: Mapping[str, object] = {"所属区": "合计", "渠道": None, "企业数": shown.height}
    return pl.concat([counts, pl.DataFrame([total], schema=counts.schema)])


def _csv(rows: pl.DataFrame) -> bytes:
    """UTF-8 with BOM, which spreadsheets read rightly; a text that would be a formula starts with '."""
    text = pl.selectors.string()
    safe = rows.with_columns(text.str.replace(r"^([=+\-@\t])", "'${1}"))
    content = io.BytesIO()
    safe.write_csv(content, include_bom=True)
    return content.getvalue()
