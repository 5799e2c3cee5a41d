"""Images that are one person already cut out: where their heads are, and without them.

Galleries of researchers, training images and benchmarks all pass through here, so that what is
measured is what `reid index --crops` stores.
"""

from reid.core.boxes import as_boxes, empty_boxes
from reid.core.pixels import HeadRegions, Profile, RawFrame, RedactedCrop, redact
from reid.detect.head_regions import crop_regions_to_redact
from reid.detect.yolo import People


def heads_in_crop(raw: RawFrame, people: People | None, profile: Profile = "head") -> HeadRegions:
    """Return what to redact in an image that is one person.

    Without `people` nobody looks for the head, and the top goes as of somebody in whom none was
    found.
    """
    if people is None:
        return crop_regions_to_redact(raw.ref, empty_boxes(), sure=False, profile=profile)
    found = people.heads_of_crop(raw)
    return crop_regions_to_redact(
        raw.ref, found.boxes, sure=found.sure, people=found.people, profile=profile
    )


def redacted_crop(raw: RawFrame, heads: HeadRegions) -> RedactedCrop:
    """Redact `heads` in an image that is one person."""
    whole = as_boxes([[0, 0, raw.width, raw.height]])[0]
    return redact(raw, heads).crop(whole, raw.index)
