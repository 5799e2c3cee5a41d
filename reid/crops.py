"""Images that are one person already cut out: where their heads are, and without them.

Galleries of researchers, training images and benchmarks all pass through here, so that what is
measured is what `reid index --crops` stores.
"""

from reid.heads import Profile, crop_head_boxes
from reid.people import People
from reid.pixels import RawFrame, RedactedCrop, redact
from reid.tracks import Boxes, as_boxes, empty_boxes


def heads_in_crop(raw: RawFrame, people: People | None) -> Boxes:
    """Return the boxes (M, 4) to redact in an image that is one person.

    Without `people` nobody looks for the head, and the top goes as of somebody in whom none was
    found.
    """
    if people is None:
        return crop_head_boxes(raw.width, raw.height, empty_boxes(), sure=False)
    found = people.heads_of_crop(raw)
    return crop_head_boxes(raw.width, raw.height, found.boxes, sure=found.sure, people=found.people)


def redacted_crop(raw: RawFrame, heads: Boxes, profile: Profile = "head") -> RedactedCrop:
    """Redact `heads` (M, 4) in an image that is one person."""
    whole = as_boxes([[0, 0, raw.width, raw.height]])[0]
    return redact(raw, heads, profile).crop(whole, raw.index)
