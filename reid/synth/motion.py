"""From an actor's gait and place to the matrices that move a figure's bones in the world."""

import numpy as np
from numpy.typing import NDArray

from reid.synth.figure import MAX_BONES, Figure
from reid.synth.makehuman import BONES
from reid.synth.pose import Pose, posed
from reid.synth.scene import Actor

Float = NDArray[np.float32]


def arms_of(actor: Actor) -> dict[str, str]:
    """Return what each arm does: side → key of `reid.synth.pose.HOLDING`."""
    rng = np.random.default_rng((actor.pose_seed, 5))
    held: dict[str, str] = {}
    if actor.gait == "push":
        return {"L": "pushchair", "R": "pushchair"}
    if actor.gait == "sit":
        held = {"L": "knees", "R": "knees"}
    roll = rng.random()
    idle = ("phone", "ear", "pocket", "pocket", "hip", "behind", "up")
    if actor.gait in ("stroll", "walk", "stand", "sit") and roll < 0.3:
        action = idle[rng.integers(len(idle))]
        side = "LR"[rng.integers(2)]
        held[side] = action
        if action == "pocket" and rng.random() < 0.5:
            held = {"L": "pocket", "R": "pocket"}
    elif actor.gait == "stand" and roll < 0.38:
        held = {"L": "folded", "R": "folded"}
    return held


def _floor(figure: Figure, pose: Pose) -> float:
    """Lowest posed sole point, decimetres."""
    points, bones = figure.soles
    rest = points - figure.skeleton.joints[bones]
    moved = np.einsum("nij,nj->ni", pose.rotation[bones], rest) + pose.place[bones]
    return float(moved[:, 1].min())


def world_frame(actor: Actor) -> NDArray[np.float64]:
    """Return the rotation of an actor's yaw, (3, 3)."""
    c, s = np.cos(actor.yaw), np.sin(actor.yaw)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def pose_of(figure: Figure, actor: Actor) -> Pose:
    """Return the actor's pose, feet on y = 0 and hips above the origin, decimetres."""
    pose, _ = posed(
        figure.skeleton, actor.gait, actor.phase, arms_of(actor), actor.pose_seed
    )
    shift = np.array([0, -_floor(figure, pose), -float(figure.skeleton.joints[0, 2])], np.float32)
    return Pose(pose.rotation, pose.place + shift)


def bone_matrices(figure: Figure, actor: Actor) -> Float:
    """Return world matrices of all bones for vertices in metres at rest: float32 (64, 3, 4)."""
    pose = pose_of(figure, actor)
    turn = world_frame(actor)
    out = np.zeros((MAX_BONES, 3, 4))
    count = len(BONES)
    rest = figure.skeleton.joints * figure.scale
    rotation = turn @ pose.rotation
    out[:count, :, :3] = rotation
    place = (pose.place * figure.scale) @ turn.T + np.asarray(actor.position)
    out[:count, :, 3] = place - np.einsum("nij,nj->ni", rotation, rest)
    return out.astype(np.float32)
