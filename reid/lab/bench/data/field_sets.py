"""Data sets with labels → what is true of each person, as fields that could be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reid.core import vocabulary
from reid.core.errors import SourceError
from reid.core.records import Wish
from reid.lab.bench.data.attribute_sets import Target, read_labels
from reid.lab.bench.data.description_sets import DESCRIPTIONS, read_described
from reid.lab.bench.data.reid_sets import Labelled
from reid.lab.bench.data.venue_sets import FilmedVenue, is_venue

MARKET_LABELS: Final = "market_attribute.mat"

OPPOSITES: Final[Mapping[str, tuple[str, str]]] = {
    "short sleeves": ("upper.sleeve", "long"),
    "short lower": ("lower.length", "long"),
    "female": ("body.sex", "male"),
    "long hair": ("hair.length", "short"),
}
"""Market-1501-attribute's targets that have two answers → what holds where they do not."""

_TWINS: Final = {"upper": "outer", "outer": "upper"}


@dataclass(frozen=True, slots=True)
class FieldSet:
    """People with what is true of them, and where they are seen.

    Attributes:
        fields: identity → what is true of the person; `unsure` where the label is doubtful.
        images: who is seen, unless it is a venue.
        venue: clips in whose every visit they are seen, instead of images.
        files: what was read besides the images.
        told: slots of which what is not labelled is false, besides what is carried.
    """

    fields: Mapping[str, tuple[Wish, ...]]
    images: tuple[Labelled, ...]
    venue: FilmedVenue | None
    files: tuple[Path, ...]
    told: frozenset[str] = frozenset()

    @property
    def steps(self) -> int:
        """Return how many images, or visits of a venue, there are."""
        return len(self.images) if self.venue is None else len(self.venue.visits)

    def asked_of(self, identity: str) -> tuple[Wish, ...]:
        """Return what can be asked for of a person without doubt."""
        return tuple(
            wish
            for wish in self.fields.get(identity, ())
            if wish.certainty == "sure" and wish.slot in vocabulary.SLOTS
        )

    def holds(self, wishes: tuple[Wish, ...], identity: str) -> bool | None:
        """Return whether one of some alternatives is true of a person; None where not known.

        A slot that is labelled with other values is false; so is something carried that is not
        labelled. A jacket may be labelled as the upper or the outer garment: what holds of the
        other of the two is not known. Doubtful labels are not known.
        """
        mine = self.fields.get(identity, ())
        held = {(w.slot, w.value) for w in mine}
        doubtful = {w.slot for w in mine if w.certainty == "unsure"}
        slots = {w.slot for w in wishes}
        twins = {_twin(slot) for slot in slots}
        if slots & doubtful:
            return None
        if any((w.slot, w.value) in held for w in wishes):
            return True
        if twins & doubtful or any((_twin(w.slot), w.value) in held for w in wishes):
            return None
        if wishes[0].slot.startswith("carry.") or wishes[0].slot in self.told:
            return False
        return False if (slots | twins) & {w.slot for w in mine} else None


def read_fields(data: Path) -> FieldSet:
    """Read folders with labelled ``descriptions.jsonl``, Market-1501-attribute, or a filmed venue.

    Raises:
        SourceError: missing, or without labels of what people wear.
    """
    if (data / MARKET_LABELS).is_file():
        return _market(data)
    if data.is_dir() and not is_venue(data) and not (data / DESCRIPTIONS).is_file():
        raise SourceError(
            f"{data} has no labels of what people wear: it needs {DESCRIPTIONS} with attributes "
            f"or {MARKET_LABELS}"
        )
    described = read_described(data)
    if not any(described.labels.values()):
        raise SourceError(f"{data} says of nobody what is true of them: attributes are missing")
    return FieldSet(described.labels, described.images, described.venue, described.files)


def _market(data: Path) -> FieldSet:
    labelled = read_labels(data, "market1501")
    rows = {image.identity: row for row, image in enumerate(labelled.images)}
    fields = {
        identity: tuple(
            wish
            for number, one in enumerate(labelled.targets)
            for wish in _wishes(one, number, bool(labelled.truth[row, number]))
        )
        for identity, row in rows.items()
    }
    told = frozenset({"lower.type"})  # a skirt or a dress, or neither
    return FieldSet(fields, labelled.images, None, labelled.files, told)


def _wishes(one: Target, number: int, true: bool) -> tuple[Wish, ...]:
    """Return what a target's answer says: its columns as alternatives, or its opposite."""
    if not true:
        return (Wish(*OPPOSITES[one.name]),) if one.name in OPPOSITES else ()
    held = [column for column in one.columns if not column.slot.startswith("outer.")]
    group = number if len(held) > 1 else None
    return tuple(Wish(column.slot, column.value, group=group) for column in held)


def _twin(slot: str) -> str:
    region, _, rest = slot.partition(".")
    return f"{_TWINS[region]}.{rest}" if region in _TWINS else slot
