"""A fleet under fire: processes, nodes, the driver, storage, database and connections fail.

Run by hand: ``pytest -m slow tests/fleet/test_faults.py -s``; what it measures is printed.

The cameras play a clip in which somebody is always to be seen, so that time before a camera which
no sighting covers is time that was lost. Losing a process may cost what it had not stored yet
(`LOST_AT_MOST` seconds) and the time until another one looks; losing storage or database costs
nothing.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from reid.capture.sources import open_source
from reid.core.errors import ReidError, StoreError
from reid.desk.desk import Desk
from reid.detect.tracklets import GONE_AFTER, LONGEST, ONGOING_EVERY
from reid.storage.postgresql import DATABASE_VARIABLE
from reid.storage.venue_path import Bucket
from reid.store import Filter, Store
from reid.watch.status import read_status
from tests.proxy import Proxy
from tests.servers import (
    ACCESS_KEY,
    BUCKET,
    DATABASE_PASSWORD,
    S3,
    SECRET_KEY,
    PostgreSQL,
    needs_postgresql,
    needs_s3,
    postgresql,
    s3,
)

pytestmark = [needs_s3, needs_postgresql, pytest.mark.slow, pytest.mark.timeout(5400)]

CAMERAS = ("gate", "carousel", "shop", "hall")
FAULTS = int(os.environ.get("REID_FAULTS", "30"))
LOST_AT_MOST = ONGOING_EVERY.total_seconds() + 4 + 8
"""Seconds: a stay that goes on is passed on every eight, described and sent every four, and what is
being described, sent or waits for the lock at that moment takes a while on a busy machine."""

ENDED_FOR = timedelta(seconds=40)
"""A stay last seen so long ago is over: while it goes on it is stored every few seconds."""

NOTICE = 8.0
"""Seconds within which whoever watches has heard that a process is gone, and has said so."""

RULES = """
[venue]
name = "Sunny Park"
timezone = "Europe/Berlin"
controller = "Sunny Park Ltd"
contact = "privacy@sunny.example"
[signs]
posted = true
text = "Cameras find lost children by their clothes."
[purposes.missing-child]
label = "Missing child"
body = true
"""


@dataclass
class Site:
    """A venue in a bucket, behind a connection that can be torn, and who watches it."""

    storage: S3
    database: PostgreSQL
    proxy: Proxy
    cluster: Any
    venue: Bucket
    log: Path
    detector: Path
    driver: subprocess.Popen[bytes] | None = None
    nodes: list[Any] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)
    erased_spans: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def drive(self) -> None:
        command = [
            sys.executable, "-m", "reid.cli", "watch", "--venue", self.venue.url,
            "--cluster", self.cluster.address, "--detector", str(self.detector),
            "--embedder", "regions", "--every", "5", "--cpus", "0.5",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.driver = subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))

    def kill_driver(self) -> None:
        assert self.driver is not None
        self.driver.kill()
        self.driver.wait()
        time.sleep(random.uniform(2, 8))
        self.drive()

    def kill_process(self) -> None:
        os.kill(random.choice(camera_processes(self.proxy.port)), signal.SIGKILL)

    def kill_node(self) -> None:
        node = self.nodes.pop(random.randrange(len(self.nodes)))
        self.cluster.remove_node(node, allow_graceful=False)
        time.sleep(random.uniform(1, 10))
        self.add_node()

    def add_node(self) -> None:
        self.nodes.append(self.cluster.add_node(num_cpus=2, object_store_memory=80_000_000))

    def freeze_storage(self) -> None:
        self.storage.freeze()
        time.sleep(random.choice([5, 20, 60]))
        self.storage.thaw()

    def stop_database(self) -> None:
        self.database.stop()
        time.sleep(random.choice([5, 20, 60]))
        self.database.start()

    def tear(self) -> None:
        self.proxy.tear(random.uniform(0, 10))

    def erase_some(self, going_on: bool) -> None:
        """Erase a sighting of a stay that has ended, and of one that goes on; until it succeeds.

        Somebody whose sighting is erased while they stay is not stored again before they go, so
        the time up to then was not lost.
        """
        keys = patiently(lambda: list(Store.open(self.venue).read().keys))
        ago = datetime.now(UTC) - ENDED_FOR
        ended = [key for key in keys if key.end < ago]
        others = [key for key in keys if key.end >= ago] if going_on else []
        chosen = [random.choice(group) for group in (ended, others) if group]
        if not chosen:
            return
        longest = LONGEST + GONE_AFTER + ONGOING_EVERY
        for key in chosen:
            until = key.end if key.end < ago else max(key.end, key.start + longest)
            self.erased_spans.append((key.camera, key.start, until))
        some = Filter(ids=[key.id for key in chosen])
        self.erased |= set(some.ids)

        def erase() -> None:
            desk = Desk.open(self.venue, os.environ[DATABASE_VARIABLE])
            try:
                desk.erase(some, "anna")
            finally:
                desk.records.database.close()

        patiently(erase)


def patiently(action: Callable[[], Any], seconds: float = 120) -> Any:
    """Do something again until the servers, which have only just come back, let it succeed."""
    until = time.monotonic() + seconds
    while True:
        try:
            return action()
        except ReidError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def camera_processes(port: int) -> list[int]:
    """Return the processes of cameras that store by way of this port: those of this test alone."""
    found, mine = [], f"AWS_ENDPOINT_URL=http://127.0.0.1:{port}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_camera = (process / "cmdline").read_bytes().startswith(b"ray::Camera")
            if is_camera and mine in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def write_clips(folder: Path, data: Path) -> list[Path]:
    """Write an hour of people for each camera: a short clip, encoded once, over and over."""
    shots = [f.expose_unredacted() for f in open_source(str(data / "video/classroom.gif")).frames()]
    around = [*shots, *reversed(shots)]
    path = folder / "people.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"bf": "0", "g": str(len(around))})
        stream.height, stream.width = shots[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        images = [av.VideoFrame.from_ndarray(shot, "rgb24") for shot in around]
        packets = [p for image in [*images, None] for p in stream.encode(image)]
        once = [(bytes(p), p.pts, p.dts, p.is_keyframe) for p in packets]
        step = packets[1].pts - packets[0].pts
        for lap in range(36_000 // len(around)):
            for content, pts, dts, first in once:
                packet = av.Packet(content)
                packet.stream, packet.time_base = stream, packets[0].time_base
                packet.pts, packet.dts = (t + lap * step * len(around) for t in (pts, dts))
                packet.is_keyframe = first
                out.mux(packet)
    paths = [folder / f"{name}.mp4" for name in CAMERAS]
    for one in paths:
        shutil.copyfile(path, one)
    return paths


@pytest.fixture
def site(
    tmp_path: Path, data: Path, detector_path: Path, cluster_of: Callable, monkeypatch
) -> Iterator[Site]:
    (tmp_path / "s3").mkdir()
    with (
        s3(tmp_path / "s3") as storage,
        postgresql() as database,
    ):
        clips = write_clips(tmp_path, data)
        proxy = Proxy(storage.port)
        environment = {
            **storage.environment(),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.port}",
            DATABASE_VARIABLE: database.url,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        venue = Bucket(f"s3://{BUCKET}/park")
        urls = "".join(
            f'[cameras.{name}]\nplace = "hall"\nurl = "{clip}"\n'
            for name, clip in zip(CAMERAS, clips, strict=True)
        )
        (venue / "venue.toml").write_text(RULES + urls)
        cluster = cluster_of(1, 0)
        site = Site(
            storage, database, proxy, cluster, venue, tmp_path / "driver.log", detector_path
        )
        for _ in range(2):
            site.add_node()
        site.drive()
        try:
            yield site
        finally:
            if site.driver is not None and site.driver.poll() is None:
                site.driver.kill()
            proxy.close()


def healthy(site: Site, after: datetime) -> bool:
    """Whether it was said since `after` that every camera looks and nothing waits."""
    try:
        status = read_status(site.venue)
    except StoreError:
        return False
    return (
        status is not None
        and status.at > after
        and status.age < 12
        and len(status.cameras) == len(CAMERAS)
        and all(c.connected and time.time() - c.last_frame < 10 for c in status.cameras)
        and all(c.waiting == 0 or c.lag < 10 for c in status.cameras)
    )


def until_healthy(site: Site, seconds: float, notice: float = 0.0) -> float:
    """Wait until all is well; what was said less than `notice` seconds from now does not count."""
    began, after = time.monotonic(), datetime.now(UTC) + timedelta(seconds=notice)
    while not healthy(site, after):
        assert time.monotonic() - began < seconds, site.log.read_text()[-2000:]
        time.sleep(1)
    return time.monotonic() - began


def gaps(site: Site, began: datetime, ended: datetime) -> dict[str, list[tuple[datetime, float]]]:
    """Return the stretches of more than two seconds that no sighting covers, by camera.

    Those that were erased count: they had been stored.
    """
    by_camera: dict[str, list[tuple[datetime, datetime]]] = {name: [] for name in CAMERAS}
    for key in patiently(lambda: Store.open(site.venue).read().keys):
        by_camera[key.camera].append((key.start, key.end))
    for camera, start, end in site.erased_spans:
        by_camera[camera].append((start, end))
    found: dict[str, list[tuple[datetime, float]]] = {}
    for camera, spans in by_camera.items():
        seen = began
        found[camera] = []
        for start, end in [*sorted(spans), (ended, ended)]:
            if (start - seen).total_seconds() > 2:
                found[camera].append((seen, (start - seen).total_seconds()))
            seen = max(seen, end)
    return found


def concerns(event: tuple[str, datetime, float, float], at: datetime, long: float) -> bool:
    """Whether a fault, from its beginning until all was well again, may explain time lost.

    What was seen shortly before it may be lost with it, or come a little later than was said.
    """
    _, began, lasted, after = event
    since = (at - began).total_seconds()
    return -long < since < lasted + after + LOST_AT_MOST + 5


def secrets_in(folder: Path) -> list[str]:
    needles = [ACCESS_KEY.encode(), SECRET_KEY.encode(), DATABASE_PASSWORD.encode()]
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]


def test_whatever_fails(site: Site, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("REID_SEED", random.randrange(10_000)))
    random.seed(seed)
    kinds = {
        "process": site.kill_process,
        "node": site.kill_node,
        "driver": site.kill_driver,
        "storage": site.freeze_storage,
        "database": site.stop_database,
        "connection": site.tear,
    }
    plan = (list(kinds) * FAULTS)[:FAULTS]
    random.shuffle(plan)
    until = time.monotonic() + 60 * float(os.environ.get("REID_MINUTES", "70"))
    first = until_healthy(site, 300)
    while not (site.venue / "sightings.lance").is_dir() or Store.open(site.venue).count() < 8:
        time.sleep(1)
    began = datetime.now(UTC)
    events: list[tuple[str, datetime, float, float]] = []
    for number, kind in enumerate(plan):
        if time.monotonic() > until:
            break
        time.sleep(random.uniform(1, 6))
        site.erase_some(going_on=number % 3 == 0)
        at, clock = datetime.now(UTC), time.monotonic()
        kinds[kind]()
        lasted = time.monotonic() - clock
        events.append((kind, at, lasted, until_healthy(site, 300, NOTICE)))
        with capsys.disabled():
            after = events[-1][3]
            print(f"  {kind:10} {at:%H:%M:%S} lasted {lasted:4.0f} s, well {after:4.0f} s after")
    time.sleep(LOST_AT_MOST)
    until_healthy(site, 60)
    ended = datetime.now(UTC)
    status = read_status(site.venue)
    assert status is not None
    site.driver.terminate()
    site.driver.wait(90)
    keys = patiently(lambda: Store.open(site.venue).read().keys)
    ids = [key.id for key in keys]
    stays = [(key.source_key, key.track_id, key.start) for key in keys]
    told = [
        (camera, at, long) for camera, all_ in gaps(site, began, ended).items() for at, long in all_
    ]
    with capsys.disabled():
        report(seed, first, events, told, len(ids), len(site.erased), ended - began)
        print("cameras moved:", site.log.read_text().count('"moved"'))
    assert len(ids) == len(set(ids)), "a sighting is doubled"
    assert len(stays) == len(set(stays)), "a stay is doubled"
    assert not site.erased & set(ids), "what was erased came back"
    patiently(
        lambda: Store.open(site.venue).erase(Filter(ids=["-"]))
    )  # old versions go; nothing else does
    everything = b"".join(site.storage.objects("park/sightings.lance").values())
    assert not [name for name in site.erased if name.encode() in everything]
    assert secrets_in(Path("/tmp/ray/session_latest/logs")) == []
    raw = next(iter(open_source(str(data / "video/classroom.gif")).frames()))
    row = raw.expose_unredacted()[40].tobytes()
    assert row not in everything
    for camera, at, long in told:
        near = [e for e in events if concerns(e, at, long)]
        assert near, f"{camera} lost {long:.0f} s from {at:%H:%M:%S} and nothing had failed"
        down = sum(lasted + after for _, _, lasted, after in near)
        assert long <= LOST_AT_MOST + down, f"{camera} lost {long:.0f} s from {at:%H:%M:%S}: {near}"
        if {e[0] for e in near} <= {"storage", "connection"}:
            assert long <= LOST_AT_MOST, f"{camera} lost {long:.0f} s while only the storage failed"


def report(seed, first, events, told, stored: int, erased: int, lasted) -> None:
    by_kind: dict[str, list[float]] = {}
    for kind, _, _, after in events:
        by_kind.setdefault(kind, []).append(after)
    lines = {
        "seed": seed,
        "faults": len(events),
        "minutes": round(lasted.total_seconds() / 60, 1),
        "until first healthy": round(first, 1),
        "stored": stored,
        "erased": erased,
        "well again after, s (worst)": {k: round(max(v), 1) for k, v in by_kind.items()},
        "not covered, s": sorted((round(long, 1) for _, _, long in told), reverse=True),
    }
    print("\n" + json.dumps(lines, indent=1))
