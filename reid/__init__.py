"""Find people by what they wear and carry, never by who they are.

What a notebook needs is here; each name is loaded when it is first used::

    query = reid.describe("boy, red hoodie")                   # a sentence, understood
    people = reid.Embedder.load().embed(["a.jpg", "b.jpg"])    # heads gone first; one row an image
    answer = reid.Venue.open("park").search("boy, red hoodie")
    reid.redact("party.mp4", "safe.mp4")
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reid.api import Embedder as Embedder
    from reid.api import redact as redact
    from reid.core.errors import ReidError as ReidError
    from reid.core.records import Answer as Answer
    from reid.core.records import Match as Match
    from reid.core.records import Query as Query
    from reid.core.records import SearchWindow as SearchWindow
    from reid.core.records import Sightings as Sightings
    from reid.describe import describe as describe
    from reid.loading import IndexOptions as IndexOptions
    from reid.venue import Venue as Venue

__version__ = "0.1.0"

_HOMES = {
    "Answer": "reid.core.records",
    "Embedder": "reid.api",
    "IndexOptions": "reid.loading",
    "Match": "reid.core.records",
    "Query": "reid.core.records",
    "ReidError": "reid.core.errors",
    "SearchWindow": "reid.core.records",
    "Sightings": "reid.core.records",
    "Venue": "reid.venue",
    "redact": "reid.api",
}
"""Public name → the module that defines it. `describe` is a package that can be called."""

__all__ = ["__version__", "describe", *sorted(_HOMES)]  # noqa: PLE0604 - all of them are strings


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name == "describe":
        return import_module("reid.describe")
    if name not in _HOMES:
        raise AttributeError(f"module 'reid' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    """List what is public, loaded or not."""
    return sorted({*globals(), *__all__})
