"""Alerts as cards: a picture, where and when, and two buttons; the same on every page."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from reid.desk.cases import Alert
from reid.desk.desk import Desk
from reid.web.translations import Translator
from reid.web.views import ago, day_of

FLOATING: Final = 3
"""Cards that lie over a page at most; the others are counted, and shown in their cases."""

RECENT: Final = timedelta(minutes=10)
"""Alerts raised since then lie over any page that is opened."""


@dataclass(frozen=True, slots=True)
class AlertCard:
    """One alert on screen."""

    id: int
    case_id: int
    sighting: str
    picture: str
    camera: str
    day: str
    clock: str
    ago: str
    percent: int
    continues: bool

    @property
    def case_name(self) -> str:
        """What staff call its case."""
        return f"C-{self.case_id}"


def cards_of(desk: Desk, t: Translator, alerts: list[Alert]) -> list[AlertCard]:
    """Make cards of alerts."""
    keys = {case: desk.picture_keys(case) for case in {alert.case_id for alert in alerts}}
    return [_card(desk, t, alert, keys[alert.case_id].of(alert.sighting)) for alert in alerts]


def floating_cards(desk: Desk, t: Translator, waiting: list[Alert]) -> list[AlertCard]:
    """Make cards of the newest of the alerts that wait for a decision."""
    since = datetime.now(UTC) - RECENT
    return cards_of(desk, t, [alert for alert in waiting if alert.raised > since][:FLOATING])


def _card(desk: Desk, t: Translator, alert: Alert, key: str) -> AlertCard:
    start = alert.start.astimezone(desk.policy.zone)
    return AlertCard(
        id=alert.id,
        case_id=alert.case_id,
        sighting=alert.sighting,
        picture=f"/case/{alert.case_id}/picture/{alert.sighting}/{key}.jpg",
        camera=desk.policy.camera_name(alert.camera),
        day=day_of(start),
        clock=f"{start:%H:%M:%S}",
        ago=ago(t, alert.start),
        percent=round(100 * alert.probability),
        continues=alert.continues,
    )
