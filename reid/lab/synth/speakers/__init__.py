"""How people describe somebody: many speakers, true, mistaken and vague, with what they assert."""

from reid.lab.synth.speakers.claims import Fact, Version
from reid.lab.synth.speakers.speech import STYLES, Context, Description, describe

__all__ = ["STYLES", "Context", "Description", "Fact", "Version", "describe"]
