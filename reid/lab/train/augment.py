"""What cameras and moments change: drawn anew for every batch, on the training device.

Skin is recoloured at random wherever the masks show it, apart for each view of a person, so that
the vector cannot hold on to it.
"""

from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from reid.lab.synth.crops import OTHER_PERSON
from reid.lab.synth.scene import SKIN_PARTS

CARRIED_FROM: Final = 16
REGION_OF_PART: Final = (0, 1, 1, 2, 2, 3, 2, 2, 3, 4, 4, 1, 2, 1)
"""Region (of `reid.lab.train.net.REGIONS`) of part numbers 0 to 13; carried things are region 5."""

_RECOLOURED: Final = 0.85  # share of crops whose skin changes
_SKIN_LEVEL: Final = (-1.6, 0.8)  # logarithm of skin's brightness over that of all else
_WARMTH: Final = (0.4, -0.05, -0.7)  # most that skin's red, green and blue lean, in logarithms
_CAST_ON_SKIN: Final = 0.5  # how much of the picture's own cast is on it too
_SKIN_GAIN: Final = (0.1, 8.0)
_ELSEWHERE: Final = 0.25
_CUT_OFF: Final = 0.12  # share of crops of which only the upper part is left
_ERASED: Final = 0.35
_WHOLE: Final = 0.9  # share of a part's pixels from which it counts as whole
_BLURRED: Final = 0.4
TINT: Final = 0.06
"""Most that a cast lifts or lowers a channel's black."""
SHADE: Final = 0.35
"""Most that light differs across a crop, logarithm: a lamp above, a shadow over the legs."""
_SHADED: Final = 0.6  # share of crops on which light lies unevenly
_PATCHES: Final = (4, 2)  # rows and columns of lights, between which it changes smoothly
_BEND: Final = (-0.15, 0.15)  # of the logarithm of a channel's gamma
_CAST: Final = 0.7  # share of crops whose channels are changed apart


class Augmented(NamedTuple):
    """A varied batch.

    Attributes:
        images: float32 (B, 3, H, W) in [0, 1].
        parts: uint8 (B, H, W), moved alike.
        left: float32 (B, 5), share of each of `PARTS` that is still in the picture.
    """

    images: Tensor
    parts: Tensor
    left: Tensor


def regions_of(parts: Tensor) -> Tensor:
    """Map part numbers (B, H, W) to regions (B, H, W); other people are background."""
    table = torch.zeros(256, dtype=torch.uint8, device=parts.device)
    table[: len(REGION_OF_PART)] = torch.tensor(REGION_OF_PART, dtype=torch.uint8)
    table[CARRIED_FROM : CARRIED_FROM + 16] = 5
    return table[parts.long()]


def augment(
    images: Tensor,
    parts: Tensor,
    random: torch.Generator,
    tint: float = TINT,
    shade: float = SHADE,
) -> Augmented:
    """Vary a batch.

    Args:
        images: uint8 (B, H, W, 3).
        parts: uint8 (B, H, W).
        random: draws everything.
        tint: most that a cast lifts or lowers a channel's black.
        shade: most that light differs across a crop, logarithm.
    """
    x = images.permute(0, 3, 1, 2).float() / 255
    x = recolour_skin(x, parts, random, _RECOLOURED)
    x, parts = _elsewhere(x, parts, random)
    before = areas_of(parts)
    x, parts, zoom = _move(x, parts, random)
    left = areas_of(parts) / (before * zoom[:, None]).clamp(min=1)
    left = torch.where(before > 0, (left / _WHOLE).clamp(max=1), 1.0)
    x = _colour(_shaded(x, random, shade), random, tint)
    x = _soften(x, random)
    x = _erase(x, random)
    return Augmented(x.clamp(0, 1), parts, left)


