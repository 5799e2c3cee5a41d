"""What cases keep of photos of the person: how the clothes look, and a redacted picture if asked.

A photo itself is never here: what is kept of it is a vector, and where staff say so a crop whose
head is gone, which its type says.
"""

from datetime import UTC, datetime
from typing import Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from reid.core.errors import CaseError
from reid.core.pixels import RedactedCrop
from reid.core.records import PhotoQuery
from reid.desk.cases.audit import Trail
from reid.desk.cases.database import Database, photos

MOST_PHOTOS: Final = 50
"""Photos kept a case."""

_STORED: Final = np.dtype("<f4")


class CasePhotos:
    """The photos of a venue's cases. Every change notes its audit line in the same transaction."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database, self._trail = database, trail

    def keep(
        self, case_id: int, photo: PhotoQuery, actor: str, picture: RedactedCrop | None = None
    ) -> int:
        """Keep what a photo says, and a redacted picture where there is one; returns its number.

        The same photo once more keeps its number.

        Raises:
            CaseError: the case has too many.
        """
        vector = photo.vector.astype(_STORED).tobytes()
        with self._trail.change() as change:
            mine = photos.c.case_id == case_id
            again = sa.select(photos.c.number).where(
                mine, photos.c.vector == vector, photos.c.model_id == photo.model_id
            )
            known = change.connection.scalar(again)
            if known is not None and picture is None:
                return int(known)
            number = known or _next(change.connection, mine)
            change.connection.execute(photos.delete().where(mine, photos.c.number == number))
            shown = None if picture is None else picture.encode()
            change.connection.execute(
                photos.insert().values(
                    case_id=case_id, number=number, model_id=photo.model_id, vector=vector,
                    picture=shown, made=datetime.now(UTC), by=actor,
                )
            )  # fmt: skip
            detail = {"number": int(number), "picture": shown is not None}
            change.note(actor, "case.photo", case_id, detail)
        return int(number)

    def get(self, case_id: int, number: int | None) -> PhotoQuery | None:
        """Return what a case keeps of a photo; None: nothing, or no more."""
        if number is None:
            return None
        wanted = sa.select(photos.c.vector, photos.c.model_id).where(_one(case_id, number))
        with self._database.read() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            return None
        return PhotoQuery(np.frombuffer(row.vector, _STORED).astype(np.float32), row.model_id)

    def picture(self, case_id: int, number: int | None) -> bytes | None:
        """Return the redacted picture of a photo, JPEG, where staff have kept it."""
        wanted = sa.select(photos.c.picture).where(_one(case_id, number or 0))
        with self._database.read() as connection:
            found = connection.scalar(wanted)
        return None if found is None else bytes(found)

    def forget(self, case_id: int, actor: str) -> None:
        """Leave nothing of a case's photos."""
        with self._trail.change() as change:
            mine = photos.delete().where(photos.c.case_id == case_id)
            if not change.connection.execute(mine).rowcount:
                return
            change.note(actor, "case.photo.forget", case_id)
        self._database.purge()


def _one(case_id: int, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(photos.c.case_id == case_id, photos.c.number == number)


def _next(connection: Connection, mine: sa.ColumnElement[bool]) -> int:
    last = connection.scalar(sa.select(sa.func.max(photos.c.number)).where(mine)) or 0
    if last >= MOST_PHOTOS:
        raise CaseError(f"a case keeps at most {MOST_PHOTOS} photos: remove them first")
    return int(last) + 1
