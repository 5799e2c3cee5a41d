"""What `reid index` and `reid watch` do when they are given a cluster."""

import json
import logging
import sys
import threading
from dataclasses import dataclass
from typing import Final

from reid.capture.sources import SourceOptions, default_camera
from reid.capture.times import check_start
from reid.cli.console import complain, out, print_json, progress_bar
from reid.core.errors import SourceError, UsageError
from reid.core.supervisor import Supervisor
from reid.desk.desk import Desk
from reid.fleet.bulk import index_all, plan
from reid.fleet.messages import Indexed, Resources
from reid.fleet.ray_client import RayClient
from reid.fleet.supervisor import Fleet
from reid.loading import IndexOptions
from reid.storage.venue_path import Folder
from reid.venue import open_venue
from reid.watch.camera_metrics import serve_metrics
from reid.watch.process import end_on_signals, has_ended, still_runs
from reid.watch.schedule import Scheduler

LOG: Final = logging.getLogger("reid.watch")

_STEP: Final = 2.0  # seconds between two looks at the cameras' processes
_DRAIN: Final = 15.0  # seconds, for alerts still to be sent


@dataclass(frozen=True, slots=True)
class Placement:
    """Where processes run, and what each takes."""

    cluster: str
    resources: Resources


def index_on(
    where: Placement,
    venue: Folder,
    sources: list[str],
    about: SourceOptions,
    options: IndexOptions,
    *,
    as_json: bool,
) -> None:
    """Index sources on a cluster; `about` says what holds for all of them.

    Raises:
        SourceError: some could not be indexed.
    """
    shards = plan(sources, about.camera, about.start, crops=about.crops)
    cameras = {s.camera or default_camera(s.paths[0]) for s in shards}
    place = open_venue(venue)
    place.check_cameras(sorted(cameras))
    if about.start and (old := check_start(about.start, place.retention, place.clock)):
        complain(old, "warning", "yellow")
    client, resources = RayClient(where.cluster, venue), where.resources
    failed = incomplete = 0
    try:
        client.check(resources)
        with progress_bar("shards", len(shards)) as progress:
            for done in index_all(client, str(venue), shards, options, resources, progress):
                _tell(done, as_json)
                failed += bool(done.problem)
                incomplete += bool(done.report and done.report.incomplete)
    finally:
        client.close()
    if failed:
        raise SourceError(f"{failed} of {len(shards)} could not be indexed; run it again for these")
    if incomplete:
        raise SourceError(
            f"parts of {incomplete} of {len(shards)} could not be read: the others are stored whole"
        )


def watch_on(
    cluster: str, desk: Desk, options: IndexOptions, resources: Resources, metrics_port: int | None
) -> None:
    """Watch the venue's cameras on a cluster until interrupted or terminated.

    If this process is killed the cameras go on; the next start finds them and watches over them.
    """
    cameras = [name for name, camera in desk.policy.cameras.items() if camera.url is not None]
    if not cameras:
        raise UsageError("no camera has a `url` in venue.toml: there is nothing to watch")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    client, stop = RayClient(cluster, desk.folder), threading.Event()
    client.check(resources)
    fleet = Fleet(client, desk.folder, cameras, options, resources)
    if metrics_port is not None:
        serve_metrics(metrics_port, fleet.status, desk)
    end_on_signals(stop)
    desk.note_start("watch", {"cameras": len(cameras)})
    LOG.info(json.dumps({"watching": cameras}))
    supervisor = Supervisor(stop)
    supervisor.add("fleet", fleet.step, _STEP, first=0.0)  # other jobs may wait for the storage
    Scheduler(desk, fleet.status, supervisor, still_runs).run(stop, _DRAIN)
    LOG.info(json.dumps({"not stored": fleet.stop()}))
    client.close()
    has_ended()


def _tell(done: Indexed, as_json: bool) -> None:
    report = done.report
    if done.problem:
        named = done.shard.name in done.problem
        complain(done.problem if named else f"{done.shard.name}: {done.problem}")
    for problem in report.problems if report else ():
        complain(problem, "warning", "yellow")
    counts = {"frames": report.frames, "sightings": report.sightings} if report else {}
    if as_json:
        state = "failed" if done.problem else "done before" if done.skipped else "indexed"
        print_json({"source": done.shard.name, "state": state, "node": done.node, **counts})
    elif report:
        seconds = sum(report.clock.seconds.values())
        rate = report.frames / max(seconds, 1e-9)
        found = f"{report.sightings} sightings in {report.frames} frames"
        line = f"{done.shard.name}: {found}, {rate:.1f} frames/s on {done.node}"
        out.print(line, highlight=False, soft_wrap=True)
    elif done.skipped:
        out.print(f"{done.shard.name}: indexed before", highlight=False, soft_wrap=True)
