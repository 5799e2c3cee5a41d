"""One door to a venue: what can be asked of it and done in it, with rules or without.

`open_venue` looks once whether the venue has rules. With rules every question is bound to a case
and goes through the desk, which counts and audits it; without rules the same questions go to the
store. Nothing is printed here.
"""

import getpass
import os
import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reid.core.clock import utc
from reid.core.errors import AuditError, PolicyError, UsageError
from reid.core.pixels import RedactedCrop
from reid.core.records import Answer, SearchWindow, SimilarMatch
from reid.desk.erasure import Expired
from reid.desk.parsed_description import ParsedDescription
from reid.desk.policy import find_policy, load_policy
from reid.loading import IndexOptions, Models, load_models, options_for
from reid.search.questions import journey, search, similar
from reid.storage.postgresql import DATABASE_VARIABLE
from reid.storage.venue_path import Folder, folder_at
from reid.store import Filter, Store

if TYPE_CHECKING:  # loaded where something is indexed, or a venue has rules
    from reid.capture.sources import Source
    from reid.desk.cases.audit import Detail, Verified
    from reid.desk.cases.audit_sinks import Seal
    from reid.desk.desk import Desk
    from reid.desk.sites import SiteAnswer
    from reid.pipeline import Indexer, IndexReport

ANYWHERE: Final = SearchWindow()
"""All cameras, all times."""

DEFAULT_MODELS: Final = IndexOptions()


@dataclass(frozen=True, slots=True)
class Learning:
    """What a venue's weights may learn for, and from tracks that ended `since`; None: from all."""

    purpose: str
    since: datetime | None = None


