"""Works on a venue until it is killed, and says on standard output what is done for good.

Lines: ``stored ID``, ``erasing ID CASE`` (about to begin), ``erased ID`` (done).
"""

import random
import sys
from pathlib import Path

from reid.core.records import SearchWindow
from reid.desk.cases import NewCase
from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription
from tests.venues import sightings

TEXT = "red top, blue trousers"


def say(word: str, what: object) -> None:
    sys.stdout.write(f"{word} {what}\n")
    sys.stdout.flush()


def main(folder: Path, offset: int) -> None:
    desk = Desk.open(folder)
    desk.expire()
    asked = ParsedDescription.of_sentence(TEXT)
    say("ready", offset)
    rng = random.Random(offset)
    while True:
        batch = sightings(4, offset=offset)
        desk.store.add(batch)
        for key in batch.keys:
            say("stored", key.id)
        case = desk.records.book.open(NewCase("missing-child", TEXT, asked.to_text()), "anna", 24)
        desk.snapshots.refresh()
        desk.search(case.id, asked, SearchWindow(), "anna", top=3)
        chosen = batch.keys[rng.randrange(4)].id
        desk.decide(case.id, chosen, "confirmed", "anna")
        desk.records.book.close(case.id, "found-safe", "anna")
        say("erasing", f"{chosen} {case.id}")
        desk.erase_case(case.id, "anna")
        say("erased", chosen)
        offset += 4


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
