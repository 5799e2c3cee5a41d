"""How one camera renders the world: a frozen look, and the distributions looks are drawn from.

A `CameraLook` belongs to a camera and stays; `vary` gives the small changes from frame to frame.
Lengths in pixels are stated for a frame of `REFERENCE_HEIGHT` rows.
"""

from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

Domain = Literal["train", "held-out"]
Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]
Range = tuple[float, float]

REFERENCE_HEIGHT: Final = 720
"""Rows of the frame for which pixel lengths of a look are stated."""

METERED_GREY: Final = 0.2
"""Mean linear light that automatic exposure aims at."""

IDENTITY: Final[Matrix] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Optics:
    """What glass and light do.

    Attributes:
        k1, k2: radial distortion; r is 1 at the frame's corner.
        vignette: loss of light at the corner, in [0, 1].
        defocus: Gaussian sigma, px.
        motion: length of the motion blur, px; `motion_angle` its direction, radians.
        haze: share of veiling light, in [0, 1]; `haze_colour` linear RGB.
        flare: strength of a bright window or lamp, in [0, 1]; `flare_at` its place (0 to 1).
        light: linear RGB gains at the frame's left; `light_right` at its right.
    """

    k1: float = 0.0
    k2: float = 0.0
    vignette: float = 0.0
    defocus: float = 0.0
    motion: float = 0.0
    motion_angle: float = 0.0
    haze: float = 0.0
    haze_colour: Triple = (0.6, 0.62, 0.66)
    flare: float = 0.0
    flare_at: tuple[float, float] = (0.5, 0.0)
    light: Triple = (1.0, 1.0, 1.0)
    light_right: Triple = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Sensor:
    """What the chip does.

    Attributes:
        exposure: stops.
        white_balance: linear RGB gains.
        matrix: linear RGB to linear RGB, rows sum to about 1.
        read_noise, shot_noise: standard deviation at black and (at mid grey) of light, 8-bit steps.
        chroma_noise: standard deviation of coloured blotches, 8-bit steps.
        noise_size: width of the noise's grain, px (1: white noise).
        roll: amplitude of the horizontal gain bands of tube light, in [0, 1]; `roll_phase` radians.
        infrared: colourless night mode.
    """

    exposure: float = 0.0
    white_balance: Triple = (1.0, 1.0, 1.0)
    matrix: Matrix = IDENTITY
    read_noise: float = 1.0
    shot_noise: float = 1.0
    chroma_noise: float = 0.0
    noise_size: float = 1.0
    roll: float = 0.0
    roll_phase: float = 0.0
    infrared: bool = False


@dataclass(frozen=True, slots=True)
class Processing:
    """What the camera's processor does.

    Attributes:
        gamma: exponent of the tone curve (1: sRGB).
        contrast: strength of the S-curve, negative for a flat one.
        black, white: 8-bit levels that black and white end up at; white over 255 clips.
        tint: RGB offsets in 8-bit steps, as cheap casts are.
        saturation: 1 keeps the colours.
        denoise: strength of the smear, in [0, 1].
        sharpen: strength of the unsharp mask; `sharpen_radius` its sigma, px.
    """

    gamma: float = 1.0
    contrast: float = 0.0
    black: float = 0.0
    white: float = 255.0
    tint: Triple = (0.0, 0.0, 0.0)
    saturation: float = 1.0
    denoise: float = 0.0
    sharpen: float = 0.0
    sharpen_radius: float = 1.0


@dataclass(frozen=True, slots=True)
class Transport:
    """What happens between camera and recorder.

    Attributes:
        scale: resolution kept, in (0, 1]; the frame is sent small and shown large.
        jpeg: quality of a still's compression, 1 to 100.
        chroma_half: chroma carried at half resolution.
        crf: constant rate factor of H.264 for clips.
        interlace: shift between the two fields, px.
        blocky: enlarged by nearest neighbour instead of smoothly.
    """

    scale: float = 1.0
    jpeg: int = 90
    chroma_half: bool = True
    crf: int = 24
    interlace: float = 0.0
    blocky: bool = False


@dataclass(frozen=True, slots=True)
class CameraLook:
    """Everything that makes one camera's pictures its own."""

    kind: str
    domain: Domain
    optics: Optics = field(default_factory=Optics)
    sensor: Sensor = field(default_factory=Sensor)
    processing: Processing = field(default_factory=Processing)
    transport: Transport = field(default_factory=Transport)


