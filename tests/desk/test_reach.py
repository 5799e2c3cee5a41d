"""Where somebody can have walked: worked out on paper."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reid.desk.policy import load_policy
from reid.desk.reach import radius, reachable
from tests.venues import write_rules

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PLAN = "\n[plan]\nwidth_m = 100\nwalk_m_per_s = 1\n"


def test_straight_lines(tmp_path: Path) -> None:
    policy = load_policy(write_rules(tmp_path, PLAN))
    places = reachable(policy, "carousel", NOW - timedelta(seconds=40), NOW, aspect=1)
    assert [(p.camera, p.possible) for p in places] == [
        ("carousel", True),
        ("shop", True),
        ("gate", False),
    ]
    assert places[1].metres == pytest.approx(36.056, abs=1e-3)  # 30 east, 20 south
    assert places[2].earliest > NOW


def test_exits_come_first(tmp_path: Path) -> None:
    policy = load_policy(write_rules(tmp_path, PLAN))
    places = reachable(policy, "carousel", NOW - timedelta(minutes=10), NOW, aspect=1)
    assert places[0].camera == "gate"
    assert places[0].exit


def test_along_paths(tmp_path: Path) -> None:
    paths = 'paths = [["carousel", "shop"], ["shop", "gate"]]\n'
    policy = load_policy(write_rules(tmp_path, PLAN + paths))
    places = {p.camera: p.metres for p in reachable(policy, "carousel", NOW, NOW, aspect=1)}
    assert places["gate"] == pytest.approx(36.056 + 72.801, abs=1e-3)


def test_without_a_scale_nothing_is_claimed(tmp_path: Path) -> None:
    policy = load_policy(write_rules(tmp_path))
    assert reachable(policy, "carousel", NOW, NOW, 1) == []
    assert radius(policy, NOW, NOW) is None


def test_radius(tmp_path: Path) -> None:
    policy = load_policy(write_rules(tmp_path, PLAN))
    assert radius(policy, NOW - timedelta(seconds=25), NOW) == pytest.approx(0.25)