def augment_unmasked(images: Tensor, random: torch.Generator) -> Tensor:
    """Vary a batch of which no masks are known: all but skin and surroundings.

    Args:
        images: uint8 (B, H, W, 3).
        random: draws everything.

    Returns:
        float32 (B, 3, H, W) in [0, 1].
    """
    x = images.permute(0, 3, 1, 2).float() / 255
    x, _, _ = _move(x, images.new_zeros(images.shape[:3]), random)
    x = _colour(_shaded(x, random, SHADE), random, TINT)
    return _erase(_soften(x, random), random).clamp(0, 1)


def areas_of(parts: Tensor) -> Tensor:
    """Return the pixels of each of `PARTS` in part numbers (B, H, W): float32 (B, 5)."""
    regions = regions_of(parts)
    return torch.stack([(regions == r).float().sum(dim=(1, 2)) for r in range(1, 6)], dim=1)


def _uniform(n: int, low: float, high: float, random: torch.Generator, *more: int) -> Tensor:
    shape = (n, *more) if more else (n,)
    drawn = torch.rand(shape, generator=random, device=random.device)
    return low + (high - low) * drawn


def skin_of(parts: Tensor) -> Tensor:
    """Return where part numbers are skin's: bool, of their shape."""
    return torch.isin(parts, torch.tensor(SKIN_PARTS, device=parts.device))


def recolour_skin(x: Tensor, parts: Tensor, random: torch.Generator, share: float) -> Tensor:
    """Return images (B, 3, H, W) of which a share shows skin of another tone.

    The tone is drawn anew, not changed: what it was is gone, so that it tells nobody apart. It is
    as light or dark beside all else there, and as warm, as anybody's in such light can be.
    """
    skin = skin_of(parts).float()[:, None]
    n = len(x)
    own, light = (
        (x * where).sum(dim=(2, 3)) / where.sum(dim=(2, 3)).clamp(min=1)
        for where in (skin, 1 - skin)
    )
    grey = light.mean(dim=1, keepdim=True).clamp(min=1e-3)
    cast = (light / grey).clamp(min=1e-3) ** _CAST_ON_SKIN
    level = torch.exp(_uniform(n, *_SKIN_LEVEL, random))[:, None] * grey
    warmth = torch.exp(_uniform(n, 0, 1, random)[:, None] * torch.tensor(_WARMTH, device=x.device))
    tint = torch.exp(_uniform(n, -0.1, 0.1, random, 3))
    tone = (level * warmth * cast * tint).clamp(max=0.95)
    gain = (tone / own.clamp(min=1e-3)).clamp(*_SKIN_GAIN)
    chosen = (_uniform(n, 0, 1, random) < share).float()[:, None, None, None]
    return x * (1 + skin * chosen * (gain[:, :, None, None] - 1))


