"""Which node has too many cameras, and which one should take one of them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NodeCapacity:
    """How many cameras' processes a node can hold: in all, and now, beside all that it runs."""

    most: float
    free: float


def imbalance(
    cameras: Mapping[str, int], capacities: Mapping[str, NodeCapacity]
) -> tuple[str, str] | None:
    """Return the node that should give a camera away and the one that should take it, or None.

    A move must leave the fuller of the two less full, as a share of what it can hold, than the
    fuller was before: so a fleet that nothing disturbs comes to rest after some moves.

    Args:
        cameras: how many each node has.
        rooms: of the nodes that answer.
    """
    giving = {
        n: cameras.get(n, 0) / capacity.most
        for n, capacity in capacities.items()
        if capacity.most >= 1
    }
    taking = {
        n: (cameras.get(n, 0) + 1) / capacities[n].most for n in giving if capacities[n].free >= 1
    }
    if not taking:
        return None
    giver = max(giving, key=lambda name: giving[name])
    taker = min(taking, key=lambda name: taking[name])
    return (giver, taker) if taking[taker] < giving[giver] else None
