"""How people describe somebody: many speakers, true, mistaken and vague, with what they assert."""

from reid.synth.speakers.claims import Fact, Version
from reid.synth.speakers.speech import STYLES, Context, Description, describe

__all__ = ["STYLES", "Context", "Description", "Fact", "Version", "describe"]
