"""Alerts over MQTT, taken by a real broker: Debian's mosquitto."""

import json
import os
import queue
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reid.desk.cases import Alert
from reid.watch.notify import Mqtt, Notifier
from tests.watch.test_alerting import watched

client = pytest.importorskip("paho.mqtt.client", reason="pip install 'paho-mqtt>=2.1'")
BROKER = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(BROKER is None, reason="needs mosquitto (apt: mosquitto)")
USER, PASSWORD = "desk", "a/b@c:d"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """Run a broker that lets in one user only; returns its port."""
    port, passwords = free_port(), tmp_path / "passwords"
    tool = Path(str(BROKER)).parent.parent / "bin" / "mosquitto_passwd"
    subprocess.run([tool, "-b", "-c", passwords, USER, PASSWORD], check=True)
    rules = f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
    if os.getuid() == 0:  # it would give up root's rights and then not read the password file
        rules += "user root\n"
    (tmp_path / "broker.conf").write_text(rules)
    command = [str(BROKER), "-c", str(tmp_path / "broker.conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_for(port)
        yield port
        process.terminate()


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the broker did not start")


@pytest.fixture
def taken(broker: int) -> Iterator[queue.Queue[bytes]]:
    """Return what a subscriber gets."""
    messages: queue.Queue[bytes] = queue.Queue()
    reader = client.Client(client.CallbackAPIVersion.VERSION2)
    reader.username_pw_set(USER, PASSWORD)
    subscribed: queue.Queue[bool] = queue.Queue()
    reader.on_message = lambda _c, _d, message: messages.put(message.payload)
    reader.on_subscribe = lambda *_: subscribed.put(True)
    reader.on_connect = lambda c, *_: c.subscribe("park/alerts", qos=1)
    reader.connect("127.0.0.1", broker)
    reader.loop_start()
    assert subscribed.get(timeout=10)
    yield messages
    reader.disconnect()
    reader.loop_stop()


def address(port: int, password: str) -> str:
    from urllib.parse import quote

    return f"mqtt://{USER}:{quote(password, safe='')}@127.0.0.1:{port}"


def alert(case: int) -> Alert:
    now = datetime.now(UTC)
    return Alert(1, case, "s1", "gate", now, now, 0.5, seen=False)


def test_a_subscriber_gets_the_alert(tmp_path: Path, broker: int, taken) -> None:
    desk, case = watched(tmp_path / "venue")
    notifier = Notifier(desk, [Mqtt(address(broker, PASSWORD), "park/alerts")], pause=0.01)
    notifier.notify(alert(case))
    notifier.drain(10)
    told = json.loads(taken.get(timeout=10))
    assert (notifier.sent, notifier.failed) == (1, 0)
    assert told["case"] == "C-1"
    assert told["camera_name"] == "Main gate"
    assert "Zebedee" not in json.dumps(told)


def test_a_refused_password_is_a_failure_and_the_next_alert_still_goes(
    tmp_path: Path, broker: int, taken, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reid.watch.notify._TIMEOUT", 1.0)
    desk, case = watched(tmp_path / "venue")
    wrong, right = (Mqtt(address(broker, word), "park/alerts") for word in ("wrong", PASSWORD))
    notifier = Notifier(desk, [wrong, right], pause=0.01)
    notifier.notify(alert(case))
    notifier.drain(4)
    assert json.loads(taken.get(timeout=20))["case"] == "C-1"
    assert notifier.sent == 1
    assert notifier.failed >= 1
    assert [one.waiting for one in notifier.waiting()] == [1, 0]
    assert "wrong" not in caplog.text


def test_a_broker_that_is_not_there_is_a_failure_and_is_tried_again(tmp_path: Path) -> None:
    desk, case = watched(tmp_path / "venue")
    notifier = Notifier(desk, [Mqtt(address(free_port(), PASSWORD), "t")], pause=0.01)
    notifier.notify(alert(case))
    notifier.drain(2)
    assert notifier.sent == 0
    assert notifier.failed >= 1
    assert notifier.waiting()[0].problem == "ConnectionRefusedError"