NEUTRAL: Final = CameraLook(
    "neutral", "train", sensor=Sensor(read_noise=0, shot_noise=0), transport=Transport(jpeg=100)
)
"""A camera that changes nothing that matters: for reference pictures."""


@dataclass(frozen=True, slots=True)
class LookDistribution:
    """The stated distribution of one domain; ranges are uniform, shares are probabilities.

    Attributes:
        kinds: kind of camera and its share; the kinds are those of `_cast`.
        exposure: stops.
        k1: radial distortion.
        contrast, gamma, saturation: of `Processing`, before the kind's own change.
        matrix_spread: standard deviation of the colour matrix's off-diagonal entries.
        gain_spread: standard deviation of the white balance, natural log.
        noise_mean, defocus_mean, motion_mean: means of exponential distributions, 8-bit steps and
            px; noise stops at 7, defocus at 2.
        sharpen, denoise: strengths where switched on, with their shares.
        jpeg: quality. crf: rate factor. scale: resolution kept, with its share.
        backlight, haze, coloured_light, rolling, interlaced: shares.
    """

    kinds: tuple[tuple[str, float], ...]
    exposure: Range
    k1: Range
    contrast: Range
    gamma: Range
    saturation: Range
    matrix_spread: float
    gain_spread: float
    noise_mean: float
    defocus_mean: float
    motion_mean: float
    sharpen: Range
    sharpen_share: float
    denoise: Range
    denoise_share: float
    jpeg: tuple[int, int]
    crf: tuple[int, int]
    scale: Range
    scale_share: float
    backlight: float
    haze: float
    coloured_light: float
    rolling: float
    interlaced: float


TRAIN: Final = LookDistribution(
    kinds=(
        ("good", 0.34), ("washed", 0.12), ("purple", 0.1), ("green", 0.06), ("yellow", 0.07),
        ("blue", 0.06), ("vivid", 0.17), ("dim", 0.05), ("infrared", 0.01), ("flat", 0.02),
    ),
    exposure=(-0.55, 0.55), k1=(-0.22, 0.02), contrast=(-0.1, 1.0), gamma=(0.85, 1.2),
    saturation=(0.6, 1.3), matrix_spread=0.04, gain_spread=0.06, noise_mean=1.2,
    defocus_mean=0.3, motion_mean=0.6, sharpen=(0.5, 3.0), sharpen_share=0.75,
    denoise=(0.2, 0.9), denoise_share=0.25, jpeg=(35, 93), crf=(20, 32), scale=(0.5, 0.9),
    scale_share=0.15, backlight=0.07, haze=0.08, coloured_light=0.1, rolling=0.12, interlaced=0.03,
)  # fmt: skip
"""The cameras that models are trained on.

Most sharpen hard and clip black and white, as real recorders do; the soft and the veiled are the
smaller part.
"""

HELD_OUT: Final = LookDistribution(
    kinds=(
        ("good", 0.27), ("film", 0.2), ("cyan", 0.13), ("magenta", 0.1), ("washed", 0.1),
        ("dim", 0.08), ("sepia", 0.1), ("infrared", 0.02),
    ),
    exposure=(-0.5, 0.5), k1=(-0.32, -0.06), contrast=(-0.1, 0.7), gamma=(0.75, 1.3),
    saturation=(0.6, 1.4), matrix_spread=0.06, gain_spread=0.08, noise_mean=1.6,
    defocus_mean=0.4, motion_mean=0.8, sharpen=(0.8, 2.4), sharpen_share=0.5,
    denoise=(0.5, 1.0), denoise_share=0.3, jpeg=(28, 80), crf=(24, 35), scale=(0.45, 0.75),
    scale_share=0.2, backlight=0.1, haze=0.06, coloured_light=0.15, rolling=0.2, interlaced=0.06,
)  # fmt: skip
"""Cameras of the domain that is never trained on: other casts, worse glass, other processing."""

DISTRIBUTIONS: Final[dict[Domain, LookDistribution]] = {"train": TRAIN, "held-out": HELD_OUT}


def sample_look(
    rng: np.random.Generator, domain: Domain = "train", kind: str | None = None
) -> CameraLook:
    """Draw a camera from `DISTRIBUTIONS[domain]`, of the given kind if one is named."""
    d = DISTRIBUTIONS[domain]
    if kind is None:
        names, shares = zip(*d.kinds, strict=True)
        kind = str(rng.choice(names, p=np.array(shares) / sum(shares)))
    look = CameraLook(
        kind, domain, _optics(rng, d), _sensor(rng, d), _processing(rng, d), _transport(rng, d)
    )
    return _cast(look, rng)


