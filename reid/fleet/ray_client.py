"""Ray, imported only where a cluster is asked for; the one place that knows its interface."""

import hashlib
import logging
import os
import socket
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from reid.core.errors import ReidError, SpaceMismatch, StoreError, UsageError
from reid.fleet.balance import NodeCapacity
from reid.fleet.messages import Resources
from reid.storage.venue_path import Folder

LOCAL: Final = "local"
"""Address that starts a cluster of this machine alone, for trying it out."""

_CLIENT: Final = "ray://"
_KNOCK_SECONDS: Final = 5.0
_OBJECT_STORE: Final = 100_000_000  # bytes: what crosses is small


class ClusterError(ReidError):
    """A cluster that cannot be reached."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The process that should have answered is gone, or its node is."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It answered with an error; `why` is one line, `passing` whether it may go by itself."""

    why: str
    passing: bool = False


Answer = Gone | Failed


class RayClient:
    """A connection to a Ray cluster, within a venue's own namespace.

    Args:
        address: HOST:PORT of the cluster's head, ray://HOST:PORT from a machine outside the
            cluster, "auto" for the one this machine belongs to, or "local".

    Raises:
        UsageError: Ray is not installed, or what it needs for ray:// is not.
        ClusterError: nobody answers there.
    """

    def __init__(self, address: str, folder: Folder) -> None:
        self._ray = _ray()
        self.address = address
        if address.startswith(_CLIENT) and find_spec("grpc") is None:
            raise UsageError("an address ray://… needs one more package: pip install 'ray[client]'")
        try:
            _knock(address)
            with warnings.catch_warnings(action="ignore"):  # Lance's, of the servers Ray forks
                self._ray.init(
                    **(_alone() if address == LOCAL else {"address": address}),
                    namespace=namespace_of(folder),
                    ignore_reinit_error=True,
                    log_to_driver=False,  # a node's output stays on the node
                    logging_level=logging.ERROR,
                )
        except (OSError, RuntimeError, ValueError) as error:
            raise ClusterError(
                f"no cluster answers at {address} ({type(error).__name__}): start one with "
                "`ray start --head`, or give --cluster local to try it on this machine"
            ) from None

    def close(self) -> None:
        """Leave the cluster."""
        self._ray.shutdown()

    def start(
        self, kind: type[Any], name: str, resources: Resources, *arguments: object, node: str = ""
    ) -> Any:
        """Start a process that outlives this one, or return the one of that name that runs.

        Without a `node` it comes to where there is room.
        """
        return (
            self._ray.remote(kind)
            .options(
                name=name,
                get_if_exists=True,
                lifetime="detached",
                num_cpus=resources.cpus,
                num_gpus=resources.gpus,
                scheduling_strategy=self._on(node) if node else "SPREAD",
                max_restarts=0,  # whoever supervises restarts it, after a pause
                max_concurrency=4,
            )
            .remote(*arguments)
        )

    def check(self, resources: Resources) -> None:
        """Refuse what no node could ever run: it would wait for ever, and say nothing.

        Raises:
            UsageError: no node that answers is that large.
        """
        if resources.gpus > 1 and resources.gpus % 1:
            raise UsageError(f"--gpus {resources.gpus:g}: a share of one GPU, or whole ones")
        sizes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        if not any(
            s.get("CPU", 0) >= resources.cpus and s.get("GPU", 0) >= resources.gpus for s in sizes
        ):
            raise UsageError(
                f"no node of the cluster has {resources.cpus:g} cores and {resources.gpus:g} GPUs "
                f"for a process: ask for less with --cpus and --gpus, or add such a node"
            )

    def names(self) -> list[str]:
        """Return the names of the processes that run for this venue."""
        return list(self._ray.util.list_named_actors())

    def find(self, name: str) -> Any:
        """Return a process that runs, or None."""
        try:
            return self._ray.get_actor(name)
        except ValueError:
            return None

    def kill(self, process: Any) -> None:
        """End a process at once."""
        self._ray.kill(process, no_restart=True)

    def task(self, work: Callable[..., Any], resources: Resources, *arguments: object) -> Any:
        """Begin a task; begun again elsewhere, a few times, if its node dies."""
        remote = self._ray.remote(work)
        options = remote.options(
            num_cpus=resources.cpus,
            num_gpus=resources.gpus,
            max_retries=5,
            scheduling_strategy="SPREAD",
        )
        return options.remote(*arguments)

    def ready(self, asked: Sequence[Any], seconds: float) -> list[Any]:
        """Return those of the questions that are answered by then."""
        done, _ = self._ray.wait(list(asked), num_returns=1, timeout=seconds)
        return list(done)

    def answer(self, question: Any) -> Any:
        """Return the answer of a question that is `ready`, `Gone`, or `Failed`."""
        errors = self._ray.exceptions
        try:
            return self._ray.get(question)
        except (errors.RayActorError, errors.WorkerCrashedError, errors.NodeDiedError):
            return Gone()
        except errors.RayTaskError as error:
            cause = error.cause
            known = isinstance(cause, ReidError)
            passing = isinstance(cause, StoreError) and not isinstance(cause, SpaceMismatch)
            return Failed(str(cause) if known else f"failed ({type(cause).__name__})", passing)
        except errors.RayError as error:
            return Failed(type(error).__name__)

    def nodes(self) -> dict[str, bool]:
        """Return whether each node answers, by its name."""
        return {_name(node): bool(node["Alive"]) for node in self._ray.nodes()}

    def capacities(self, resources: Resources) -> dict[str, NodeCapacity]:
        """Return how many processes each node that answers can hold, by its name.

        From outside the cluster (ray://) nobody says what is free: then all of it counts as free.
        """
        capacities = {}
        free = None if self.address.startswith(_CLIENT) else self._free()
        for node in self._ray.nodes():
            there, number = node["Resources"], node["NodeID"]
            if node["Alive"] and (free is None or number in free):
                now = there if free is None else free[number]
                capacities[_name(node)] = NodeCapacity(
                    _times(there, resources), _times(now, resources)
                )
        return capacities

    def _free(self) -> dict[str, dict[str, float]]:
        return dict(self._ray._private.state.available_resources_per_node())

    def _on(self, name: str) -> Any:
        """Return what places a process on a node, or nowhere."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        number = next(n["NodeID"] for n in self._ray.nodes() if _name(n) == name)
        return NodeAffinitySchedulingStrategy(number, soft=False)

    def cpus(self) -> float:
        """Return the cores of all nodes that answer."""
        return float(self._ray.cluster_resources().get("CPU", 1.0))


def this_node() -> str:
    """Name the node that this process runs on."""
    ray = _ray()
    context = ray.get_runtime_context()
    if not ray.is_initialized():
        return ""
    here = context.get_node_id()
    return next((_name(node) for node in ray.nodes() if node["NodeID"] == here), here[:8])


def _knock(address: str) -> None:
    """Fail at once where nobody listens; Ray itself would try for minutes."""
    host, colon, port = address.removeprefix(_CLIENT).rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), _KNOCK_SECONDS).close()


def _alone() -> dict[str, Any]:
    cores = {"num_cpus": os.cpu_count(), "object_store_memory": _OBJECT_STORE}
    return {**cores, "include_dashboard": False}


def _name(node: dict[str, Any]) -> str:
    """Return what people call a node: its host and the start of its number."""
    return f"{node['NodeManagerHostname']}/{node['NodeID'][:8]}"


def _times(available: dict[str, float], resources: Resources) -> float:
    """Return how often resources fit into what is available; no resources, once a core."""
    cores, gpus = available.get("CPU", 0.0), available.get("GPU", 0.0)
    fits = [have / want for have, want in ((cores, resources.cpus), (gpus, resources.gpus)) if want]
    return min(fits, default=cores)


def namespace_of(folder: Folder) -> str:
    """Return a venue's own namespace: no venue sees another one's processes by mistake."""
    return "reid-" + hashlib.blake2b(str(folder).encode(), digest_size=8).hexdigest()


def _ray() -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # it would call home
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise UsageError(
            "a cluster needs more packages: pip install 'ray>=2.40' 'psycopg[binary]>=3.2'"
        ) from None
    return ray