class Venue(ABC):
    """What can be asked of a venue. `window` is a time window and cameras; `top` how many."""

    expired: Expired = Expired()
    """What was over its time when the venue was opened, and is gone."""

    folder: Folder
    """Where it lies."""

    clock: tzinfo | None = None
    """The zone of times without an offset, given and said; None: this machine's."""

    retention: timedelta | None = None
    """How long sightings are kept; None: for good."""

    clock_doubt: str = ""
    """Why the clock is not gone by when sightings are erased; empty if it is."""

    @staticmethod
    def open(address: str | Folder, case: str | None = None) -> "Venue":
        """Open a venue, or begin one.

        Args:
            address: a folder, or ``s3://bucket/prefix``.
            case: the case that questions belong to, like ``C-1``; only a venue with rules has any.

        Raises:
            PolicyError: its rules are wrong.
        """
        return open_venue(folder_at(address) if isinstance(address, str) else address, case)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.folder)!r})"

    @property
    @abstractmethod
    def store(self) -> Store:
        """The venue's sightings.

        Raises:
            StoreError: nothing is indexed.
        """

    def understand(self, text: str) -> ParsedDescription:
        """Parse a description, once.

        Raises:
            UsageError: nothing in it can be searched for.
            PolicyError: the venue's rules refuse it.
        """
        description = self._parsed(text)
        if not description.query().asks:
            raise UsageError(_nothing_usable(description.refused))
        return description

    def understand_words(self, text: str) -> ParsedDescription:
        """Parse what may be said beside a photo: also nothing, or nothing usable.

        Raises:
            PolicyError: the venue's rules refuse it.
        """
        return self._parsed(text) if text.strip() else ParsedDescription.of_text("{}")

    def search(
        self, description: str | ParsedDescription, window: SearchWindow = ANYWHERE, top: int = 10
    ) -> Answer:
        """Rank the venue's sightings for a description, best first.

        Args:
            description: a sentence, or one that `understand` has parsed.
            window: when and where to look.
            top: at most so many matches.

        Raises:
            UsageError: nothing in it can be searched for, or a camera that has no sightings here.
            PolicyError: the venue's rules refuse it.
            StoreError: nothing is indexed.
        """
        if isinstance(description, str):
            description = self.understand(description)
        known = self.store.cameras()
        unknown = [camera for camera in window.cameras if camera not in known]
        if unknown:
            raise UsageError(f"no camera {unknown[0]}: this venue has {', '.join(known)}")
        return self._search(description, window.by_clock(self.clock), top)

    def index(
        self,
        *sources: str | Path,
        camera: str | None = None,
        start: datetime | None = None,
        crops: bool = False,
        options: IndexOptions = DEFAULT_MODELS,
    ) -> "list[IndexReport]":
        """Find the people in videos, photos or streams, redact their heads, store what they wear.

        Args:
            sources: videos, images, folders of them, stream addresses or ``webcam:0``.
            camera: camera id; by default each file's name.
            start: time of the first frame, by the venue's clock; by default what the file says.
            crops: each image is one person already cut out.
            options: which models, how many frames.

        Returns:
            One report a source; a folder may hold several.

        Raises:
            SourceError: a source cannot be read, or would lie in the future; those before it are
                stored.
            ModelError: a model is missing or unreadable.
            PolicyError: a camera that the venue's rules do not declare.
            StoreError: the venue cannot be opened, or holds vectors of another model.
        """
        from reid.capture.sources import open_sources

        models = load_models(options_for(self.folder, options), crops=crops)
        began = None if start is None else utc(start, self.clock)
        opened = [
            source
            for address in sources
            for source in open_sources(
                str(address), camera=camera, start=began, crops=crops, zone=self.clock
            )
        ]
        for warning in filter(None, map(self.check_times, opened)):
            warnings.warn(warning, stacklevel=2)
        indexer = self.indexer(models, opened, options)
        reports = [indexer.index(source) for source in opened]
        if any(report.stopped for report in reports):
            raise KeyboardInterrupt
        return reports

    def indexer(
        self, models: Models, sources: "Sequence[Source]", options: IndexOptions = DEFAULT_MODELS
    ) -> "Indexer":
        """Return what indexes sources into this venue, which is made if need be.

        Raises:
            PolicyError: a camera that the venue's rules do not declare.
            StoreError: the venue cannot be opened, or holds vectors of another model.
        """
        from reid.pipeline import Indexer

        self.check_cameras([source.camera for source in sources])
        embedder, tracker = models.embedder, models.tracker
        store = Store.create(self.folder, embedder.model_id, embedder.dim)
        return Indexer(
            store, embedder, tracker, options.every, careful=options.careful, rotate=options.rotate,
            views=views_kept(self.folder, options),
        )  # fmt: skip

    def check_times(self, source: "Source") -> str:
        """Return a warning if a source is older than this venue keeps sightings, else "".

        Raises:
            SourceError: it would lie in the future.
        """
        from reid.capture.times import check_times

        return check_times(source, self.retention, self.clock)

    def export(self, kind: str, sightings: Sequence[str]) -> dict[str, RedactedCrop]:
        """Return redacted crops by sighting, for a file; `kind` says what it is."""
        self.note_export(kind, len(sightings))
        return self.store.crops(sightings)

    @abstractmethod
    def _parsed(self, text: str) -> ParsedDescription: ...

    @abstractmethod
    def _search(self, description: ParsedDescription, window: SearchWindow, top: int) -> Answer: ...

    @abstractmethod
    def similar(self, sighting: str, window: SearchWindow, top: int) -> list[SimilarMatch]:
        """Return the sightings that look most like one, best first."""

    @abstractmethod
    def journey(self, sighting: str, window: SearchWindow) -> list[SimilarMatch]:
        """Return where the same clothes were seen, in order of time."""

    @abstractmethod
    def note_export(self, kind: str, shown: int) -> None:
        """Note that pictures leave the venue as a file."""

    @abstractmethod
    def require_adaptation(self) -> Learning:
        """Return what the venue's weights may learn, and for what.

        Raises:
            PolicyError: the venue's rules do not allow it.
        """

    @abstractmethod
    def note_adaptation(self, action: str, detail: "Detail") -> None:
        """Note that the venue's weights were adapted, or taken back."""

    @abstractmethod
    def check_cameras(self, cameras: Sequence[str]) -> None:
        """Refuse to index a camera whose place the venue's rules do not declare."""

    @abstractmethod
    def erase(self, which: Filter, *, even_needed: bool = False) -> int:
        """Erase sightings for good; returns how many went.

        Raises:
            CaseError: open cases need some of them; with `even_needed` these go too.
        """

    @abstractmethod
    def erase_case(self) -> int:
        """Erase the case with all it confirmed; returns how many sightings went.

        Raises:
            PolicyError: the venue has no rules, and so no cases.
        """

    @abstractmethod
    def erase_expired(self) -> int:
        """Erase what is over its time; returns how many sightings went.

        Raises:
            PolicyError: the venue has no rules, and so no such time.
        """

    @abstractmethod
    def send_seals(self) -> None:
        """Send the newest seal of the audit trail to the sinks that the rules name, if any.

        Raises:
            AuditError: one of them does not take it.
        """


