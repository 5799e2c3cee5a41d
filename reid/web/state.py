"""What the app's routes share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import Request
from jinja2 import Environment
from starlette.responses import HTMLResponse

from reid.core.errors import ReidError
from reid.core.supervisor import Supervisor
from reid.desk.cases import Session
from reid.desk.desk import Desk
from reid.desk.policy import Policy, may
from reid.watch.overview import Overview, overview
from reid.web.alert_cards import floating_cards
from reid.web.limits import Limiter
from reid.web.photo_tray import PhotoTray
from reid.web.request_metrics import Metrics
from reid.web.translations import Translator, Words


@dataclass(frozen=True, slots=True)
class State:
    """The app's parts.

    Attributes:
        tls: whether browsers reach it over TLS.
        behind_proxy: whether a proxy on this machine forwards to it.
        supervisor: of the loops beside the app.
        parses: how often a user may have text understood, a minute.
        photos: who is in photos that were just handed over.
        photo_reads: how often a user may hand one over, a minute.
    """

    desk: Desk
    pages: Environment
    words: Words
    photos: PhotoTray
    metrics: Metrics = field(default_factory=Metrics)
    tls: bool = False
    behind_proxy: bool = False
    supervisor: Supervisor = field(default_factory=Supervisor)
    parses: Limiter = field(default_factory=lambda: Limiter(most=240))
    photo_reads: Limiter = field(default_factory=lambda: Limiter(most=20))


def state_of(request: Request) -> State:
    """Return the app's parts."""
    state = request.app.state.reid
    assert isinstance(state, State)
    return state


def language_of(request: Request) -> str:
    """Return the language to answer in: the user's choice, the browser's, the venue's."""
    state = state_of(request)
    chosen = request.cookies.get("reid_language", "")
    if chosen in state.words.languages:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        short = part.split(";")[0].strip()[:2].lower()
        if short in state.words.languages:
            return short
    return state.desk.policy.venue.language


def _watch(state: State) -> Overview | None:
    """Return how the watch is, if staff have to be told."""
    streams = sum(camera.url is not None for camera in state.desk.policy.cameras.values())
    try:
        seen = overview(state.desk.folder, streams)
    except ReidError:
        return None
    problems = (*seen.problems, *state.supervisor.problems())
    if problems and not seen.bad:
        seen = replace(seen, state="failing")
    return replace(seen, problems=problems) if seen.bad else None


def purpose_name(t: Translator, policy: Policy, name: str) -> str:
    """Say a purpose in the reader's language: the venue's words, else ours, else its name."""
    known = policy.purposes.get(name)
    if known is None:
        return name
    own = known.labels.get(t.language)
    if own is None and known.label == t.fallback.get(f"purpose.{name}"):
        own = t(f"purpose.{name}")
    return own or known.label


def render(
    request: Request,
    template: str,
    session: Session | None = None,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """Fill a template; every page knows the user, the venue and the language."""
    state, known = state_of(request), _known(request, session)
    waiting = state.desk.records.alerts.waiting() if known["sees"] else []
    text = state.pages.get_template(template).render(
        **known,
        watch=_watch(state) if session else None,
        waiting=waiting,
        floating=floating_cards(state.desk, known["t"], waiting),
        **values,
    )
    return HTMLResponse(text, status)


def render_parts(
    request: Request, names: Sequence[str], session: Session, values: Mapping[str, Any]
) -> dict[str, str]:
    """Fill parts of a page that is shown already, by name; what stands around them stays."""
    pages, known = state_of(request).pages, _known(request, session)
    return {
        name: pages.get_template(f"part_{name}.html").render(**known, **values) for name in names
    }


def _known(request: Request, session: Session | None) -> dict[str, Any]:
    """Return what every template knows."""
    state = state_of(request)
    language, policy = language_of(request), state.desk.policy
    t = state.words.translator(language)
    return {
        "t": t,
        "language": language,
        "languages": state.words.names,
        "policy": policy,
        "zone": policy.zone,
        "user": session.user if session else None,
        "csrf": session.csrf if session else "",
        "path": request.url.path,
        "purpose_name": lambda name: purpose_name(t, policy, name),
        "may_confirm": session is not None and may(session.user.role, "decide"),
        "sees": session is not None and may(session.user.role, "see"),
    }
