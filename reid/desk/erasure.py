"""Erasure that survives being killed: what was begun is finished by the next start.

A file marks that an erasure is under way. Between the deletion of rows and the moment their bytes
are gone from disk the process may die; whoever opens the venue next sees the mark and goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from reid.core.errors import CaseError, ReidError
from reid.storage.durable import touch_durably
from reid.storage.locks import lock_of
from reid.storage.venue_path import Folder
from reid.store import Filter, Store

if TYPE_CHECKING:  # loads SQLAlchemy
    from reid.desk.cases import CaseBook

MARK: Final = "erasing"
EXPIRY: Final = "expiry"
"""Actor of what happens by itself."""

TOGETHER: Final = timedelta(minutes=10)
"""How long sightings over their time wait for others that will be: an erasure writes files and
indexes anew, and must not be needed every minute. Nothing goes before its time."""

_SHORTEST: Final = 1 / 50  # of the time kept, where that is less than `TOGETHER`

_LONG: Final = timedelta(days=366)  # after now: no track ends so late

_NO_SIGHTING: Final = Filter(ids=("-",))  # matches nothing, and still purges old versions


@dataclass(frozen=True, slots=True)
class Expired:
    """What expiry removed: sightings over their time, and cases with `of_cases` sightings."""

    sightings: int = 0
    cases: tuple[int, ...] = ()
    resumed: bool = False
    of_cases: int = 0

    @property
    def anything(self) -> bool:
        """Whether something went."""
        return bool(self.sightings or self.cases or self.resumed)


class Eraser:
    """Erases from the store and from the case book together."""

    def __init__(
        self, folder: Folder, book: "CaseBook", store: Store | None, database: str | None = None
    ) -> None:
        self._mark = folder / MARK
        self._alone = lock_of(folder, MARK, database=database)
        self._book, self._store = book, store

    def wait(self) -> None:
        """Wait until an erasure that is under way is over.

        An erasure sets its mark before it looks at what is needed. So whoever writes down that a
        sighting is, and then finds no mark, was seen by it; whoever finds one waits and looks
        whether the sighting is still there.
        """
        if self._mark.exists():
            with self._alone:
                pass

    def erase(
        self,
        which: Filter,
        actor: str,
        action: str = "erase.sightings",
        check: Callable[[Filter], None] | None = None,
    ) -> int:
        """Erase sightings, and what open cases say of them.

        `check` raises if they may not go.
        """
        if self._store is None:
            return 0
        with self._alone:
            self._begin()
            if check is not None:
                self._check(which, check)
            return self._erase(self._store, which, actor, action)

    def _check(self, which: Filter, check: Callable[[Filter], None]) -> None:
        try:
            check(which)
        except ReidError:
            self._mark.unlink(missing_ok=True)  # nothing was begun
            raise

    def _erase(self, store: Store, which: Filter, actor: str, action: str) -> int:
        going = store.ids(which)
        gone = store.erase(which)
        self._book.forget(going)
        kinds = {"camera": bool(which.cameras), "time": bool(which.ended_before)}
        detail = {"sightings": gone, "left": store.count(), **kinds}
        self._book.note(actor, action, None, detail)
        self._mark.unlink(missing_ok=True)
        return gone

    def _begin(self) -> None:
        """Finish what was cut short, and mark that an erasure is under way."""
        self._finish_earlier()
        touch_durably(self._mark)

    def erase_case(self, case_id: int, actor: str) -> int:
        """Erase a case, its confirmed sightings and its key."""
        with self._alone:
            self._begin()
            going = self._begin_case(case_id, actor)
            gone = 0
            if self._store is not None and going:
                gone = self._store.erase(Filter(ids=going))
            self._book.finish_erasing(case_id, going, gone, actor)
            self._book.forget(going)
            self._mark.unlink(missing_ok=True)
        return gone

    def _begin_case(self, case_id: int, actor: str) -> list[str]:
        try:
            return self._book.begin_erasing(case_id, actor)
        except CaseError:  # there is none, or it is erased
            self._mark.unlink(missing_ok=True)
            raise

    def expire(
        self, now: datetime, retention: timedelta, views: timedelta = timedelta(0)
    ) -> Expired:
        """Erase cases and sightings that are over their time; finish what was interrupted.

        `views` is how long further views of tracks are kept; 0 where adaptation is not allowed.
        """
        with self._alone:
            resumed = self._finish_earlier()
            cases = {case.id: self._expire(case.id) for case in self._book.expired(now)}
            done = {case: gone for case, gone in cases.items() if gone is not None}
            gone = self._retire(now - retention, min(TOGETHER, _SHORTEST * retention))
            self._retire_views(now, views)
            return Expired(gone, tuple(done), resumed, sum(done.values()))

    def _expire(self, case_id: int) -> int | None:
        """Erase a case; returns how many sightings went, None if another process was faster."""
        try:
            return self.erase_case(case_id, EXPIRY)
        except CaseError:
            return None

    def _retire(self, before: datetime, together: timedelta) -> int:
        """Erase all that ended before a time, once some of it ended so much earlier."""
        if self._store is None:
            return 0
        kept = sorted(self._book.kept())
        if not self._store.count(Filter(ended_before=before - together, except_ids=kept)):
            return 0
        self._begin()
        kept = sorted(self._book.kept())  # again, as of the mark
        over = Filter(ended_before=before, except_ids=kept)
        return self._erase(self._store, over, EXPIRY, "erase.expired")

    def _retire_views(self, now: datetime, kept: timedelta) -> None:
        """Erase the views that are over their time, once some of them are well over it."""
        if self._store is None or not self._store.count_views():
            return
        if not kept:
            gone = self._store.expire_views(now + _LONG, timedelta(0))
        else:
            gone = self._store.expire_views(now - kept, min(TOGETHER, _SHORTEST * kept))
        if gone:
            self._book.note(EXPIRY, "erase.views", None, {"views": gone})

    def _finish_earlier(self) -> bool:
        """Complete an erasure that was cut short: old versions, and the book's leftovers.

        It comes before any other, whose end would take the mark away. Returns whether there was
        one.
        """
        if not self._mark.exists():
            return False
        named = self._book.sightings()
        if self._store is not None:
            self._store.erase(_NO_SIGHTING)
            self._book.forget(named - set(self._store.keys(sorted(named))))
        self._book.note(EXPIRY, "erase.resumed", None, {})
        self._mark.unlink(missing_ok=True)
        return True
