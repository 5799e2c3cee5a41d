"""Clusters of several nodes on this machine."""

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("ray") is None:
    pytest.skip("needs ray: pip install -e '.[cluster]'", allow_module_level=True)

OBJECT_STORE = 80_000_000
TESTS = Path(__file__).parents[1]


@pytest.fixture
def cluster_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], object]]:
    """Start a cluster of some nodes with a core each, in the environment as it is now."""
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS.parent), *known]))
    # Workers are as urgent as the rest of the test: else whatever else runs here starves them.
    monkeypatch.setenv("RAY_worker_niceness", "0")
    from reid.fleet.ray_client import _ray

    _ray()  # sets what keeps it from calling home
    from ray.cluster_utils import Cluster

    started = []

    def start(nodes: int, cores: float = 1) -> Cluster:
        size = {"num_cpus": cores, "object_store_memory": OBJECT_STORE}
        head = {**size, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        started.append(cluster)
        for _ in range(nodes - 1):
            cluster.add_node(**size)
        return cluster

    yield start
    import ray

    ray.shutdown()
    for cluster in started:
        cluster.shutdown()
