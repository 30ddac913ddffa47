"""The act that makes the notice of a published edition, and its files in the register.

What was shown to the public is kept as it was shown: a notice is made once, and `verify` holds its
files to the register's hashes.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from assets.eligibility.draft import editions_now
from assets.eligibility.notice.content import notice_of
from assets.eligibility.notice.files import files_of
from assets.eligibility.register import Act, ActRefused, NoticeFile, Register, not_a_role
from assets.work import House
from schemas.terms.loader import load_terms


def write_notice(house: House, policy_year: int, edition: int, by: str) -> Act:
    """Make the notice of an edition that this system published, once."""
    terms = load_terms(policy_year)
    with house.lock():
        state = house.state()
        found = {e.number: e for e in editions_now(state, policy_year)}.get(edition)
        if found is None or found.act is None or found.act.act != "publish":
            raise ActRefused(
                f"{policy_year} has no edition {edition} that was published here: publish it with "
                "`tongbao roster publish`; an imported list had its own notice."
            )
        if why := not_a_role(by):
            raise ActRefused(f"{why}.")
        if any(act.edition == edition for act in state.register.of(policy_year, "notice")):
            raise ActRefused(
                f"The notice of edition {edition} of {policy_year} is made and never changes: "
                "`tongbao roster notice` shows where it is."
            )
        notice = notice_of(found, terms)
        keep = state.register.keep
        detail = {
            f"{suffix}_sha256": keep(policy_year, edition, suffix, content)  # type: ignore[arg-type]
            for suffix, content in files_of(notice).items()
        }
        detail |= {"name": notice.name, "lines_sha256": notice.sha256}
        return state.register.append("notice", policy_year, edition, state.now, by, detail)


def notice_files(register: Register, policy_year: int | None = None) -> dict[str, tuple[Path, str]]:
    """Plain name → file and hash of every notice (of a year): what a release carries."""
    found: dict[str, tuple[Path, str]] = {}
    for act in register.acts:
        if act.act != "notice" or policy_year not in (None, act.policy_year):
            continue
        folder = f"notice/policy_year={act.policy_year}/edition={act.edition}"
        for suffix, path in register.kept_of(act).items():
            if suffix in get_args(NoticeFile):
                found[f"{folder}/{act.detail['name']}.{suffix}"] = path, act.detail[f"{suffix}_sha256"]
    return found
