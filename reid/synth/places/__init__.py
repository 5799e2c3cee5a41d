"""Procedural venues: textured rectangles and light, where cameras hang and people may stand."""

from reid.synth.places.builder import Saddle
from reid.synth.places.kinds import HELD_OUT_KINDS, KINDS, TRAIN_KINDS, Kind
from reid.synth.places.site import Site, build_site
from reid.synth.places.views import framed, hang_camera, hold_camera, person_spans, project

__all__ = [
    "HELD_OUT_KINDS", "KINDS", "TRAIN_KINDS", "Kind", "Saddle", "Site", "build_site",
    "framed", "hang_camera", "hold_camera", "person_spans", "project",
]  # fmt: skip
