"""What training runs share: the rate's schedule, the EMA of the weights, recorded kernels."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from reid.core.errors import ReidError
from reid.lab.train.run import EMA, Schedule, mean_of, recorded


def test_the_rate_warms_up_and_falls_to_nothing() -> None:
    schedule = Schedule(0.1, 10, 110)
    rates = [schedule.rate(step) for step in range(111)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[9] == rates[10] == pytest.approx(0.1)
    assert rates[60] == pytest.approx(0.05)
    assert rates[110] == pytest.approx(0, abs=1e-9)
    assert np.all(np.diff(rates[10:]) <= 0)


def test_the_rate_falls_as_the_minutes_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock where that is further than the steps are, by the steps where not."""
    now = [100.0]
    monkeypatch.setattr("reid.lab.train.run.time.monotonic", lambda: now[0])
    schedule = Schedule(0.1, 10, 1_000_010)
    schedule.within(2)
    assert schedule.rate(10) == pytest.approx(0.1, rel=1e-3)
    now[0] = 160
    assert schedule.rate(20) == pytest.approx(0.05, rel=1e-3)
    assert schedule.rate(1_000_010) == pytest.approx(0, abs=1e-9)
    now[0] = 400
    assert schedule.rate(20) == pytest.approx(0, abs=1e-9)
    assert schedule.rate(4) == pytest.approx(0.05)


def test_the_ema_follows_weights_and_copies_counts() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    mean = copy.deepcopy(net)
    before = mean.state_dict()["0.weight"].clone()
    with torch.no_grad():
        net[0].weight += 1
        net[1].num_batches_tracked += 7
    EMA(mean, net, momentum=0.75).update(step=10_000)
    np.testing.assert_allclose(mean.state_dict()["0.weight"], before + 0.25, rtol=1e-6)
    assert int(mean.state_dict()["1.num_batches_tracked"]) == 7
    EMA(mean, net, momentum=0.75).update(step=0)  # keeps a tenth
    np.testing.assert_allclose(mean.state_dict()["0.weight"], before + 0.925, rtol=1e-6)


def test_only_gpus_record() -> None:
    net = nn.Linear(3, 2)
    assert recorded(net, torch.zeros(1, 3)) is net


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_recorded_kernels_give_the_network_s_gradients() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten()).cuda()
    x = torch.rand(4, 3, 8, 8, device="cuda")
    gradients = []
    for run in (net.forward, recorded(net, x)):
        net.zero_grad()
        with torch.autocast("cuda", dtype=torch.bfloat16):
            run(x).float().square().sum().backward()
        gradients.append(net[0].weight.grad.clone())
    torch.testing.assert_close(*gradients, rtol=0.05, atol=0.05)


def test_the_mean_of_two_networks() -> None:
    one = {"w": torch.tensor([1.0, 3.0]), "n": torch.tensor(7)}
    other = {"w": torch.tensor([3.0, 4.0]).half(), "n": torch.tensor(9)}
    mean = mean_of(one, other)
    assert mean["w"].tolist() == [2.0, 3.5]
    assert mean["w"].dtype == torch.float32
    assert int(mean["n"]) == 7
    assert mean_of(one, other, share=0.25)["w"].tolist() == [1.5, 3.25]
    with pytest.raises(ReidError, match="different networks"):
        mean_of(one, {"w": torch.zeros(3), "n": torch.tensor(9)})
