"""Who is in a photo: heads destroyed at once, people cut out and described, all in memory.

What comes out is what `reid index` would store of a still: redacted crops, appearance vectors and
beliefs. The photo itself is dropped with the call.
"""

import threading
from dataclasses import replace
from typing import Final, Self

from reid.capture.photos import read_photo
from reid.core.pixels import RawFrame, RedactedCrop
from reid.core.records import PhotoPerson, PhotoQuery, SightingKey
from reid.detect.faces import FaceFinder
from reid.detect.last_check import LastCheck
from reid.detect.orientation import rotation
from reid.detect.person_crops import heads_in_crop, redacted_crop
from reid.detect.tracker import Tracker
from reid.detect.tracklets import TrackletBuilder
from reid.embed import CropEmbedder, Light, RegionEmbedder, pool
from reid.embed.clothes import worn
from reid.embed.light import LightMeter, borders
from reid.loading import BASELINE, IndexOptions, VenueEmbedder, load_tracker
from reid.pipeline import Clock, redacted_still
from reid.storage.venue_path import Folder
from reid.store import Store

MOST_PEOPLE: Final = 12
"""People that are described in one photo, the largest first."""

ONE_PERSON_FROM: Final = 1.2
"""Height ÷ width from which a photo in which nobody is found may be somebody, cut out already."""

_SOURCE: Final = "photo"
_DEFAULTS: Final = IndexOptions()


class PhotoReader:
    """Finds and describes the people in photos, one photo at a time.

    Args:
        tracker: finds people and heads.
        embedder: the one that the venue's sightings are of.
        finder: looks for faces that are left; None: the product's.
    """

    def __init__(
        self, tracker: Tracker, embedder: CropEmbedder, finder: FaceFinder | None = None
    ) -> None:
        self._tracker, self._embedder, self._finder = tracker, embedder, finder
        self._alone = threading.Lock()

    @classmethod
    def of_venue(cls, venue: Folder, options: IndexOptions = _DEFAULTS) -> Self:
        """Load what reads photos for a venue: its sightings' own embedder, where it is known.

        Raises:
            ModelError: a model is missing or unreadable.
        """
        known = options.embedder is None and Store.exists(venue)
        if known and Store.open(venue).model_id == RegionEmbedder.model_id:
            options = replace(options, embedder=BASELINE)
        return cls(load_tracker(options), VenueEmbedder(venue, options))

    def read(self, data: bytes) -> tuple[PhotoPerson, ...]:
        """Return the people in a JPEG, PNG, WebP or HEIC, the largest first; nobody: none.

        Raises:
            SourceError: the photo cannot be read; nothing of it is in the message.
        """
        raw = read_photo(data)
        with self._alone:
            return self.people(raw)

    def people(self, raw: RawFrame) -> tuple[PhotoPerson, ...]:
        """Return the people in a frame, the largest first, without their heads."""
        crops, light = self._cut_out(raw)
        crops = sorted(crops, key=lambda crop: -crop.width * crop.height)[:MOST_PEOPLE]
        keys = [_key(crop, number) for number, crop in enumerate(crops)]
        seen = pool(keys, [[crop] for crop in crops], self._embedder, light)
        return tuple(
            PhotoPerson(
                PhotoQuery(seen.vectors[row], seen.model_id),
                worn(seen.attributes[row], seen.visible[row]),
                crop,
            )
            for row, crop in enumerate(seen.crops)
        )

    def _cut_out(self, raw: RawFrame) -> tuple[list[RedactedCrop], Light]:
        """Return everybody, without heads, and the photo's light."""
        upright = raw.turned(rotation(None, [raw], self._tracker))
        check, meter = LastCheck(self._finder), LightMeter()
        frame, tracks = redacted_still(upright, self._tracker, "head", check, Clock())
        builder = TrackletBuilder()
        tracklets = builder.add(frame, tracks) + builder.finish()
        if not tracklets and upright.height >= ONE_PERSON_FROM * upright.width:
            heads = heads_in_crop(upright, self._tracker)
            whole = check.crop(redacted_crop(upright, heads))
            return [whole], Light.of([borders(whole)])
        meter.see(frame)
        return [check.crop(tracklet.crops()[0]) for tracklet in tracklets], meter.light()


def _key(crop: RedactedCrop, number: int) -> SightingKey:
    return SightingKey(
        f"{_SOURCE}-{number}", _SOURCE, _SOURCE, _SOURCE, crop.time, crop.time, number
    )
