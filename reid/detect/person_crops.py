"""Head regions and redaction in person crops: images that are one person already cut out.

Galleries, training images and benchmarks all pass through here, so that what is measured is what
`reid index --crops` stores.
"""

from reid.core.boxes import as_boxes, empty_boxes
from reid.core.pixels import HeadRegions, Profile, RawFrame, RedactedCrop, redact
from reid.detect.head_regions import crop_regions_to_redact
from reid.detect.tracker import Tracker


def heads_in_crop(raw: RawFrame, tracker: Tracker | None, profile: Profile = "head") -> HeadRegions:
    """Return what to redact in an image that is one person.

    Without a tracker no head is detected, and the top is redacted as of a person without one.
    """
    if tracker is None:
        return crop_regions_to_redact(raw.ref, empty_boxes(), sure=False, profile=profile)
    crop_heads = tracker.heads_of_crop(raw)
    return crop_regions_to_redact(
        raw.ref, crop_heads.boxes, sure=crop_heads.sure, people=crop_heads.people, profile=profile
    )


def redacted_crop(raw: RawFrame, heads: HeadRegions) -> RedactedCrop:
    """Redact `heads` in an image that is one person."""
    whole = as_boxes([[0, 0, raw.width, raw.height]])[0]
    return redact(raw, heads).crop(whole, raw.index)
