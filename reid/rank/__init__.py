"""Query × sightings → ranked matches, each with its reasons (NumPy, no input or output)."""

from reid.rank.answer import rank
from reid.rank.gallery import Gallery
from reid.rank.score import Knobs

__all__ = ["Gallery", "Knobs", "rank"]
