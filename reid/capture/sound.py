"""The sound of a video, decoded and encoded as AAC, in step with the picture."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer

from reid.capture.timeline import Timeline
from reid.capture.video import main_track

_RATES: Final = frozenset(
    {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000}
)  # what AAC knows
_USUAL_RATE: Final = 48000
_BITS: Final = 64_000  # a second and channel
_FAR: Final = 60.0  # seconds between first picture and first sound that are believed


class Sound:
    """Encodes the first audio track of a video beside its pictures.

    Args:
        path: the video.
        out: where to; the track is added at once, since a container's tracks come first.

    Attributes:
        problems: damaged parts that are silent now, one line at most.
    """

    def __init__(self, path: Path, out: OutputContainer) -> None:
        self._out = out
        self._input = av.open(f"file:{path}", metadata_errors="replace")
        audio = self._input.streams.audio
        self._from = audio[0] if audio else None
        self._to: AudioStream | None = None
        self._damaged = 0
        if self._from is not None:
            self._to = _aac(out, self._from)
        self._blocks = self._converted()
        self._next = next(self._blocks, None)

    @property
    def problems(self) -> list[str]:
        """Say how much sound is missing."""
        return [f"sound: {self._damaged} damaged parts left out"] if self._damaged else []

    def write_until(self, seconds: float) -> None:
        """Write what is heard before a picture's time, so that both lie side by side."""
        while self._next is not None and _seconds(self._next) < seconds:
            self._encode(self._next)
            self._next = next(self._blocks, None)

    def finish(self) -> None:
        """Write the rest."""
        self.write_until(float("inf"))
        if self._to is not None:
            self._encode(None)
        self._input.close()

    def _encode(self, block: AudioFrame | None) -> None:
        if self._to is not None:
            self._out.mux(self._to.encode(block))

    def _converted(self) -> Iterator[AudioFrame]:
        """Yield blocks of the copy's rate and channels, timed from the first picture on."""
        if self._from is None or self._to is None:
            return
        context = self._to.codec_context
        resampler = av.AudioResampler(context.format, context.layout, context.sample_rate)
        base = Fraction(1, context.sample_rate)
        timeline: Timeline | None = None
        lead, heard = 0.0, -2 * _FAR
        for frame in self._decoded():
            lasts = frame.samples / frame.sample_rate
            if timeline is None:
                lead = self._lead(frame.time)
                timeline = Timeline(lasts)
            at = lead + timeline.time_of(frame.time)
            at = heard if abs(at - heard) < lasts else at  # no clicks where stamps are rounded
            heard = at + lasts
            frame.pts = None
            for block in resampler.resample(frame):
                shown = _from_zero(block, round(at / base))
                at += block.samples * float(base)
                if shown is not None:
                    shown.time_base = base
                    yield shown

    def _decoded(self) -> Iterator[AudioFrame]:
        reading = self._input.demux(self._from)
        while True:
            try:
                packet = next(reading)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self._damaged += 1
                return
            try:
                yield from (frame for frame in packet.decode() if isinstance(frame, AudioFrame))
            except av.error.FFmpegError:
                self._damaged += 1

    def _lead(self, first: float | None) -> float:
        """Return how long after the first picture the sound begins, in seconds."""
        with av.open(self._input.name, metadata_errors="replace") as other:
            shown = next(_times(other), None)
        if shown is None or first is None or abs(first - shown) > _FAR:
            return 0.0
        return first - shown


def _aac(out: OutputContainer, source: AudioStream) -> AudioStream:
    channels = source.codec_context.channels
    rate = source.rate if source.rate in _RATES else _USUAL_RATE
    track = out.add_stream("aac", rate=rate, layout="mono" if channels == 1 else "stereo")
    track.bit_rate = _BITS * min(2, channels)
    return track


def _times(container: av.container.InputContainer) -> Iterator[float]:
    stream = main_track(container)
    reading = container.demux(stream)
    while True:
        try:
            frames = next(reading).decode()
        except StopIteration:
            return
        except av.error.FFmpegError:
            reading = container.demux(stream)
            continue
        yield from (float(frame.time) for frame in frames if frame.time is not None)


def _from_zero(block: AudioFrame, start: int) -> AudioFrame | None:
    """Return a block that begins at sample `start`, without what is heard before the picture."""
    if start >= 0:
        block.pts = start
        return block
    if block.samples + start <= 0:
        return None
    rest = np.ascontiguousarray(block.to_ndarray()[:, -start:], np.float32)  # AAC takes floats
    cut = av.AudioFrame.from_ndarray(rest, format=block.format.name, layout=block.layout.name)
    cut.sample_rate, cut.pts = block.sample_rate, 0
    return cut


def _seconds(block: AudioFrame) -> float:
    if block.pts is None or block.time_base is None:
        return 0.0
    return float(block.pts * block.time_base)
