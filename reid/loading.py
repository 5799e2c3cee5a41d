"""Models by what the user asked for, else the shipped or pulled ones."""

from pathlib import Path

from reid.detect.tracker import Tracker
from reid.detect.yolo import Detector
from reid.embed import Embedder, RegionEmbedder
from reid.embed.learned import LearnedEmbedder
from reid.weights import registry


def load_tracker(detector: Path | None, heads: Path | None) -> Tracker:
    """Load the detector asked for, or the default one, and the extra head model if asked."""
    found = Detector(registry.find_detector(detector))
    return Tracker(found, Detector(heads) if heads else None)


def load_crop_tracker(detector: Path | None, heads: Path | None) -> Tracker:
    """Load what finds heads in person crops: the detector asked for, else the shipped one."""
    found = Detector(registry.find_head_detector(detector))
    return Tracker(found, Detector(heads) if heads else None)


def load_embedder(given: str | None = None) -> Embedder:
    """Return the embedder asked for: a folder, "regions" for the baseline, or the default one."""
    if given == RegionEmbedder.model_id.partition("-")[0]:
        return RegionEmbedder()
    if given is not None:
        return LearnedEmbedder(Path(given))
    shipped = registry.find_embedder()
    return LearnedEmbedder(shipped.folder) if shipped else RegionEmbedder()
