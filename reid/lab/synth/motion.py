"""From an actor's gait and place to the matrices that move a figure's bones in the world."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.catalogue import catalogue
from reid.lab.synth.dress import grip_height
from reid.lab.synth.figure import MAX_BONES, Figure
from reid.lab.synth.makehuman import BONE, BONES
from reid.lab.synth.pose import FOREARM, Pose, posed
from reid.lab.synth.postures import CARRIED_POSTURES, GROUNDED, in_posture
from reid.lab.synth.props import FOOTREST
from reid.lab.synth.scene import RIDING, SEATS, Actor

Float = NDArray[np.float32]
_SADDLE: Final = 0.08
"""Metres that the joints of the hips are above what somebody rides on."""
_YIELDING: Final = 0.008
"""Metres by which flesh and cloth give way where somebody lies."""


def props_of(actor: Actor) -> dict[str, str]:
    """Return what the actor has with them now: kind → side "L" or "R"."""
    return {
        prop.kind: "L" if prop.side > 0 else "R"
        for prop in actor.person.props
        if actor.props is None or prop.kind in actor.props
    }


def arms_of(actor: Actor) -> dict[str, str]:
    """Return what each arm does: side → key of `reid.lab.synth.pose.HOLDING`."""
    if actor.arms:
        return _both(actor.arms)
    rng = np.random.default_rng((actor.pose_seed, 5))
    carried = props_of(actor)
    if "wheelchair" in carried:
        return _both("knees" if rng.random() < 0.7 else "rim")
    for kind in carried:
        if catalogue().thing(kind).grip == "both":
            return _both(catalogue().thing(kind).arm)
    return _holding(carried, rng) or _idle(actor.gait, rng)


def _both(action: str) -> dict[str, str]:
    return {"L": action, "R": action}


def _holding(carried: dict[str, str], rng: np.random.Generator) -> dict[str, str]:
    """Return what the arms do that carry something."""
    held: dict[str, str] = {}
    for kind, side in carried.items():
        row = catalogue().thing(kind)
        if row.forearm and rng.random() < row.forearm:
            held[side] = f"{row.arm}{FOREARM}"
        elif row.arm and (row.arm_share == 1 or rng.random() < row.arm_share):
            held.setdefault(side, row.arm)
    return held


def _idle(gait: str, rng: np.random.Generator) -> dict[str, str]:
    """Return what the arms do that carry nothing."""
    if gait in RIDING:
        return _both("bars" if gait == "cycle" else "reins")
    held = _both("knees") if gait == "sit" else {}
    roll = rng.random()
    idle = ("phone", "phone", "ear", "pocket", "pocket", "pocket", "hip", "behind", "behind")
    if gait in ("stroll", "walk", "stand", "sit") and roll < 0.3:
        action = idle[rng.integers(len(idle))]
        side = "LR"[rng.integers(2)]
        held[side] = action
        if rng.random() < 0.04:
            held[side] = "up"
        if action == "pocket" and rng.random() < 0.5:
            held = _both("pocket")
    elif gait == "stand" and roll < 0.38:
        held = _both("folded")
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
    """Return the pose, decimetres: feet on y = 0 or on a footrest, hips above the origin.

    Who rides sits at y = 0, who is carried has the hips there; who touches the floor with anything
    but the feet is lowered by `bone_matrices`.
    """
    if actor.gait in GROUNDED or actor.gait in CARRIED_POSTURES:
        return _at_hips(in_posture(figure.skeleton, actor.gait, actor.pose_seed))
    seat = next((kind for kind in SEATS if kind in props_of(actor)), "")
    gait = "sit" if seat else actor.gait
    pose, _ = posed(figure.skeleton, gait, actor.phase, arms_of(actor), actor.pose_seed)
    if gait in RIDING:
        up = _SADDLE / figure.scale - float(_hips(pose)[1])
    else:
        lift = FOOTREST / figure.scale if seat == "wheelchair" else 0.0
        up = lift - _floor(figure, pose)
    shift = np.array([0, up, -float(figure.skeleton.joints[0, 2])], np.float32)
    return Pose(pose.rotation, pose.place + shift)


def _at_hips(pose: Pose) -> Pose:
    """Return the pose with the middle of the hips at the origin."""
    return Pose(pose.rotation, pose.place - _hips(pose))


def _hips(pose: Pose) -> Float:
    """Return the middle between the joints of the hips, decimetres."""
    left, right = (pose.place[BONE[f"upperleg01.{side}"]] for side in "LR")
    return np.asarray((left + right) / 2, np.float32)


def _grip(figure: Figure, pose: Pose, side: str) -> NDArray[np.float64]:
    """Return where a hand holds, decimetres before the actor's yaw."""
    bone = BONE[f"finger3-1.{side}"]
    return np.asarray(pose.place[bone] + pose.rotation[bone] @ np.array([0, -0.15, 0.1]), float)


def _held_frame(
    kind: str, figure: Figure, pose: Pose, side: str, forearm: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (rotation (3, 3), grip in metres) of a held thing before the actor's yaw."""
    upright, grip = np.eye(3), catalogue().thing(kind).grip
    if grip == "floor":
        return upright, np.array([0.0, 0.0, float(_hips(pose)[2]) * figure.scale])
    at = _grip(figure, pose, side) * figure.scale
    if grip == "both":
        at = (_grip(figure, pose, "L") + _grip(figure, pose, "R")) / 2 * figure.scale
    if grip in ("both", "wheels"):
        return upright, np.array([at[0], grip_height(kind, figure.height), at[2]])
    if forearm:
        bone = BONE[f"lowerarm02.{side}"]
        at = pose.place[bone].astype(float) * figure.scale
    return upright, at


def bone_matrices(figure: Figure, actor: Actor) -> Float:
    """Return world matrices of all bones for vertices in metres at rest: float32 (64, 3, 4).

    Bones of things that are not here collapse to a point, so that they draw nothing.
    """
    pose = pose_of(figure, actor)
    turn = world_frame(actor)
    origin = np.asarray(actor.position, float)
    out = np.zeros((MAX_BONES, 3, 4))
    count = len(BONES)
    rest = figure.skeleton.joints * figure.scale
    rotation = turn @ pose.rotation
    out[:count, :, :3] = rotation
    place = (pose.place * figure.scale) @ turn.T + origin
    out[:count, :, 3] = place - np.einsum("nij,nj->ni", rotation, rest)
    arms, carried = arms_of(actor), props_of(actor)
    for name, bone in figure.free.items():
        kind, _, worn_on = name.partition(":")
        if kind not in carried:
            out[bone, :, 3] = place[0]
        elif worn_on:
            out[bone] = out[BONE[worn_on]]
        else:
            side = carried[kind]
            forearm = arms.get(side, "").endswith(FOREARM)
            frame, at = _held_frame(kind, figure, pose, side, forearm)
            out[bone, :, :3], out[bone, :, 3] = turn @ frame, turn @ at + origin
    matrices = out.astype(np.float32)
    if actor.gait in GROUNDED:
        lowest = float(figure.outline.places(matrices)[:, 1].min())
        matrices[:, 1, 3] += actor.position[1] - lowest - _YIELDING
    return matrices
