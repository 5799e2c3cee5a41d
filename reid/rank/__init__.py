"""Query × sightings → ranked matches, each with its reasons (NumPy, no input or output)."""

from reid.rank.answer import rank, with_people
from reid.rank.feedback import Refinement, refine_rows
from reid.rank.gallery import Gallery
from reid.rank.question import Question, next_question
from reid.rank.reliability import measure
from reid.rank.score import ScoreConfig

__all__ = [
    "Gallery",
    "Question",
    "Refinement",
    "ScoreConfig",
    "measure",
    "next_question",
    "rank",
    "refine_rows",
    "with_people",
]