def vary(look: CameraLook, rng: np.random.Generator, amount: float = 1.0) -> CameraLook:
    """Return `look` as it is in one frame: exposure, balance, focus and motion drift a little."""
    o, s, t = look.optics, look.sensor, look.transport
    drift = np.exp(rng.normal(0, 0.012 * amount, 3))
    optics = replace(
        o,
        defocus=o.defocus * float(rng.uniform(0.85, 1.2)),
        motion=min(float(rng.exponential(max(o.motion, 0.05))), 9.0) * amount,
        motion_angle=float(rng.normal(0, 0.5)),
    )
    sensor = replace(
        s,
        exposure=s.exposure + float(rng.normal(0, 0.07)) * amount,
        white_balance=_triple(np.array(s.white_balance) * drift),
        roll_phase=float(rng.uniform(0, 2 * np.pi)),
    )
    jpeg = int(np.clip(t.jpeg + rng.integers(-6, 7) * amount, 10, 100))
    return replace(look, optics=optics, sensor=sensor, transport=replace(t, jpeg=jpeg))


def metered(look: CameraLook, image: np.ndarray) -> CameraLook:
    """Return `look` with automatic exposure for `image`, uint8 (H, W, 3), within two stops.

    Cameras meter the frame: a dark hall comes out brighter than it is, a sunny plaza darker.
    """
    light = (image[::8, ::8].astype(np.float32) / 255) ** 2.2
    stops = float(np.clip(np.log2(METERED_GREY / max(float(light.mean()), 1e-4)), -1.0, 2.0))
    sensor = replace(look.sensor, exposure=look.sensor.exposure + 0.75 * stops)
    return replace(look, sensor=sensor)


def _triple(values: np.ndarray) -> Triple:
    return (float(values[0]), float(values[1]), float(values[2]))


def _in(rng: np.random.Generator, span: Range) -> float:
    return float(rng.uniform(*span))


def _optics(rng: np.random.Generator, d: LookDistribution) -> Optics:
    tinted = rng.random() < d.coloured_light
    light = np.exp(rng.normal(0, 0.22 if tinted else 0.02, (2, 3)))
    backlit = rng.random() < d.backlight
    hazy = rng.random() < d.haze
    k1 = _in(rng, d.k1)
    return Optics(
        k1=k1,
        k2=float(-0.25 * k1 * rng.uniform(0, 1)),
        vignette=float(rng.beta(1.6, 4.0) * 0.8),
        defocus=min(float(rng.exponential(d.defocus_mean)), 2.0),
        motion=float(rng.exponential(d.motion_mean)),
        haze=float(rng.uniform(0.02, 0.13)) if hazy else 0.0,
        haze_colour=_triple(rng.uniform(0.45, 0.8) * np.exp(rng.normal(0, 0.06, 3))),
        flare=float(rng.uniform(0.15, 0.6)) if backlit else 0.0,
        flare_at=(float(rng.uniform(-0.1, 1.1)), float(rng.uniform(-0.25, 0.35))),
        light=_triple(light[0] / light[0].mean()),
        light_right=_triple(light[1] / light[1].mean()),
    )


def _sensor(rng: np.random.Generator, d: LookDistribution) -> Sensor:
    noise = 0.4 + min(float(rng.exponential(d.noise_mean)), 6.6)
    matrix = np.eye(3) + rng.normal(0, d.matrix_spread, (3, 3)) * (1 - np.eye(3))
    matrix /= matrix.sum(axis=1, keepdims=True)
    gains = np.exp(rng.normal(0, d.gain_spread, 3))
    rows = [_triple(row) for row in matrix]
    return Sensor(
        exposure=_in(rng, d.exposure),
        white_balance=_triple(gains / gains[1]),
        matrix=(rows[0], rows[1], rows[2]),
        read_noise=0.5 * noise,
        shot_noise=noise,
        chroma_noise=float(noise * rng.beta(1.5, 2.5)),
        noise_size=float(rng.uniform(1.0, 2.2)),
        roll=float(rng.uniform(0.02, 0.1)) if rng.random() < d.rolling else 0.0,
    )


