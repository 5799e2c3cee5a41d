"""Video tracks: opened, chosen, looked through and decoded, past whatever is damaged."""

import itertools
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from reid.capture.addresses import STREAM_SCHEMES, WEBCAM, for_ffmpeg, is_stream, scheme_of
from reid.core.errors import SourceError
from reid.core.memory_dumps import forbid_memory_dumps

_STREAM_TIMEOUT: Final = 10.0  # seconds
_MOST_BAD_READS: Final = 100  # one after the other, without a packet between them
_PLACES: Final = 5  # damaged places that are named
_LEAST_FPS, _MOST_FPS = 1 / 3600, 1000.0
_SAME_RATE: Final = 0.25  # the stated frame rate is believed if the stamps agree this well
_HIDDEN_PICTURES: Final = frozenset({"vp8"})  # codecs with packets that only help to decode others
_SECOND_MISSING: Final = 0.2  # a track is not called cut for less
_TRAILER_WITHIN: Final = 64  # bytes; some writers pad the end
_SHORT: Final = 0.95  # of the stated frames: fewer are said to be missing

_LISTS: Final = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"v=0")
"""How files begin that name others: HLS, concat, DASH, SDP."""

_LONGEST_BEGIN: Final = 64  # bytes
_REFER: Final = (
    "concat", "dash", "hls", "image2", "image2pipe", "imf", "lavfi", "rtp", "rtp_mpegts", "rtsp",
    "sap", "sdp", "webm_dash_manifest",
)  # fmt: skip
"""FFmpeg's formats that read other files or addresses than the one they are given."""

_OF_FILES: Final = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(sorted(av.formats_available - set(_REFER))),
}

# FFmpeg's own log prints addresses with passwords. Any level but None hands each line to Python: a
# decoder's thread then waits for the interpreter while that waits for the thread to end, and
# everything stands still, all other cameras included.
av.logging.set_level(None)


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """What a look through a track's packets says before a picture is decoded.

    Attributes:
        fps: frames a second; None if nothing says so.
        total: frames to expect; None if unknown.
        others: what to say of further video tracks; empty if there are none.
        cut: whether the file ends before it should, or is not understood to its end.
    """

    fps: float | None
    total: int | None
    others: str = ""
    cut: bool = False


@dataclass(slots=True)
class Damage:
    """What could not be read while decoding.

    Attributes:
        skipped: damaged parts that gave no picture; `places` are the frames they came after.
        marred: pictures that the decoder could only repair in part.
        ended: why reading ended before the end; empty if it did not.
    """

    skipped: int = 0
    marred: int = 0
    ended: str = ""
    places: list[int] = field(default_factory=list)

    def skip(self, index: int) -> None:
        """Note a part without a picture, after `index` frames."""
        self.skipped += 1
        if len(self.places) < _PLACES and index not in self.places:
            self.places.append(index)

    def lines(self, name: str, read: int, total: int | None) -> list[str]:
        """Say what is missing, one line each."""
        of = f" of {total}" if total and total >= read else ""
        said = []
        if self.ended:
            said.append(f"{name}: stopped at frame {read} ({self.ended})")
        if self.skipped:
            places = ", ".join(map(str, self.places))
            more = " and later" if self.skipped > len(self.places) else ""
            said.append(
                f"{name}: {_count(self.skipped, 'damaged part')} skipped, near frame {places}"
                f"{more}; {read}{of} frames could be read"
            )
        if self.marred:
            said.append(
                f"{name}: {_count(self.marred, 'frame')} damaged, and shown as far as it goes"
            )
        if not said and total and read < total * _SHORT:
            said.append(f"{name}: only {read} of {total} frames could be read (truncated?)")
        return said