class RuledVenue(Venue):
    """A venue with rules: questions belong to a case, and the desk counts and audits them."""

    def __init__(self, desk: "Desk", case: str | None) -> None:
        self._desk, self._named = desk, case
        self.folder = desk.folder
        self.expired = desk.expired
        self.clock = desk.policy.zone
        self.retention = timedelta(hours=desk.policy.venue.retention_hours)
        self.clock_doubt = desk.clock_doubt

    @property
    def store(self) -> Store:
        """The venue's sightings."""
        return self._desk.store

    @property
    def _case(self) -> int:
        return case_number(self._named)

    def _parsed(self, text: str) -> ParsedDescription:
        return self._desk.understand(text, actor(), self._case)

    def _search(self, description: ParsedDescription, window: SearchWindow, top: int) -> Answer:
        found = self._desk.search(self._case, description, window, actor(), top)
        return found.answer

    def similar(self, sighting: str, window: SearchWindow, top: int) -> list[SimilarMatch]:
        """Find similar sightings within the case."""
        when = window.by_clock(self.clock)
        return self._desk.similar(self._case, sighting, when, actor(), top)

    def journey(self, sighting: str, window: SearchWindow) -> list[SimilarMatch]:
        """Follow the same clothes within the case."""
        when = window.by_clock(self.clock)
        return self._desk.journey(self._case, sighting, when, actor())

    def note_export(self, kind: str, shown: int) -> None:
        """Leave the export's audit line."""
        self._desk.note_export(self._case, kind, shown, actor())

    def require_adaptation(self) -> Learning:
        """Return what the rules state."""
        allowed = self._desk.policy.adaptation
        if allowed is None:
            raise PolicyError(
                "this venue's rules do not allow its weights to learn from its pictures: add "
                "[adaptation] with purpose and retention_hours to venue.toml"
            )
        kept = timedelta(hours=allowed.retention_hours)
        return Learning(allowed.purpose, datetime.now(UTC) - kept)

    def note_adaptation(self, action: str, detail: "Detail") -> None:
        """Leave the audit line."""
        self._desk.records.book.note(actor(), action, None, detail)

    def check_cameras(self, cameras: Sequence[str]) -> None:
        """Refuse a camera that the rules do not declare."""
        for camera in cameras:
            self._desk.policy.require_camera(camera)

    def erase(self, which: Filter, *, even_needed: bool = False) -> int:
        """Erase sightings, and what open cases say of them."""
        return self._desk.erase(which.by_clock(self.clock), actor(), even_needed=even_needed)

    def erase_case(self) -> int:
        """Erase the case for good."""
        return self._desk.erase_case(self._case, actor())

    def erase_expired(self) -> int:
        """Return what opening the venue has erased already."""
        return self.expired.sightings

    def send_seals(self) -> None:
        """Send the newest seal outside."""
        try:
            self._desk.records.trail.send()
        except OSError as error:
            raise AuditError(
                f"a sink of [audit] did not take the seal ({type(error).__name__}): see venue.toml"
            ) from None


class ResearchVenue(Venue):
    """A venue without rules: no cases, no audit trail."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    @cached_property
    def store(self) -> Store:
        """The venue's sightings."""
        return Store.open(self.folder)

    def _parsed(self, text: str) -> ParsedDescription:
        return ParsedDescription.of_sentence(text)

    def _search(self, description: ParsedDescription, window: SearchWindow, top: int) -> Answer:
        return search(self.store, description.query(description.sentence), window, top)

    def similar(self, sighting: str, window: SearchWindow, top: int) -> list[SimilarMatch]:
        """Find similar sightings."""
        return similar(self.store, sighting, window.by_clock(self.clock), top)

    def journey(self, sighting: str, window: SearchWindow) -> list[SimilarMatch]:
        """Follow the same clothes."""
        return journey(self.store, sighting, window.by_clock(self.clock))

    def note_export(self, kind: str, shown: int) -> None:
        """Note nothing: there is no audit trail."""

    def require_adaptation(self) -> Learning:
        """Allow it: there are no rules."""
        return Learning("research")

    def note_adaptation(self, action: str, detail: "Detail") -> None:
        """Note nothing: there is no audit trail."""

    def check_cameras(self, cameras: Sequence[str]) -> None:
        """Allow every camera."""

    def erase(self, which: Filter, *, even_needed: bool = False) -> int:
        """Erase sightings; no case needs any."""
        return self.store.erase(which.by_clock(self.clock))

    def erase_case(self) -> int:
        """Refuse: there are no cases."""
        return self._needs_rules()

    def erase_expired(self) -> int:
        """Refuse: nothing is ever over its time."""
        return self._needs_rules()

    def send_seals(self) -> None:
        """Send nothing: there is no audit trail."""

    def _needs_rules(self) -> int:
        load_policy(self.folder)  # raises, and says how to write them
        raise UsageError("the venue's rules were written just now: run it again")


