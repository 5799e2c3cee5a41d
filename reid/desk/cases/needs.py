"""Which sightings open cases need, and which are withheld while an erasure can be taken back."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from reid.desk.cases.database import alerts, cases, decisions


def needed(connection: Connection) -> Mapping[str, tuple[int, ...]]:
    """Return sighting → the open cases that need it: confirmed there, or alerted and not rejected.

    Such a sighting does not go with another case.
    """
    confirmed = _of_open_cases(decisions).where(decisions.c.verdict == "confirmed")
    rejected = _of_open_cases(decisions).where(decisions.c.verdict == "rejected")
    refused = _pairs(connection, rejected)
    alerted = _pairs(connection, _of_open_cases(alerts)) - refused
    needs: defaultdict[str, list[int]] = defaultdict(list)
    found = _pairs(connection, confirmed) | alerted
    for sighting, case_id in sorted(found):
        needs[sighting].append(case_id)
    return {sighting: tuple(ids) for sighting, ids in needs.items()}


def _pairs(connection: Connection, rows: sa.Select[Any]) -> set[tuple[str, int]]:
    return {(str(row[0]), int(row[1])) for row in connection.execute(rows)}


def withheld(connection: Connection) -> frozenset[str]:
    """Return the sightings that go with cases whose erasure can still be taken back.

    Nobody is shown them meanwhile.
    """
    going = (
        sa.select(decisions.c.sighting)
        .join(cases, cases.c.id == decisions.c.case_id)
        .where(
            decisions.c.verdict == "confirmed",
            cases.c.state == "closed",
            cases.c.erase_at.is_not(None),
        )
    )
    found = frozenset(connection.scalars(going))
    return found - needed(connection).keys() if found else found


def _of_open_cases(table: sa.Table) -> sa.Select[Any]:
    """Select sighting and case of a table's rows that belong to open cases."""
    return (
        sa.select(table.c.sighting, table.c.case_id)
        .join(cases, cases.c.id == table.c.case_id)
        .where(cases.c.state == "open")
    )
