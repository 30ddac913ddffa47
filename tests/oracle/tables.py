"""All of it: a drop folder and a present in, the contract's tables out.

Belongs here: the order in which the parts are asked. Not here: any rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.oracle import facts
from tests.oracle.judge import SHANGHAI, Row, is_early, judge, mark_conflicts, without_duplicates
from tests.oracle.ledger import annual_exports, build_lines, monthly_exports, read_rates
from tests.oracle.policies import World, audit_claims, reconcile, take_up
from tests.oracle.read import read_folder
from tests.oracle.roster import (
    Edition,
    Registry,
    Roster,
    decide,
    draft_edition,
    imported_editions,
    roster_date,
)
from tests.oracle.statistics import insured_exports, service_use

Table = list[dict[str, object]]


@dataclass
class Tables:
    """The contract's tables, sorted by key, and how each received row fared."""

    monthly_exports: Table = field(default_factory=list)
    annual_exports: Table = field(default_factory=list)
    roster_decisions: Table = field(default_factory=list)
    policy_reconciliation: Table = field(default_factory=list)
    take_up: Table = field(default_factory=list)
    claim_audit: Table = field(default_factory=list)
    insured_exports: Table = field(default_factory=list)
    service_use: Table = field(default_factory=list)
    line_states: dict[tuple[str, int], tuple[str, list[str]]] = field(default_factory=dict)
    rejected: list[tuple[str, str, int, list[str]]] = field(default_factory=list)
    received: dict[str, dict[str, int]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def run(
    folder: Path,
    now: datetime,
    policy_years: Sequence[int],
    published: dict[int, list[Edition]] | None = None,
    terms: Mapping[int, facts.Terms] = facts.TERMS,
) -> Tables:
    """Compute every table from the files in `folder` as of `now`."""
    raw, refused = read_folder(folder)
    judged = [judge(row) for row in raw]
    present = [row for row in judged if not is_early(row, now, terms)]
    rows = without_duplicates(present)
    mark_conflicts(rows)
    today = now.astimezone(SHANGHAI).date()

    def of(source: str) -> list[Row]:
        return [row for row in rows if row.source == source]

    lines = build_lines(of("customs_declarations"), read_rates(of("exchange_rates")))
    registry = Registry(of("enterprises"))
    tables = Tables(
        monthly_exports=monthly_exports(lines),
        annual_exports=annual_exports(lines),
        line_states={key: (line.state, sorted(line.reasons)) for key, line in lines.items()},
        refused=refused,
    )

    rosters: dict[int, Roster] = {}
    for policy_year in sorted(policy_years):
        editions = imported_editions(of("published_rosters"), policy_year)
        editions += (published or {}).get(policy_year, [])
        editions = sorted((e for e in editions if e.published_on <= today), key=lambda e: e.number)
        day = roster_date(editions, terms[policy_year], today)
        decisions = decide(terms[policy_year], day, lines, tables.annual_exports, registry)
        tables.roster_decisions += decisions
        rosters[policy_year] = Roster(editions, today, draft_edition(decisions, today))

    exporters = frozenset(
        row["consignor_uscc"] for row in of("customs_declarations") if row["consignor_uscc"]
    )
    exported = frozenset(
        (line.row["consignor_uscc"], line.row["trading_country"], day.year * 12 + day.month)
        for line in lines.values()
        if line.state == "counted" and (day := line.row["declared_on"])
    )
    world = World(terms, rosters, registry, exporters, today, exported)
    tables.policy_reconciliation = reconcile(of("policies"), world)
    tables.take_up = take_up(rosters, terms, tables.policy_reconciliation)
    tables.insured_exports = insured_exports(lines.values(), tables.policy_reconciliation, terms)
    tables.service_use = service_use(of("service_usage"), policy_years)
    tables.claim_audit = audit_claims(of("claims"), of("policies"), tables.policy_reconciliation, world)
    tables.rejected = sorted(
        (row.source, row.file, row.number, sorted(row.reasons)) for row in rows if row.reasons
    )
    for row in judged:
        counts = tables.received.setdefault(row.source, {"rows": 0, "waiting": 0, "duplicate": 0})
        counts["rows"] += 1
    for source, counts in tables.received.items():
        counts["waiting"] = counts["rows"] - sum(row.source == source for row in present)
        counts["duplicate"] = counts["rows"] - counts["waiting"] - len(of(source))
    return tables