def _elsewhere(x: Tensor, parts: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Put a share of the people before the next crop's surroundings, whoever is in them.

    Rows of one person lie side by side, so the surroundings come from half a batch away.
    """
    n = len(x)
    mine = ((parts > 0) & (parts != OTHER_PERSON)).float()[:, None]
    soft = functional.avg_pool2d(mine, 3, 1, 1)
    chosen = (_uniform(n, 0, 1, random) < _ELSEWHERE)[:, None, None, None]
    there = x.roll(n // 2, dims=0)
    moved = torch.where(chosen, there + soft * (x - there), x)
    return moved, torch.where(chosen[:, 0] & (mine[:, 0] == 0), 0, parts)


def _move(x: Tensor, parts: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Mirror, scale and shift, as a detector's boxes vary; of some keep the upper part alone.

    Returns:
        images, parts, and how many times its area each shows what it shows (B,).
    """
    n = len(x)
    scale_x, scale_y = _uniform(n, 0.85, 1.1, random), _uniform(n, 0.88, 1.08, random)
    cut = _uniform(n, 0, 1, random) < _CUT_OFF
    scale_y = torch.where(cut, _uniform(n, 0.4, 0.85, random), scale_y)
    mirror = torch.where(_uniform(n, 0, 1, random) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3, device=x.device)
    theta[:, 0, 0], theta[:, 1, 1] = scale_x * mirror, scale_y
    theta[:, 0, 2] = _uniform(n, -0.1, 0.1, random)
    theta[:, 1, 2] = _uniform(n, -0.06, 0.06, random) + torch.where(cut, scale_y - 1, 0.0)
    grid = functional.affine_grid(theta, list(x.shape), align_corners=False)
    moved = functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
    labels = functional.grid_sample(
        parts[:, None].float(), grid, mode="nearest", align_corners=False
    )
    return moved, labels[:, 0].to(torch.uint8), 1 / (scale_x * scale_y)


def _colour(x: Tensor, random: torch.Generator, tint: float) -> Tensor:
    """Change exposure, contrast, saturation and cast.

    The cast of a cheap camera is not one factor a channel: blacks turn blue or purple too, and
    what lies between bends differently.
    """
    n = len(x)
    grey = x.mean(dim=1, keepdim=True)
    saturation = _uniform(n, 0.4, 1.4, random)[:, None, None, None]
    x = grey + (x - grey) * saturation
    with_cast = (_uniform(n, 0, 1, random) < _CAST).float()[:, None]
    cast = torch.exp(_uniform(n, -0.28, 0.28, random, 3) * with_cast)[:, :, None, None]
    x = x * cast
    gain = torch.exp(_uniform(n, -0.5, 0.35, random))[:, None, None, None]
    lift = _uniform(n, -0.06, 0.2, random)[:, None] + with_cast * _uniform(
        n, -tint, tint, random, 3
    )
    bend = _uniform(n, -0.3, 0.3, random)[:, None] + with_cast * _uniform(n, *_BEND, random, 3)
    gamma = torch.exp(bend)[:, :, None, None]
    return (x * gain + lift[:, :, None, None]).clamp(1e-4, 1) ** gamma


def _shaded(x: Tensor, random: torch.Generator, most: float) -> Tensor:
    """Let light lie unevenly on some crops."""
    if not most:
        return x
    n, _, height, width = x.shape
    lights = _uniform(n, -most, most, random, 1, *_PATCHES)
    lights = lights * (_uniform(n, 0, 1, random) < _SHADED).float()[:, None, None, None]
    smooth = functional.interpolate(
        lights, size=(height, width), mode="bicubic", align_corners=False
    )
    return x * torch.exp(smooth)


def _soften(x: Tensor, random: torch.Generator) -> Tensor:
    """Take resolution from some, and add sensor noise."""
    n, _, height, width = x.shape
    factor = np.random.default_rng(random.initial_seed()).uniform(0.35, 0.8)  # no wait for a GPU
    small = functional.interpolate(
        x, size=(max(8, int(height * factor)), max(4, int(width * factor))), mode="area"
    )
    blurred = functional.interpolate(
        small, size=(height, width), mode="bilinear", align_corners=False
    )
    chosen = (_uniform(n, 0, 1, random) < _BLURRED).float()[:, None, None, None]
    x = x + chosen * (blurred - x)
    strength = _uniform(n, 0, 0.03, random)[:, None, None, None]
    noise = torch.randn(x.shape, generator=random, device=x.device)
    return x + noise * strength


def _erase(x: Tensor, random: torch.Generator) -> Tensor:
    """Cover a random rectangle with a plain colour: somebody or something in front."""
    n, _, height, width = x.shape
    chosen = _uniform(n, 0, 1, random) < _ERASED
    tall, wide = _uniform(n, 0.1, 0.4, random), _uniform(n, 0.15, 0.6, random)
    top, left = _uniform(n, 0, 1, random) * (1 - tall), _uniform(n, 0, 1, random) * (1 - wide)
    rows = (torch.arange(height, device=x.device) + 0.5) / height
    columns = (torch.arange(width, device=x.device) + 0.5) / width
    inside_y = (rows[None] > top[:, None]) & (rows[None] < (top + tall)[:, None])
    inside_x = (columns[None] > left[:, None]) & (columns[None] < (left + wide)[:, None])
    hole = (inside_y[:, None, :, None] & inside_x[:, None, None, :]) & chosen[:, None, None, None]
    colour = _uniform(n, 0, 1, random, 3)[:, :, None, None]
    return torch.where(hole, colour, x)
