"""All tables in the order in which data flows: the one list that every rendering reads."""

from __future__ import annotations

from schemas import customs, eligibility, operations, policies, push, statistics
from schemas.table import Source, Table

SOURCES: tuple[Source, ...] = (
    customs.DECLARATIONS,
    customs.RATES,
    eligibility.ENTERPRISES,
    eligibility.PUBLISHED_ROSTERS,
    eligibility.OBJECTIONS,
    policies.POLICIES,
    policies.CLAIMS,
    policies.SERVICE_USAGE,
    push.COUNTRY_RISK,
    push.RISK_BULLETINS,
    push.PORTAL_RECEIPTS,
)
INTERNAL: tuple[Table, ...] = (
    customs.LEDGER_ORIGINS,
    customs.CUBE,
    customs.LINE_COUNTS,
    customs.LINE_REJECTS,
    statistics.PUBLIC_CONTRIBUTIONS,
)
PUBLISHED: tuple[Table, ...] = (
    customs.MONTHLY_EXPORTS,
    customs.ANNUAL_EXPORTS,
    eligibility.ROSTER_DECISIONS,
    eligibility.ROSTER_EDITIONS,
    eligibility.ROSTER,
    eligibility.ROSTER_CHANGES,
    eligibility.ROSTER_DRIFT,
    policies.POLICY_RECONCILIATION,
    policies.POLICY_DIFFERENCES,
    policies.POLICY_SUGGESTIONS,
    policies.TAKE_UP,
    policies.CLAIM_AUDIT,
    policies.CLAIM_DIFFERENCES,
    policies.BUYER_EXPOSURE,
    policies.SERVICE_USE,
    policies.CREDIT_REPORT_AUDIT,
    policies.WORK_LIST,
    policies.WORK_LIST_CHANGES,
    policies.POLICY_THREADS,
    push.PUSH_LIST,
    push.PUSH_ENTERPRISES,
    push.PUSH_OUTBOX,
    push.PUSH_RECEIPTS,
    statistics.INSURED_EXPORTS,
    statistics.ANNUAL_STATISTICS,
    statistics.STATISTICS_REVISIONS,
    statistics.PUBLIC_STATISTICS,
    operations.REJECTED_ROWS,
    operations.RUNS,
    operations.RELEASE_CHANGES,
)
TABLES: dict[str, Table] = {
    table.name: table for table in (*SOURCES, *(source.ledger for source in SOURCES), *INTERNAL, *PUBLISHED)
}
