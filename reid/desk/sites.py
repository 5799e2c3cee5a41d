"""One search over several sites: allowed by a role, a case and each site, audited at each.

Sites share nothing: each has its own table, database, keys and rules. Who asks needs a role that
may, and an open case of a purpose that allows it at home; each site must name the asking venue in
its rules, and answers by its own rules for the same purpose. All this is checked at every site
before any is searched.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from reid.core.errors import AccessError, PolicyError
from reid.core.records import Answer, Query, SearchWindow
from reid.desk.cases import User
from reid.desk.cases.audit import Detail
from reid.desk.desk import SEARCH_SITE, SHOWN, Desk
from reid.desk.parsed_description import ParsedDescription, allowed
from reid.desk.policy import may, with_article
from reid.search.questions import search_snapshot

_LONGEST_ACTOR: Final = 80


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """What one site answered, and which slots its rules or those at home left out."""

    site: str
    answer: Answer
    searched: int
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteQuestion:
    """What each site is asked: the description, when and where to look, how many to show."""

    description: ParsedDescription
    window: SearchWindow = field(default_factory=SearchWindow)
    top: int = SHOWN


def search_sites(
    home: Desk,
    sites: Mapping[str, Desk],
    user: User,
    case_id: int,
    question: SiteQuestion,
) -> list[SiteAnswer]:
    """Search other sites for a case at home; every line is written before an answer is given.

    Each site that is asked is one question.

    Raises:
        AccessError: the user's role may not, or searches too much.
        PolicyError: the case's purpose, or a site, does not allow it.
        CaseError: no such open case.
    """
    if not may(user.role, "sites"):
        raise AccessError(f"{with_article(user.role)} may not search other sites: ask a supervisor")
    case = home.records.book.require_open(case_id)
    purpose = home.policy.purpose(case.purpose)
    if not purpose.sites:
        raise PolicyError(
            f"{case.purpose} is a purpose for this venue alone: its rules would have to say "
            "`sites = true`"
        )
    home.require_questions_left(user.name, len(sites))
    actor = f"{home.policy.venue.name}: {user.name}"[:_LONGEST_ACTOR]
    for name, site in sites.items():
        _check(name, site, home, case.purpose, actor)
    query, withheld = allowed(question.description.query(), purpose)
    found = []
    for name, site in sites.items():
        there, more = allowed(query, site.policy.purpose(case.purpose))
        answer, searched = _answer(site, there, question.window, question.top)
        detail = _detail(answer, searched, (*withheld, *more))
        site.note_question(SEARCH_SITE, None, {**detail, "case": case.name}, actor)
        home.note_question(SEARCH_SITE, case_id, {**detail, "site": name}, user.name)
        found.append(SiteAnswer(name, answer, searched, (*withheld, *more)))
    return found


def _check(name: str, site: Desk, home: Desk, purpose: str, actor: str) -> None:
    """Refuse where a site does not take questions from this venue; it keeps a line of that."""
    asking = home.policy.venue.name
    if asking not in site.policy.venue.accepts or purpose not in site.policy.purposes:
        site.records.book.note(actor, f"{SEARCH_SITE}.refused", None, {"purpose": purpose})
        raise PolicyError(
            f"{name} does not answer {asking} for {purpose}: its rules would have to name it in "
            "[venue] accepts, and have the purpose"
        )
    site.require_questions_left(actor)


def _answer(site: Desk, query: Query, window: SearchWindow, top: int) -> tuple[Answer, int]:
    if not query.asks or not site.has_sightings:
        return Answer(query, "unsure", ()), 0
    times = replace(window, cameras=())  # cameras are named by each site for itself
    return site.answered(
        lambda snapshot: search_snapshot(snapshot, query, times, top),
        lambda found: [match.key.id for match in found[0].matches],
    )


def _detail(answer: Answer, searched: int, withheld: tuple[str, ...]) -> Detail:
    return {
        "wishes": len(answer.query.wishes),
        "searched": searched,
        "shown": len(answer.matches),
        "outcome": answer.outcome,
        "withheld": list(withheld),
    }
