"""The first run: what the app shares that sets a venue up for whoever has the one-time link.

The link is printed where the program was started. It can be opened once, within half an hour, in
this process only; the browser that opens it gets a cookie, and the app answers to nobody else.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request
from jinja2 import Environment
from starlette.responses import HTMLResponse

from reid.core.errors import AccessError, ReidError
from reid.desk.cases import same
from reid.storage.venue_path import Folder
from reid.web.translations import DEFAULT, Words, words

if TYPE_CHECKING:
    from reid.capture.sources import Source

COOKIE: Final = "reid_setup"
OPENED_WITHIN: Final = 30 * 60.0
"""Seconds in which the link must be opened."""

_USED_WITHIN: Final = 2 * 3600.0  # seconds in which what it opened can be sent


class Link:
    """A secret address that opens once, and knows the browser that opened it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.key = secrets.token_urlsafe(24)
        self.csrf = secrets.token_urlsafe(18)
        self._cookie = secrets.token_urlsafe(24)
        self._now, self._made, self._opened = now, now(), False
        self._lock = threading.Lock()

    def open(self, key: str) -> str:
        """Return the cookie of the browser that opens the link.

        Raises:
            AccessError: it is another, was opened before, or is too old.
        """
        with self._lock:
            fresh = not self._opened and self._now() - self._made <= OPENED_WITHIN
            if not same(key, self.key) or not fresh:
                raise AccessError("this link does not open: it was used, or is too old")
            self._opened = True
            return self._cookie

    def is_held(self, cookie: str) -> bool:
        """Whether a browser is the one that opened it, and not too late."""
        return (
            self._opened
            and same(cookie, self._cookie)
            and self._now() - self._made <= OPENED_WITHIN + _USED_WITHIN
        )


@dataclass(slots=True)
class FirstIndexing:
    """How far the first recording is.

    Attributes:
        name: the file's.
        total: frames there are, as far as it says.
        frames: looked at so far.
        sightings: stored, once it is done.
        warning: what its time leads to.
        problem: why it ended early.
    """

    name: str
    total: int | None = None
    frames: int = 0
    sightings: int | None = None
    warning: str = ""
    problem: str = ""

    @property
    def share(self) -> int | None:
        """Per cent that were looked at, None where nobody knows."""
        return min(99, 100 * self.frames // self.total) if self.total else None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.sightings is not None or bool(self.problem)


@dataclass(slots=True)
class Setup:
    """The parts of the app.

    Attributes:
        folder: where the venue will lie.
        database: URL of its PostgreSQL database, or None.
        finish: ends this app, so that the desk can begin.
        tls: whether browsers reach it over TLS.
        indexing: of the first recording, once there is one.
        is_done: the venue is made.
        is_ending: the desk is about to begin at the same address.
    """

    folder: Folder
    database: str | None
    finish: Callable[[], None]
    tls: bool = False
    link: Link = field(default_factory=Link)
    indexing: FirstIndexing | None = None
    is_done: bool = False
    is_ending: bool = False
    words: Words = field(default_factory=words)
    pages: Environment | None = None


def setup_of(request: Request) -> Setup:
    """Return the app's parts."""
    setup = request.app.state.setup
    assert isinstance(setup, Setup)
    return setup


def language_of(request: Request, names: Words) -> str:
    """Return the language to answer in: the one asked for, chosen before, or the browser's."""
    wanted = [request.query_params.get("language", ""), request.cookies.get("reid_language", "")]
    accepted = request.headers.get("accept-language", "").split(",")
    wanted += [part.split(";")[0].strip()[:2].lower() for part in accepted]
    return next((one for one in wanted if one in names.languages), DEFAULT)


def show(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Fill a template."""
    setup = setup_of(request)
    language = language_of(request, setup.words)
    t = setup.words.translator(language)
    assert setup.pages is not None
    named = SimpleNamespace(venue=SimpleNamespace(name=values.get("venue_name") or "reid"))
    text = setup.pages.get_template(template).render(
        t=t, language=language, languages=setup.words.names, policy=named, user=None, sees=False,
        watch=None, csrf=setup.link.csrf if values.pop("opened", False) else "",
        path=request.url.path, **values,
    )  # fmt: skip
    answer = HTMLResponse(text, status)
    if request.query_params.get("language") == language:
        answer.set_cookie("reid_language", language, httponly=True, samesite="strict",
                          secure=setup.tls, path="/")  # fmt: skip
    return answer


def index_first(setup: Setup, source: "Source", about: FirstIndexing) -> None:
    """Index a recording in a thread of its own; what fails is said where its progress is."""
    setup.indexing = about
    threading.Thread(target=_index, args=(setup.folder, source, about), daemon=True).start()


def _index(folder: Folder, source: "Source", about: FirstIndexing) -> None:
    from dataclasses import replace

    from reid.loading import load_models, options_for
    from reid.venue import DEFAULT_MODELS, open_venue

    def progress(frames: int) -> None:
        about.frames = frames

    try:
        venue = open_venue(folder)
        models = load_models(options_for(folder, DEFAULT_MODELS))
        indexer = replace(venue.indexer(models, [source]), progress=progress)
        about.sightings = indexer.index(source).sightings
    except ReidError as error:
        about.problem = str(error)
    except Exception as error:
        about.problem = type(error).__name__


def recording_at(
    setup: Setup, path: str, camera: str, start: datetime | None
) -> "tuple[Source, FirstIndexing]":
    """Open the first recording of a venue that was just made.

    Raises:
        SourceError: it cannot be read, or would lie in the future.
    """
    from reid.capture.sources import open_source
    from reid.core.clock import utc
    from reid.venue import open_venue

    venue = open_venue(setup.folder)
    began = None if start is None else utc(start, venue.clock)
    source = open_source(path, camera=camera, start=began, zone=venue.clock)
    warning = venue.check_times(source)
    return source, FirstIndexing(Path(path).name, source.total, warning=warning)
