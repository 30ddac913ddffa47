"""Editions of the roster, from the register and from imported lists: lines and standing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from assets.eligibility.decide import Override
from assets.eligibility.register import Act, Register, lines_as_csv
from schemas.calendar import end_of, local_date
from schemas.codes.districts import DISTRICT_ORDER
from schemas.eligibility import ROSTER, ROSTER_DECISIONS

DEFAULT_RULINGS = {"should_be_listed": "eligible", "should_not_be_listed": "over_threshold"}


@dataclass(frozen=True)
class Edition:
    """One edition and where it came from; `known_at` is the data's date."""

    number: int
    published_on: date
    objections_until: date | None
    confirmed_on: date | None
    known_at: datetime
    lines: pl.DataFrame
    act: Act | None = None
    """The act that brought it into the register; None while it is only in the source."""

    @property
    def sha256(self) -> str:
        """What identifies it: the hash of its lines as CSV."""
        return hashlib.sha256(canonical(self.lines)).hexdigest()


def all_editions(imported: pl.DataFrame, register: Register, policy_year: int) -> list[Edition]:
    """The published and confirmed editions of a year, in order of their number.

    `imported`: current rows of published_rosters. What the register has of an edition stands,
    whatever the source says of it later.
    """
    of_source = {edition.number: edition for edition in imported_editions(imported, policy_year)}
    confirmed = {act.edition: act for act in register.of(policy_year, "confirm")}
    kept = {
        act.edition: _registered(register, act, confirmed.get(act.edition))
        for act in register.of(policy_year, "import", "publish")
    }
    return [edition for _, edition in sorted((of_source | kept).items())]


def imported_editions(imported: pl.DataFrame, policy_year: int) -> list[Edition]:
    """The editions of a year that the source has, as it has them now."""
    of_year = imported.filter(pl.col("policy_year") == policy_year).sort("edition", "serial")
    return [
        _imported(int(number), rows)
        for (number,), rows in of_year.partition_by("edition", as_dict=True).items()
    ]


def _registered(register: Register, act: Act, confirmation: Act | None) -> Edition:
    """An edition as the register keeps it; an imported one was confirmed before it came in."""
    rows = [(int(x["serial"]), x["uscc"], x["name"], x["district"] or None) for x in register.lines(act)]
    lines = _lines(act.policy_year, act.edition, rows)
    if act.act == "import":
        published_on = date.fromisoformat(act.detail["published_on"])
        confirmed_on = date.fromisoformat(act.detail["confirmed_on"])
        return Edition(act.edition, published_on, None, confirmed_on, end_of(published_on), lines, act)
    at = datetime.fromisoformat(act.at)
    until = date.fromisoformat(act.detail["objections_until"])
    on = local_date(datetime.fromisoformat(confirmation.at)) if confirmation else None
    return Edition(act.edition, local_date(at), until, on, at, lines, act)


def _imported(number: int, rows: pl.DataFrame) -> Edition:
    published_on, confirmed_on = rows.select(pl.col("published_on", "confirmed_on").min()).row(0)
    lines = rows.select("serial", "uscc", "enterprise_name", "district").rows()
    of_year = _lines(rows["policy_year"][0], number, lines)
    return Edition(number, published_on, None, confirmed_on, end_of(published_on), of_year)


def _lines(policy_year: int, number: int, lines: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(
        [(policy_year, number, uscc, serial, name, district) for serial, uscc, name, district in lines],
        schema=ROSTER.schema,
        orient="row",
    ).sort("uscc")


def in_force(editions: Sequence[Edition]) -> Edition | None:
    """The edition in force: the confirmed one with the highest number."""
    confirmed = [edition for edition in editions if edition.confirmed_on]
    return confirmed[-1] if confirmed else None


def draft_lines(decisions: pl.LazyFrame, facts: pl.LazyFrame, policy_year: int) -> pl.DataFrame:
    """The list as these decisions and registry facts have it; edition 0, since it is none yet."""
    listed = (
        decisions.filter(pl.col("decision") == "eligible")
        .select("uscc")
        .join(facts.select("uscc", "name", "district"), on="uscc", how="left")
        .with_columns(pl.col("name").fill_null(""))
        .collect()
    )
    rows = in_order(listed).select("serial", "uscc", "name", "district").rows()
    return _lines(policy_year, 0, rows)


def in_order(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines by district in the notice's order, then by credit code, with their `serial` from 1."""
    rank = pl.col("district").replace_strict(
        {name: place for place, name in enumerate(DISTRICT_ORDER)},
        default=len(DISTRICT_ORDER),
        return_dtype=pl.Int32,
    )
    return (
        lines.sort(rank, "uscc")
        .with_row_index("serial", offset=1)
        .with_columns(pl.col("serial").cast(pl.Int32))
    )


def canonical(lines: pl.DataFrame) -> bytes:
    """An edition's lines as the bytes whose SHA-256 identifies it, in order of serial."""
    return lines_as_csv(lines.sort("serial").select("serial", "uscc", "name", "district").rows())


def decisions_as_csv(decisions: pl.DataFrame) -> bytes:
    """The decisions that an edition was made from, as the bytes that the register keeps."""
    kept = decisions.sort("uscc").select(ROSTER_DECISIONS.names)
    return kept.write_csv(quote_style="non_numeric").encode()


def kept_decisions(register: Register, edition: Edition) -> pl.DataFrame | None:
    """The decisions that an edition was made from; None for one that this system did not make."""
    if edition.act is None or edition.act.act != "publish":
        return None
    return pl.read_csv(register.content(edition.act, "decisions"), schema=ROSTER_DECISIONS.schema)


def editions_table(
    editions: Sequence[Edition], draft: pl.DataFrame, policy_year: int
) -> list[dict[str, object]]:
    """Rows of roster_editions; a year without any edition shows its draft as edition 1."""

    def row(number: int, status: str, lines: pl.DataFrame, *days: date | None) -> dict[str, object]:
        published_on, until, confirmed_on = days
        return {
            "policy_year": policy_year,
            "edition": number,
            "status": status,
            "published_on": published_on,
            "objections_until": until,
            "confirmed_on": confirmed_on,
            "lines": lines.height,
            "sha256": hashlib.sha256(canonical(lines)).hexdigest(),
        }

    if not editions:
        return [row(1, "draft", draft, None, None, None)]
    standing = in_force(editions)
    return [
        row(
            e.number,
            "published" if not e.confirmed_on else ("confirmed" if e is standing else "superseded"),
            e.lines,
            e.published_on,
            e.objections_until,
            e.confirmed_on,
        )
        for e in editions
    ]


def rulings(register: Register, policy_year: int) -> dict[str, Act]:
    """Objection number → the last ruling on it, in the order of the rulings."""
    found: dict[str, Act] = {}
    for act in register.of(policy_year, "decide"):
        found.pop(act.detail["objection_no"], None)
        found[act.detail["objection_no"]] = act
    return found


def overrides(register: Register, policy_year: int) -> list[Override]:
    """The upheld objections of a year: the decision that holds instead, the last ruling winning."""
    found = {
        act.detail["uscc"]: Override(act.detail["uscc"], act.detail["objection_no"], act.detail["decision"])
        for act in rulings(register, policy_year).values()
        if act.detail["ruling"] == "upheld" and act.detail["decision"]
    }
    return list(found.values())
