"""Procedural venues: textured rectangles and light, where cameras hang and people may stand."""

from reid.lab.synth.places.builder import RideSeat
from reid.lab.synth.places.kinds import HELD_OUT_KINDS, KINDS, TRAIN_KINDS, Kind
from reid.lab.synth.places.site import Site, build_site
from reid.lab.synth.places.views import framed, hang_camera, hold_camera, person_spans, project

__all__ = [
    "HELD_OUT_KINDS", "KINDS", "TRAIN_KINDS", "Kind", "RideSeat", "Site", "build_site",
    "framed", "hang_camera", "hold_camera", "person_spans", "project",
]  # fmt: skip