def open_container(address: str, shown: str) -> InputContainer:
    """Open a file, a stream or a webcam.

    Args:
        shown: how to call it in a message; the address may hold a password.

    Raises:
        SourceError: it cannot be opened, or holds no video.
    """
    forbid_memory_dumps()
    options: dict[str, str] = {}
    fmt = timeout = None
    if not is_stream(address):
        _require_recording(Path(address), shown)
        options = dict(_OF_FILES)
        address = f"file:{address}"  # else what stands before a colon is taken for a protocol
    elif address.startswith(WEBCAM):
        address, fmt = f"/dev/video{address.removeprefix(WEBCAM) or 0}", "v4l2"
    elif scheme_of(address) not in STREAM_SCHEMES:
        known = ", ".join(sorted(STREAM_SCHEMES))
        raise SourceError(f"{shown} is no stream that can be read: one of {known}")
    else:
        timeout = _STREAM_TIMEOUT
        if scheme_of(address).startswith("rtsp"):
            options = {"rtsp_transport": "tcp"}
        address = for_ffmpeg(address)
    try:
        container = av.open(
            address, format=fmt, options=options, timeout=timeout, metadata_errors="replace"
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceError(f"{shown} cannot be opened as video ({reason(error)})") from None
    if not _readable(container):
        container.close()
        raise SourceError(f"{shown} holds no video")
    return container


def _require_recording(path: Path, shown: str) -> None:
    """Refuse what is no file, and what lists other files: both may go on for ever.

    Raises:
        SourceError: it is one of these.
    """
    if not path.is_file():
        raise SourceError(f"{shown} is no file: name a recording")
    try:
        with path.open("rb") as file:
            begin = file.read(_LONGEST_BEGIN).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as error:
        raise SourceError(f"{shown} cannot be read ({error.strerror})") from None
    if begin.startswith(_LISTS):
        raise SourceError(
            f"{shown} is a list of other files, which may never end: name the recordings themselves"
        )


def main_track(container: InputContainer) -> VideoStream:
    """Return the track that players show: the default one, else the largest; no cover picture."""
    return max(_readable(container), key=_rank)


def look_through(container: InputContainer, stream: VideoStream) -> TrackFacts:
    """Read a file's packets without decoding them."""
    stamps: list[int] = []
    shown = read = 0
    for packet in packets(container, stream, Damage()):
        if not packet.size:
            continue
        shown += not packet.is_discard
        read = max(read, (packet.pos or 0) + packet.size)
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is not None:
            stamps.append(stamp)
    base = float(stream.time_base) if stream.time_base else 0.0
    fps = _rate(stream, stamps, base)
    expected = max(shown, _stated(container, stream, fps, stamps, base))
    hidden = stream.codec_context.name in _HIDDEN_PICTURES  # packets that are never shown
    cut = container.format.name == "gif" and not _whole_gif(container, read)  # states no length
    return TrackFacts(fps, None if hidden else expected or None, _others(container, stream), cut)


def _whole_gif(container: InputContainer, read: int) -> bool:
    """Whether a GIF has its last byte, and was understood up to there."""
    with Path(container.name.removeprefix("file:")).open("rb") as file:
        file.seek(-min(_TRAILER_WITHIN, container.size), 2)
        return file.read().rstrip(b"\0").endswith(b";") and read >= container.size * _SHORT


def _stated(
    container: InputContainer,
    stream: VideoStream,
    fps: float | None,
    stamps: list[int],
    base: float,
) -> int:
    """Return how many frames the file's header promises; 0 if it does not say."""
    if "mov" in container.format.name and len(stream.index_entries):
        return sum(not entry.is_discard for entry in stream.index_entries)
    if stream.frames:
        return stream.frames
    lasts = _duration(container, stream)
    covered = (max(stamps) - min(stamps)) * base if stamps else 0.0
    cut_short = bool(fps) and covered + _SECOND_MISSING < lasts * _SHORT
    return round(lasts * (fps or 0)) if cut_short else 0


def _duration(container: InputContainer, stream: VideoStream) -> float:
    """Return how long the track says it lasts, in seconds; 0 if it does not say."""
    stated = stream.metadata.get("DURATION", "")
    try:
        hours, minutes, seconds = stated.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        alone = len(container.streams) == 1 and container.duration
        return container.duration / av.time_base if alone and container.duration else 0.0


def packets(
    container: InputContainer, stream: VideoStream, damage: Damage
) -> Iterator["Packet[VideoStream]"]:
    """Yield packets; after a damaged one reading goes on behind it. The last one is empty."""
    reading, failures = container.demux(stream), 0
    while True:
        try:
            packet = next(reading)
        except StopIteration:
            return
        except (av.error.FFmpegError, OSError, ValueError) as error:
            failures += 1
            if not isinstance(error, av.error.InvalidDataError) or failures > _MOST_BAD_READS:
                damage.ended = reason(error)
                return
            reading = container.demux(stream)
            continue
        failures = 0
        yield packet


def pictures(
    container: InputContainer, stream: VideoStream, damage: Damage
) -> Iterator[VideoFrame]:
    """Yield every picture that can be decoded; what cannot is noted in `damage`."""
    stream.thread_type = "SLICE"  # frame threads lose what is decoded beside a damaged packet
    index = 0
    flushed = False
    for packet in packets(container, stream, damage):
        flushed = not packet.size
        for frame in _decoded(stream, packet, damage, index):
            index += 1
            yield frame
    if not flushed:
        yield from _decoded(stream, None, damage, index)


def reason(error: BaseException) -> str:
    """Say what FFmpeg found, without its text: that repeats the address, password included."""
    name = type(error).__name__
    return {
        "InvalidDataError": "the data is damaged or not a video",
        "FileNotFoundError": "not found",
        "PermissionError": "permission denied",
        "ConnectionRefusedError": "connection refused",
        "TimeoutError": "timed out",
        "ExitError": "timed out",
        "HTTPUnauthorizedError": "user name or password refused",
    }.get(name, name)


def _decoded(
    stream: VideoStream, packet: "Packet[VideoStream] | None", damage: Damage, index: int
) -> list[VideoFrame]:
    try:
        frames = stream.decode(packet)
    except av.error.EOFError:
        return []
    except (av.error.FFmpegError, OSError, ValueError):
        damage.skip(index)
        return []
    damage.marred += sum(frame.is_corrupt for frame in frames)
    return frames


def _readable(container: InputContainer) -> list[VideoStream]:
    """Return the tracks for which there is a decoder; damage may leave a track without."""
    return [stream for stream in container.streams.video if stream.codec_context is not None]


def _rank(stream: VideoStream) -> tuple[bool, bool, int, int]:
    marks = stream.disposition
    cover = bool(marks & (av.stream.Disposition.attached_pic | av.stream.Disposition.still_image))
    default = bool(marks & av.stream.Disposition.default)
    return not cover, default, stream.width * stream.height, -stream.index


def _others(container: InputContainer, chosen: VideoStream) -> str:
    tracks = _readable(container)
    if len(tracks) < 2:
        return ""
    left = ", ".join(
        f"track {s.index + 1} ({s.width}×{s.height})" for s in tracks if s.index != chosen.index
    )
    return (
        f"holds {len(tracks)} video tracks: track {chosen.index + 1} "
        f"({chosen.width}×{chosen.height}) is read, not {left}"
    )


def _rate(stream: VideoStream, stamps: list[int], base: float) -> float | None:
    """Return frames a second: as stated, unless the stamps say otherwise or there are none."""
    steps = [b - a for a, b in itertools.pairwise(stamps) if b > a]
    usual = statistics.median(steps) * base if steps else 0.0
    stated = float(stream.average_rate or 0)
    if not usual:  # no container, no stamps: what the coded video says of itself comes first
        own = float(stream.codec_context.framerate or 0)
        rate = own or stated
    elif stated and abs(stated * usual - 1) <= _SAME_RATE:
        rate = stated
    else:
        rate = 1 / usual
    return rate if _LEAST_FPS <= rate <= _MOST_FPS else None


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