def open_venue(folder: Folder, case: str | None = None) -> Venue:
    """Open a venue; of one with rules, what is over its time is erased first.

    Args:
        case: the case that questions belong to, like ``C-1``; a venue without rules has none.

    Raises:
        PolicyError: its rules are wrong.
    """
    if find_policy(folder):
        return RuledVenue(open_desk(folder), case)
    return ResearchVenue(folder)


def views_kept(folder: Folder, options: IndexOptions = DEFAULT_MODELS) -> int:
    """Return how many further views of each track a venue keeps for `reid adapt`.

    Rules say so themselves; where there are none, the options do.

    Raises:
        PolicyError: its rules are wrong.
    """
    policy = find_policy(folder)
    return policy.views_kept if policy else options.views


def clock_of(folder: Folder) -> tzinfo | None:
    """Return the zone that times are read and shown in: the venue's; None for this machine's.

    A venue without rules has none of its own.

    Raises:
        PolicyError: its rules are wrong.
    """
    return load_policy(folder).zone if find_policy(folder) else None


def open_desk(venue: Folder) -> "Desk":
    """Open a venue that has rules; what is over its time is erased first.

    Raises:
        PolicyError: it has no rules, or they are wrong.
    """
    from reid.desk.desk import Desk

    desk = Desk.open(venue, os.environ.get(DATABASE_VARIABLE))
    desk.expire()
    return desk


def actor() -> str:
    """Name who runs the command, for the audit trail."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"


def case_sites(
    desk: "Desk",
    case: str | None,
    text: str,
    sites: Sequence[str],
    top: int,
    sign_in: tuple[str, str],
) -> "list[SiteAnswer]":
    """Search other sites for a case, as a member of staff who signs in with name and password.

    Raises:
        UsageError: a site that the rules do not name.
        AccessError: a wrong password, or a role that may not.
    """
    from reid.desk.sites import SiteQuestion, search_sites

    number = case_number(case)
    name, password = sign_in
    token = desk.records.accounts.sign_in(name, password)
    try:
        question = SiteQuestion(desk.understand(text, name, number), top=top)
        opened = {site: _open_site(desk, site) for site in sites or desk.policy.sites}
        user = desk.records.accounts.get(name)
        return search_sites(desk, opened, user, number, question)
    finally:
        desk.records.accounts.sign_out(token, name)


def _open_site(desk: "Desk", name: str) -> "Desk":
    from reid.desk.desk import Desk

    site = desk.policy.sites.get(name)
    if site is None:
        known = ", ".join(desk.policy.sites) or "none"
        raise UsageError(f"{name!r} is no site of this venue's rules: {known}")
    return Desk.open(folder_at(site.address), os.environ.get(site.database or ""))


def case_number(text: str | None) -> int:
    """Read a case's name.

    Raises:
        UsageError: missing, or not one.
    """
    if text is None:
        raise UsageError(
            "this venue has rules: no case, no search; open one with `reid case open` and name it "
            "with --case C-1"
        )
    found = re.fullmatch(r"(?:C-?)?(\d{1,9})", text.strip(), re.IGNORECASE)
    if not found:
        raise UsageError(f"{text!r} is not a case: write it like C-1")
    return int(found.group(1))


def verify_audit(desk: "Desk", head: str | None, received: Path | None = None) -> "Verified":
    """Check the audit trail.

    Args:
        head: a seal noted down earlier.
        received: a file with seals that a syslog or a webhook received.

    Raises:
        AuditError: it was changed.
        UsageError: the file cannot be read, or holds no seal.
    """
    found = desk.records.trail.verify(head, received_seals(received) if received else ())
    if found.problem:
        raise AuditError(
            f"the audit trail does not hold: {found.problem} ({found.lines} lines before it do)"
        )
    return found


def received_seals(path: Path) -> "list[Seal]":
    """Read the seals that a syslog or a webhook received.

    Raises:
        UsageError: the file cannot be read, or holds no seal.
    """
    from reid.desk.cases.audit_sinks import seals_in

    try:
        seals = seals_in(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    if not seals:
        raise UsageError(f"{path} holds no seal: lines with `reid-audit … line=… seal=…`")
    return seals


def _nothing_usable(refused: tuple[str, ...]) -> str:
    ask = "say what the person wears or carries, e.g. 'red hoodie, blue jeans, yellow backpack'"
    if refused:
        return f"{', '.join(refused)} is never searched for: {ask}"
    return f"nothing in this description can be searched for: {ask}"
