"""Alerts that leave the desk: webhook and MQTT. Made of fields only: no name, no free text.

They wait in the database's outbox until the receiver has taken them, and are sent at least once.
"""

import json
import logging
import threading
import time
import urllib.request
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from reid.core.errors import ReidError, UsageError
from reid.core.supervisor import Supervisor
from reid.desk.cases import Alert, Waiting
from reid.desk.desk import Desk

LOG: Final = logging.getLogger("reid.watch")

DELIVER_EVERY: Final = 1.0
"""Seconds between two looks into the outbox."""

LATE_AFTER: Final = 120.0
"""Seconds in which a channel must have taken or refused what it was given."""

_TIMEOUT: Final = 5.0  # seconds


class Channel(Protocol):
    """Takes one message; raises whatever it meets if it could not be handed over."""

    name: str

    def send(self, message: dict[str, Any]) -> None: ...


class Webhook:
    """Posts JSON to an address."""

    name = "webhook"

    def __init__(self, address: str) -> None:
        if urlsplit(address).scheme not in {"http", "https"}:
            raise UsageError("watch.webhook must be an http or https address")
        self._address = address

    def send(self, message: dict[str, Any]) -> None:
        """Post one alert."""
        body = json.dumps(message).encode()
        request = urllib.request.Request(
            self._address, body, {"content-type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT):
            pass


class Mqtt:
    """Publishes JSON to a broker and waits until it has taken it; needs the extra `mqtt`."""

    name = "mqtt"

    def __init__(self, address: str, topic: str) -> None:
        try:
            from paho.mqtt import client
        except ModuleNotFoundError:
            raise UsageError("MQTT needs one more package: pip install 'paho-mqtt>=2.1'") from None
        parts = urlsplit(address)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise UsageError("watch.mqtt must look like mqtt://user:password@host:1883")
        self._paho: Any = client
        self._topic, self._host = topic, parts.hostname
        self._tls = parts.scheme == "mqtts"
        self._port = parts.port or (8883 if self._tls else 1883)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def send(self, message: dict[str, Any]) -> None:
        """Publish one alert, at least once (QoS 1)."""
        client, let_in = self._client()
        client.connect(self._host, self._port)
        client.loop_start()
        try:
            if not let_in.wait(_TIMEOUT):
                raise ConnectionRefusedError("the broker did not let us in")
            taken = client.publish(self._topic, json.dumps(message), qos=1)
            taken.wait_for_publish(_TIMEOUT)
            if not taken.is_published():
                raise TimeoutError("the broker did not take the message")
        except RuntimeError:  # paho's way to say that the connection went meanwhile
            raise ConnectionResetError("the broker hung up") from None
        finally:
            client.disconnect()
            client.loop_stop()

    def _client(self) -> tuple[Any, threading.Event]:
        """Return a client that gives up instead of reconnecting, and what is set once it is in."""
        client = self._paho.Client(
            self._paho.CallbackAPIVersion.VERSION2, reconnect_on_failure=False
        )
        client.connect_timeout = _TIMEOUT
        if self._user:
            client.username_pw_set(self._user, self._password)
        if self._tls:
            client.tls_set()
        let_in = threading.Event()

        def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
            if not reason.is_failure:
                let_in.set()

        client.on_connect = connected
        return client, let_in


class Notifier:
    """Sends what is in the outbox, a channel in a loop of its own: a slow receiver delays no other.

    Args:
        pause: seconds after the first attempt that failed; doubled with each.

    Attributes:
        sent, failed: attempts of this process that succeeded, and that did not.
    """

    def __init__(self, desk: Desk, channels: Sequence[Channel], pause: float = 2.0) -> None:
        self._desk, self._pause = desk, timedelta(seconds=pause)
        self._channels = _named(channels)
        self.sent = self.failed = 0

    @classmethod
    def of(cls, desk: Desk) -> "Notifier":
        """Make the channels that the venue's rules name."""
        rules = desk.policy.watch
        channels: list[Channel] = []
        if rules.webhook:
            channels.append(Webhook(rules.webhook.get_secret_value()))
        if rules.mqtt:
            channels.append(Mqtt(rules.mqtt.get_secret_value(), rules.mqtt_topic))
        return cls(desk, channels)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(self._channels)

    def notify(self, alert: Alert) -> None:
        """Put an alert into the outbox of every channel, where it is not yet."""
        self._desk.records.outbox.put(alert, self.names)

    def supervise(self, supervisor: Supervisor) -> None:
        """Deliver in a loop a channel."""
        for name in self.names:
            body = partial(self.deliver, name)
            supervisor.add(f"deliver {name}", body, DELIVER_EVERY, LATE_AFTER, first=0.0)

    def deliver(self, name: str) -> None:
        """Send what is due by one channel, until nothing is or one could not be sent."""
        while self._deliver_one(name):
            pass

    def waiting(self) -> list[Waiting]:
        """Return what each channel has not taken yet."""
        return self._desk.records.outbox.state(self.names)

    def drain(self, seconds: float) -> None:
        """Go on sending until all is sent, at most so long; the rest is sent by the next start."""
        until = time.monotonic() + seconds
        while any(one.waiting for one in self.waiting()) and time.monotonic() < until:
            for name in self.names:
                self.deliver(name)
            time.sleep(0.02)

    def _deliver_one(self, name: str) -> bool:
        """Send one alert; returns whether another may follow at once."""
        outbox = self._desk.records.outbox
        one = outbox.take(name)
        if one is None:
            return False
        try:
            self._channels[name].send(message(self._desk, one.alert))
        except Exception as error:  # receivers answer with anything
            self.failed += 1
            problem = type(error).__name__
            LOG.warning(json.dumps({"notify": problem, "try": one.tries + 1}))
            outbox.failed(one, problem, self._pause)
            return isinstance(error, ReidError)  # this one cannot be told; others may
        self.sent += 1
        outbox.taken(one)
        return True


def _named(channels: Sequence[Channel]) -> dict[str, Channel]:
    """Name each channel; of several of a kind the later ones by number."""
    named: dict[str, Channel] = {}
    for channel in channels:
        same = sum(known.name == channel.name for known in named.values())
        named[f"{channel.name}-{same + 1}" if same else channel.name] = channel
    return named


def message(desk: Desk, alert: Alert) -> dict[str, Any]:
    """Return what an alert says outside: case, camera, time, probability, fields asked for."""
    case = desk.records.book.get(alert.case_id)
    description = desk.latest_query(case).description
    camera = desk.policy.cameras.get(alert.camera)
    return {
        "case": case.name,
        "camera": alert.camera,
        "camera_name": desk.policy.camera_name(alert.camera),
        "place": camera.place if camera else None,
        "start": alert.start.isoformat(timespec="seconds"),
        "probability": round(alert.probability, 4),
        "continues": alert.continues,
        "asked": [{"slot": w.slot, "value": w.value} for w in description.query().wishes],
    }