def _processing(rng: np.random.Generator, d: LookDistribution) -> Processing:
    sharpened = rng.random() < d.sharpen_share
    smeared = rng.random() < d.denoise_share
    return Processing(
        gamma=_in(rng, d.gamma),
        contrast=_in(rng, d.contrast),
        black=float(rng.exponential(5.0)),
        white=float(rng.uniform(235, 275)),
        tint=_triple(rng.normal(0, 2.0, 3)),
        saturation=_in(rng, d.saturation),
        denoise=_in(rng, d.denoise) if smeared else 0.0,
        sharpen=_in(rng, d.sharpen) if sharpened else 0.0,
        sharpen_radius=float(rng.uniform(0.7, 2.0)),
    )


def _transport(rng: np.random.Generator, d: LookDistribution) -> Transport:
    reduced = rng.random() < d.scale_share
    return Transport(
        scale=_in(rng, d.scale) if reduced else 1.0,
        jpeg=int(rng.integers(d.jpeg[0], d.jpeg[1] + 1)),
        chroma_half=bool(rng.random() < 0.85),
        crf=int(rng.integers(d.crf[0], d.crf[1] + 1)),
        interlace=float(rng.uniform(0.5, 1.6)) if rng.random() < d.interlaced else 0.0,
        blocky=bool(reduced and rng.random() < 0.1),
    )


_GAINS: Final[dict[str, Triple]] = {
    "purple": (1.14, 0.86, 1.22), "green": (0.9, 1.13, 0.9), "yellow": (1.16, 1.03, 0.72),
    "blue": (0.84, 0.98, 1.25), "cyan": (0.8, 1.08, 1.12), "magenta": (1.2, 0.82, 1.1),
    "sepia": (1.22, 1.0, 0.66), "film": (1.06, 1.0, 0.94),
}  # fmt: skip
"""White balance of each kind of cast at its full strength, linear RGB."""

_TINTS: Final[dict[str, Triple]] = {
    "purple": (10, -3, 16), "green": (-4, 7, -2), "yellow": (9, 5, -8), "blue": (-6, 0, 11),
    "cyan": (-9, 5, 8), "magenta": (11, -7, 7), "sepia": (12, 5, -10), "film": (6, 8, 14),
}  # fmt: skip
"""Offsets of each kind of cast at its full strength, 8-bit RGB."""


def _cast(look: CameraLook, rng: np.random.Generator) -> CameraLook:
    """Apply the mark of `look.kind`: casts come with lifted blacks and lost saturation."""
    strength = float(rng.uniform(0.35, 1.15))
    gains = np.array(_GAINS.get(look.kind, (1.0, 1.0, 1.0))) ** strength
    tint = np.array(_TINTS.get(look.kind, (0.0, 0.0, 0.0))) * strength
    s, p = look.sensor, look.processing
    sensor = replace(s, white_balance=_triple(np.array(s.white_balance) * gains))
    processing = replace(p, tint=_triple(np.array(p.tint) + tint))
    match look.kind:
        case "washed" | "purple" | "magenta" | "film":
            sensor = replace(sensor, exposure=s.exposure + 0.4 * strength)
            processing = replace(
                processing,
                black=p.black + float(rng.uniform(8, 42)) * strength,
                white=p.white + float(rng.uniform(-10, 30)),
                saturation=p.saturation * float(rng.uniform(0.45, 0.85)),
            )
        case "flat":
            processing = replace(processing, black=p.black + 30, white=205.0, contrast=-0.3)
        case "vivid":
            processing = replace(
                processing,
                saturation=float(rng.uniform(1.15, 1.75)),
                contrast=float(rng.uniform(0.4, 1.1)),
                sharpen=float(rng.uniform(0.8, 2.6)),
                black=0.0,
            )
        case "dim":
            sensor = _dark(sensor, rng)
            processing = replace(processing, saturation=p.saturation * float(rng.uniform(0.5, 0.9)))
        case "infrared":
            sensor = replace(
                _dark(sensor, rng), infrared=True, exposure=float(rng.uniform(-0.6, 0.5))
            )
        case _:
            pass
    return replace(look, sensor=sensor, processing=processing)


def _dark(sensor: Sensor, rng: np.random.Generator) -> Sensor:
    """A sensor short of light: under-exposed, and its gain shows as noise."""
    gain = float(rng.uniform(1.1, 1.8))
    return replace(
        sensor,
        exposure=float(rng.uniform(-1.9, -0.7)),
        read_noise=sensor.read_noise * gain + 1.0,
        shot_noise=sensor.shot_noise * gain,
        chroma_noise=sensor.chroma_noise * gain,
        noise_size=sensor.noise_size * 1.3,
    )
