"""What is known within one phrase; the next one starts afresh."""

from dataclasses import dataclass, field

from reid.describe.frames import Frame, Mod


@dataclass(slots=True)
class Phrase:
    """A stretch of a sentence between two breaks, as far as it has been read.

    Attributes:
        noun_first: it names things before what they look like.
        flags: words whose effect lasts to its end ("no", "or", "in").
        hedge: how far a doubt reaches: "", "mod" (a look), "narrow" (a thing), "wide" (all of it).
        pending: looks that wait for their thing.
        predicate: the thing that "is", "was" speaks of; `predicated` what it is said to be.
        added: looks given back to a thing named before this phrase.
        named: a thing was named in it.
        worn: how the bag that follows is worn.
        told: the phrase before said what a thing is like ("her coat is red").
    """

    noun_first: bool = False
    flags: set[str] = field(default_factory=set)
    hedge: str = ""
    pending: list[Mod] = field(default_factory=list)
    predicate: Frame | None = None
    predicated: list[Mod] = field(default_factory=list)
    added: list[Mod] = field(default_factory=list)
    named: bool = False
    worn: str = ""
    told: bool = False

    def unsure(self) -> bool:
        """Whether what is said now is doubted."""
        return bool(self.hedge)

    def newest(self) -> list[Mod]:
        """Return the looks that a doubt after them speaks of, or none."""
        return self.pending or self.predicated or self.added

    def speak_of(self, frame: Frame | None) -> None:
        """Make a thing the one that what follows is said of, or end that."""
        self.predicate, self.predicated = frame, []
