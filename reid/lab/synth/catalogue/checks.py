"""Rows as they are read: types by pydantic, then what rows say of each other."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from reid.core.errors import ReidError
from reid.core.vocabulary import CARRIED, COLOURS, PATTERNS
from reid.core.vocabulary import SLOTS as VOCABULARY
from reid.lab.synth.catalogue.rows import DOMAINS, SEXES, Catalogue, GarmentRow, ThingRow
from reid.lab.synth.scene import SEATS
from reid.lab.synth.textiles import FAMILIES

_TABLES: Final = {
    "weaves": "weave", "cuts": "cut", "headwear": "headwear", "garments": "garment",
    "things": "thing", "together": "together", "thing_weaves": "thing_weaves",
}  # fmt: skip
"""Field of `Catalogue` → name of its table in the files."""

_ADAPTER: Final = TypeAdapter(Catalogue)


class CatalogueError(ReidError):
    """A row of the catalogue of garments that cannot be used."""


def read_rows(tables: Mapping[str, object]) -> Catalogue:
    """Return typed rows of TOML tables.

    Raises:
        CatalogueError: a table is missing or unknown, or a value is of the wrong kind.
    """
    if unknown := set(tables) - set(_TABLES.values()):
        raise CatalogueError(f"the catalogue has no table {sorted(unknown)[0]!r}")
    fields = {field: tables[table] for field, table in _TABLES.items() if table in tables}
    try:
        return _ADAPTER.validate_python(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = _place(first["loc"], fields)
        raise CatalogueError(f"catalogue of garments, {place}: {first['msg']}") from error


def _place(location: tuple[int | str, ...], fields: Mapping[str, object]) -> str:
    """Return where an error is: a row by its name, where it has one, and the keys in it."""
    field, *rest = location
    rows = fields.get(str(field))
    if rest and isinstance(rest[0], int) and isinstance(rows, list):
        row = rows[rest[0]]
        name = row.get("name") or row.get("kind") if isinstance(row, dict) else None
        rest[0] = repr(name) if name else f"row {rest[0] + 1}"
    return " ".join([_TABLES.get(str(field), str(field)), *map(str, rest)])


def checked(rows: Catalogue) -> Catalogue:
    """Return the rows if they agree with each other and with the vocabulary.

    Raises:
        CatalogueError: with the first thing that is wrong.
    """
    for problem in _problems(rows):
        raise CatalogueError(f"catalogue of garments, {problem}")
    return rows


def _problems(rows: Catalogue) -> Iterator[str]:
    for name, weaves in rows.weaves.items():
        for pattern in PATTERNS:
            yield from _unknown(f"weave {name} {pattern}", weaves.of(pattern), FAMILIES)
    for garment in rows.garments:
        yield from (f"garment {garment.name!r}, {line}" for line in _of_garment(garment, rows))
    for thing in rows.things:
        yield from (f"thing {thing.kind!r}, {line}" for line in _of_thing(thing))
    yield from _unknown("thing_weaves", rows.thing_weaves, FAMILIES)
    for pair in rows.together:
        yield from _unknown("together", pair.split("+"), [thing.kind for thing in rows.things])
    yield from _repeated("garments", [garment.name for garment in rows.garments])
    yield from _repeated("things", [thing.kind for thing in rows.things])
    yield from _shares_that_differ(rows)


def _unknown(place: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{place}: {name!r} is unknown; known: {', '.join(known)}"


def _repeated(what: str, names: list[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} {what} are called {name!r}: each has a name of its own"


def _of_garment(row: GarmentRow, rows: Catalogue) -> Iterator[str]:
    yield from _words(row)
    shapes = {"head": rows.headwear, "feet": None}.get(row.slot, rows.cuts)
    for sex in SEXES:
        cuts = row.cuts.get(sex, {})
        if not cuts:
            yield f"cuts: none for {sex} people"
        if shapes is not None:
            yield from _unknown("cuts", cuts, shapes)
    yield from _unknown("weave", [row.weave], rows.weaves)
    yield from _unknown("patterns", row.patterns, PATTERNS)
    for odds in (row.colours, *row.trim):
        yield from _unknown("colours", odds, COLOURS[:-1])
    below = [other.name for other in rows.garments if other.slot == "lower"]
    yield from _unknown("below", [name for name in row.below if name], below)
    if (row.slot == "feet") != (row.shoe is not None):
        yield "shoe: whatever is worn on feet has it, and nothing else"
    if (row.slot == "outer") != bool(row.over):
        yield "over: an outer garment says what it is worn over, and no other does"


def _words(row: GarmentRow) -> Iterator[str]:
    """What is not in the vocabulary."""
    types = ("socks",) if row.slot == "socks" else VOCABULARY[f"{row.slot}.type"].values
    yield from _unknown("type", [row.type], types)
    yield from _unknown("over", row.over, VOCABULARY["upper.type"].values)
    sleeves, lengths = VOCABULARY["upper.sleeve"].values, VOCABULARY["lower.length"].values
    yield from _unknown(
        "sleeve", [row.sleeve] if row.slot == "upper" or row.sleeve else [], sleeves
    )
    yield from _unknown("over_sleeve", [row.over_sleeve] if row.over_sleeve else [], sleeves)
    yield from _unknown(
        "length", [row.length] if row.slot == "lower" or row.length else [], lengths
    )


def _of_thing(row: ThingRow) -> Iterator[str]:
    yield from _unknown("kind", [row.kind], SEATS if row.place == "seat" else CARRIED)
    yield from _unknown("colours", row.colours, COLOURS[:-1])


def _shares_that_differ(rows: Catalogue) -> Iterator[str]:
    """Types that the people of the two domains would not wear alike, or that nobody can wear."""
    for slot, name in sorted({(row.slot, row.type) for row in rows.garments}):
        kind = [row for row in rows.garments if (row.slot, row.type) == (slot, name)]
        for sex in SEXES:
            train, other = (
                sum(r.share.get(sex, 0.0) for r in kind if r.domain in ("both", domain))
                for domain in DOMAINS
            )
            if abs(train - other) > 1e-6:
                yield (
                    f"{slot} {name!r}: {train:.4g} of {sex} people wear it in the train domain, "
                    f"{other:.4g} in the held-out one; give both the same share"
                )
