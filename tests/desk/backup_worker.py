"""Copies a venue, or makes it again, over and over until it is killed; says when it begins."""

import sys
from pathlib import Path

from reid.desk.backup import back_up
from reid.desk.desk import Desk
from reid.desk.restore import restore


def main(what: str, folder: Path, other: Path) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if what == "restore":
        restore(other, folder, "worker")
        return
    desk = Desk.open(folder)
    while True:
        back_up(folder, desk, other, "worker")
        other.unlink()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
