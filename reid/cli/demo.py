"""`reid demo`: two bundled clips and a photo, indexed and searched, with the answer as a page."""

import base64
import io
import time
from html import escape
from pathlib import Path
from typing import Final

from PIL import Image as PillowImage

from reid.capture.sources import open_source
from reid.cli.console import complain, out, show_answer
from reid.cli.contact_sheet import contact_sheet, save_sheet
from reid.core.errors import ReidError
from reid.core.records import Answer, SearchWindow
from reid.detect.yolo import bundled_photos
from reid.loading import IndexOptions, load_embedder, load_tracker
from reid.pipeline import Indexer
from reid.store import Store
from reid.venue import Venue, open_venue

CLIPS: Final = ("camera1.mp4", "camera2.mp4")
"""Synthetic people before two cameras; `demo/truth.json` says who is where."""

QUESTIONS: Final = (
    "child in a red hoodie with a yellow backpack",
    "someone in a purple top and a dark skirt",
)

_EVERY: Final = 2  # frames
_TOP: Final = 6

_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>reid demo</title>
<style>body{{font:16px system-ui;margin:clamp(1rem, 4vw, 2rem);background:#f3f4f6;color:#1d2430}}
img{{max-width:100%;margin:.5rem 0 2rem}}p{{max-width:45rem}}</style>
<h1>Who was where, without a face</h1>
<p>Two bundled clips of synthetic people and the photos that come with the detector's package were
indexed. Every head was destroyed before anything else looked; {sightings} sightings remain.</p>
{answers}</html>
"""


def run_demo(folder: Path, detector: Path | None) -> Path:
    """Index the bundled material into `folder`, ask two questions, and return the answer's page."""
    begun = time.monotonic()
    tracker, embedder = load_tracker(IndexOptions(detector)), load_embedder()
    store = Store.create(folder / "venue", embedder.model_id, embedder.dim)
    indexer = Indexer(store, embedder, tracker, _EVERY)
    clips = [Path(__file__).parents[1] / "demo" / name for name in CLIPS]
    for path in [*clips, *bundled_photos()]:
        try:
            report = indexer.index(open_source(str(path)))
        except ReidError as error:
            complain(str(error), "warning", "yellow")
            continue
        out.print(f"{path.name}: {report.sightings} sightings", highlight=False)
    venue, sections = open_venue(folder / "venue"), []
    for number, question in enumerate(QUESTIONS, start=1):
        out.print(f"\n[bold]{question}[/]")
        answer = venue.search(venue.understand(question), SearchWindow(), _TOP)
        show_answer(answer)
        sheet = _sheet(venue, answer)
        save_sheet(sheet, folder / f"answer-{number}.png")
        sections.append(f"<h2>“{escape(question)}”</h2>{_inline(sheet)}")
    page = folder / "answer.html"
    page.write_text(_PAGE.format(sightings=store.count(), answers="\n".join(sections)))
    out.print(
        f"\nanswer: {page.resolve()} ({time.monotonic() - begun:.0f} s)",
        highlight=False,
        soft_wrap=True,
    )
    return page


def _sheet(venue: Venue, answer: Answer) -> PillowImage.Image:
    crops = venue.export("sheet", [match.key.id for match in answer.matches])
    return contact_sheet(answer, crops)


def _inline(picture: PillowImage.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="redacted sightings, best first" src="data:image/png;base64,{data}">'
