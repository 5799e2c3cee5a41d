"""Cameras as they are in venues: looks, lens distortion, image formation, compression."""

from reid.lab.synth.camera.codec import h264_round_trip, jpeg_round_trip, write_clip
from reid.lab.synth.camera.develop import develop
from reid.lab.synth.camera.distortion import (
    distort_boxes,
    distort_image,
    distort_labels,
    distort_points,
    undistort_points,
)
from reid.lab.synth.camera.look import (
    DISTRIBUTIONS,
    HELD_OUT,
    NEUTRAL,
    TRAIN,
    CameraLook,
    Domain,
    LookDistribution,
    Optics,
    Processing,
    Sensor,
    Transport,
    metered,
    sample_look,
    vary,
)

__all__ = [
    "DISTRIBUTIONS", "HELD_OUT", "NEUTRAL", "TRAIN", "CameraLook", "Domain", "LookDistribution",
    "Optics", "Processing", "Sensor", "Transport", "develop", "distort_boxes", "distort_image",
    "distort_labels", "distort_points", "h264_round_trip", "jpeg_round_trip", "metered",
    "sample_look", "undistort_points", "vary", "write_clip",
]  # fmt: skip
