"""The appearance network: one pass gives the vector, attributes, body and visibility.

A plain residual trunk (dense 3 × 3 convolutions run well on CPUs with matrix units), half of whose
early normalisation is per instance, which takes a camera's style out of the features (IBN-a, Pan et
al. 2018). An attention map a body part, learnt from exact masks, pools the last features part by
part, so that "upper" reads off the upper garment wherever it is.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from reid.core.vocabulary import ATTRIBUTE_COLUMNS, BODY_COLUMNS, PARTS

REGIONS: Final = ("background", "head", "upper", "lower", "feet", "carried")
"""What an attention map is for each of; the order of the part logits."""

_POOLED: Final = (2, 3, 4, 5)  # regions that are pooled by themselves


@dataclass(frozen=True, slots=True)
class NetConfig:
    """Sizes of the network.

    Attributes:
        widths: channels of the stem and the three stages.
        blocks: residual blocks a stage.
        strides: of each stage's first block; the last map keeps its rows for small parts.
        dim: length of the vector.
        height, width: input, px.
    """

    widths: tuple[int, int, int, int] = (32, 64, 128, 256)
    blocks: tuple[int, int, int] = (2, 2, 1)
    strides: tuple[int, int, int] = (2, 2, 1)
    dim: int = 256
    height: int = 128
    width: int = 64


class Outputs(NamedTuple):
    """What one pass gives for B crops.

    Attributes:
        vector: (B, dim), unit norm.
        attributes: (B, K) logits, `ATTRIBUTE_COLUMNS`.
        body: (B, C) logits, `BODY_COLUMNS`; its gradient stops before the trunk by default.
        visible: (B, P) logits, `PARTS`.
        regions: (B, 6, h, w) logits, `REGIONS`.
    """

    vector: Tensor
    attributes: Tensor
    body: Tensor
    visible: Tensor
    regions: Tensor


class IbnNorm(nn.Module):
    """Instance norm on the first half of the channels, batch norm on the rest."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = channels // 2
        self.instance = nn.InstanceNorm2d(self.first, affine=True)
        self.batch = nn.BatchNorm2d(channels - self.first)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (B, C, H, W)."""
        first, second = x[:, : self.first], x[:, self.first :]
        return torch.cat([self.instance(first), self.batch(second)], dim=1)


class Block(nn.Module):
    """Two 3 × 3 convolutions and a shortcut."""

    def __init__(self, inner: int, outer: int, stride: int, *, ibn: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.norm1: nn.Module = IbnNorm(outer) if ibn else nn.BatchNorm2d(outer)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outer)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inner != outer:
            convolution = nn.Conv2d(inner, outer, 1, stride, bias=False)
            self.shortcut = nn.Sequential(convolution, nn.BatchNorm2d(outer))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H / stride, W / stride)."""
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class AppearanceNet(nn.Module):
    """Crops (B, 3, H, W), RGB in [0, 1] → `Outputs`.

    Attributes:
        body_teaches: whether the gradient of what is said of the body reaches the trunk.
    """

    body_teaches = False

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        self.config = config
        stem, *stages = config.widths
        self.stem = nn.Sequential(
            nn.Conv2d(3, stem, 3, 2, 1, bias=False), IbnNorm(stem), nn.ReLU(inplace=True)
        )
        layers, inner = [], stem
        sizes = zip(stages, config.blocks, config.strides, strict=True)
        for number, (outer, count, stride) in enumerate(sizes):
            for i in range(count):
                layers.append(Block(inner, outer, stride if i == 0 else 1, ibn=number < 2))
                inner = outer
        self.trunk = nn.Sequential(*layers)
        self.regions = nn.Conv2d(inner, len(REGIONS), 1)
        pooled = inner * (len(_POOLED) + 2)
        self.squeeze = nn.Linear(pooled, config.dim, bias=False)
        self.neck = nn.BatchNorm1d(config.dim)
        self.attributes = nn.Linear(pooled, len(ATTRIBUTE_COLUMNS))
        self.body = nn.Linear(pooled, len(BODY_COLUMNS))
        self.visible = nn.Linear(pooled, len(PARTS))

    def forward(self, crops: Tensor) -> Outputs:
        """Run one pass."""
        return self.said_of(self.trunk(self.stem(crops * 4 - 2)))

    def said_of(self, x: Tensor) -> Outputs:
        """Return what the last features (B, C, h, w) say."""
        regions = self.regions(x)
        pooled = self.pool(x, regions)
        vector = functional.normalize(self.neck(self.squeeze(pooled)).float(), dim=1)
        return Outputs(
            vector,
            self.attributes(pooled),
            self.body(pooled if self.body_teaches else pooled.detach()),
            self.visible(pooled),
            regions,
        )

    def pool(self, x: Tensor, regions: Tensor) -> Tensor:
        """Average features over everything, the person, and each pooled region: (B, 6 C)."""
        share = functional.softmax(regions, dim=1)  # (B, R, h, w)
        everything = x.mean(dim=(2, 3))
        person = _average(x, 1 - share[:, :1])
        parts = [_average(x, share[:, r : r + 1]) for r in _POOLED]
        return torch.cat([everything, person, *parts], dim=1)


def both_ways(net: AppearanceNet, crops: Tensor) -> Outputs:
    """Run crops (B, 3, H, W) and their mirror images, in one pass, and return what both say.

    The vector is the direction of both; logits are their means, those of regions mirrored back.
    """
    outputs = net(torch.cat([crops, crops.flip(3)]))
    plain, mirrored = (Outputs(*half) for half in zip(*(c.chunk(2) for c in outputs), strict=True))
    return Outputs(
        functional.normalize(plain.vector + mirrored.vector, dim=1),
        (plain.attributes + mirrored.attributes) / 2,
        (plain.body + mirrored.body) / 2,
        (plain.visible + mirrored.visible) / 2,
        (plain.regions + mirrored.regions.flip(3)) / 2,
    )


def _average(x: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean over space: (B, C, h, w), (B, 1, h, w) → (B, C)."""
    total: Tensor = (x * weight).sum(dim=(2, 3))
    return total / (weight.sum(dim=(2, 3)) + 1e-2)
