"""A contact sheet: redacted crops with camera, time, score and the verdict a wish."""

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from reid.core.pixels import RedactedCrop
from reid.core.records import Answer, Match, percent_of
from reid.rank.reasons import Line, companions, lines, photo, sentence

_CARD: Final = (190, 415)  # px, width and height
_PICTURE: Final = (174, 232)
_COLUMNS: Final = 6
_MARGIN: Final = 14
_HEADER: Final = 90
_LINE: Final = 15
_MOST_REASONS: Final = 7
_INK, _FAINT, _PAPER, _CARD_PAPER = "#1d2430", "#6b7484", "#f3f4f6", "#ffffff"
_COLOURS: Final = {
    "match": "#157347",
    "conflict": "#b02a37",
    "unclear": "#6b7484",
    "not_visible": "#6b7484",
    "not_estimated": "#6b7484",
}
_MARKS: Final = {
    "match": [((0, 6), (3, 9)), ((3, 9), (9, 1))],
    "conflict": [((1, 1), (8, 8)), ((1, 8), (8, 1))],
    "not_visible": [((1, 5), (8, 5))],
    "not_estimated": [((4, 5), (5, 5))],
}
"""Strokes of the mark for each verdict (tick, cross, dash, dot), px; "?" is written."""
_OUTCOMES: Final = {
    "found": "best matches first",
    "unsure": "several fit about equally well, or only in part: please check",
    "nobody_fits": "nobody here fits the description; the closest are shown",
}


def contact_sheet(
    answer: Answer, crops: Mapping[str, RedactedCrop], zone: tzinfo | None = None
) -> PillowImage.Image:
    """Draw the matches of an answer that have a crop; times in `zone` (None: this machine's)."""
    shown = _shown(answer, crops)
    columns = max(1, min(_COLUMNS, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    width = max(_MARGIN + columns * (_CARD[0] + _MARGIN), 640)
    height = _HEADER + rows * (_CARD[1] + _MARGIN) + _MARGIN
    sheet = PillowImage.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, 12), _fit(draw, answer.query.text, width - 30, 20), _INK, _font(20))
    draw.text((_MARGIN, 40), _OUTCOMES[answer.outcome], _FAINT, _font(15))
    why = sentence(shown[0][0].why) if shown else ""
    if why:
        first = _fit(draw, f"the first: {why}", width - 30, 13)
        draw.text((_MARGIN, 62), first, _FAINT, _font(13))
    for i, (match, said) in enumerate(shown):
        x = _MARGIN + (i % columns) * (_CARD[0] + _MARGIN)
        y = _HEADER + (i // columns) * (_CARD[1] + _MARGIN)
        _draw_card(sheet, (x, y), _Card(match, said, crops[match.key.id]), zone)
    return sheet


class _Card(NamedTuple):
    """One sighting, what is said of the person, and the picture."""

    match: Match
    said: str
    crop: RedactedCrop


def _shown(answer: Answer, crops: Mapping[str, RedactedCrop]) -> list[tuple[Match, str]]:
    """Return the matches that have a crop, person after person, with what is said of each.

    A probability and its word stand once, at a person's first picture, with how many there are.
    """
    shown: list[tuple[Match, str]] = []
    for person, matches in answer.by_person():
        there = [match for match in matches if match.key.id in crops]
        count = f", {len(there)} times" if len(there) > 1 else ""
        said = f"{percent_of(person.probability)}% {person.level}{count}"
        shown += [(match, "same clothes" if i else said) for i, match in enumerate(there)]
    return shown


def save_sheet(sheet: PillowImage.Image, path: Path) -> None:
    """Write a sheet as PNG or JPEG, by the file's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _draw_card(
    sheet: PillowImage.Image, at: tuple[int, int], card: _Card, zone: tzinfo | None
) -> None:
    draw = ImageDraw.Draw(sheet)
    (x, y), match = at, card.match
    draw.rounded_rectangle((x, y, x + _CARD[0], y + _CARD[1]), 6, _CARD_PAPER, "#d9dde3")
    picture = _scaled(card.crop)
    left = x + (_CARD[0] - picture.width) // 2
    sheet.paste(picture, (left, y + 8 + (_PICTURE[1] - picture.height) // 2))
    line = y + _PICTURE[1] + 14
    when = match.key.start.astimezone(zone)
    inner = _CARD[0] - 16
    draw.text((x + 8, line), _fit(draw, match.key.camera, inner, 13), _INK, _font(13))
    draw.text((x + 8, line + _LINE), f"{when:%d %b %H:%M:%S}", _FAINT, _font(12))
    draw.text((x + 8, line + 2 * _LINE), card.said, _INK, _font(12))
    reasons = [*lines(match.why), *photo(match.photo), *companions(match.beside)]
    for i, reason in enumerate(reasons[:_MOST_REASONS]):
        _draw_reason(draw, (x + 8, line + 6 + (i + 3) * _LINE), reason, inner)
    if len(reasons) > _MOST_REASONS:
        rest = f"… {len(reasons) - _MOST_REASONS} more"
        draw.text((x + 8, line + 6 + (_MOST_REASONS + 3) * _LINE), rest, _FAINT, _font(12))


def _draw_reason(draw: ImageDraw.ImageDraw, at: tuple[int, int], reason: Line, width: int) -> None:
    colour, (x, y) = _COLOURS[reason.verdict], at
    if reason.verdict == "unclear":
        draw.text((x + 1, y), "?", colour, _font(12))
    for (x0, y0), (x1, y1) in _MARKS.get(reason.verdict, ()):
        draw.line((x + x0, y + 3 + y0, x + x1, y + 3 + y1), colour, 2)
    share = "" if reason.sure is None else f" {reason.sure:.0%}"
    text = _fit(draw, reason.text + share, width - 14, 12)
    draw.text((x + 14, y), text, colour, _font(12))


def _scaled(crop: RedactedCrop) -> PillowImage.Image:
    image = PillowImage.fromarray(np.array(crop.pixels))
    scale = min(_PICTURE[0] / image.width, _PICTURE[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, PillowImage.Resampling.LANCZOS)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fit(draw: ImageDraw.ImageDraw, text: str, width: int, size: int) -> str:
    """Shorten `text` until it is at most `width` px wide."""
    text = " ".join(text.split())[:400]
    if draw.textlength(text, _font(size)) <= width:
        return text
    while text and draw.textlength(text + "…", _font(size)) > width:
        text = text[: max(0, len(text) - 1 - len(text) // 20)]
    return text + "…"
