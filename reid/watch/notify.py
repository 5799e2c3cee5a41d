"""Alerts that leave the desk: webhook and MQTT. Made of fields only: no name, no free text."""

import json
import logging
import queue
import threading
import time
import urllib.request
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from reid.core.errors import UsageError
from reid.desk.cases import Alert
from reid.desk.desk import Desk

LOG: Final = logging.getLogger("reid.watch")

_TRIES: Final = 3
_TIMEOUT: Final = 5.0  # seconds
_WAITING: Final = 200  # alerts; older ones are dropped when nobody takes them


class Channel(Protocol):
    """Takes one message; raises OSError if it could not be handed over."""

    def send(self, message: dict[str, Any]) -> None: ...


class Webhook:
    """Posts JSON to an address."""

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
    """Sends alerts in a thread of its own, so that a slow receiver delays nothing."""

    def __init__(self, desk: Desk, channels: list[Channel], pause: float = 2.0) -> None:
        self._desk, self._channels, self._pause = desk, channels, pause
        self._waiting: queue.Queue[dict[str, Any]] = queue.Queue(_WAITING)
        self.sent = self.failed = 0
        if channels:
            threading.Thread(target=self._run, daemon=True).start()

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

    def notify(self, alert: Alert) -> None:
        """Queue an alert."""
        if not self._channels:
            return
        try:
            self._waiting.put_nowait(message(self._desk, alert))
        except queue.Full:
            self.failed += 1

    def drain(self, seconds: float) -> None:
        """Wait until all is sent, at most so long."""
        until = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.02)

    def _run(self) -> None:
        while True:
            waiting = self._waiting.get()
            for channel in self._channels:
                self._deliver(channel, waiting)
            self._waiting.task_done()

    def _deliver(self, channel: Channel, waiting: dict[str, Any]) -> None:
        for attempt in range(_TRIES):
            try:
                channel.send(waiting)
            except (OSError, ValueError) as error:
                LOG.warning('{"notify": "%s", "try": %d}', type(error).__name__, attempt + 1)
                time.sleep(self._pause * 2**attempt)
                continue
            self.sent += 1
            return
        self.failed += 1


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
        "asked": [{"slot": w.slot, "value": w.value} for w in description.query().wishes],
    }
