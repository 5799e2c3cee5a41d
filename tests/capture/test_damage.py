"""Damaged recordings: none reads shorter than FFmpeg's own decoding, and what is lost is said."""

import random
from pathlib import Path

import av
import numpy as np
import pytest

from reid.capture.sources import open_source
from reid.core.errors import SourceError
from tests.making import write_video

SEEDS = 12


def noise(frames: int):
    random_pixels = np.random.default_rng(0)
    for _ in range(frames):
        yield random_pixels.integers(0, 256, (96, 128, 3), np.uint8)


def mutated(whole: bytes, seed: int) -> bytes:
    """Damage bytes at random, in the middle or at the end, or leave some out."""
    chance = random.Random(seed)
    content = bytearray(whole)
    for _ in range(chance.choice([1, 4, 16])):
        at = chance.randrange(len(content) // 10, len(content))
        length = chance.choice([1, 20, 300])
        if chance.random() < 0.2:
            del content[at : at + length]
        else:
            content[at : at + length] = chance.randbytes(min(length, len(content) - at))
    if chance.random() < 0.2:
        del content[chance.randrange(len(content) // 2, len(content)) :]
    return bytes(content)


def by_ffmpeg(path: Path) -> int | None:
    """Return how many frames FFmpeg decodes; None if it cannot open the file."""
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            count = 0
            for packet in container.demux(container.streams.best("video")):
                try:
                    count += len(packet.decode())
                except av.error.FFmpegError:
                    continue
            return count
    except (av.error.FFmpegError, AttributeError):
        return None


def by_us(path: Path) -> tuple[int, list[str]]:
    count = 0
    try:
        source = open_source(str(path))
        for frame in source.frames():
            assert frame.width > 0
            count += 1
    except SourceError as error:
        return count, [str(error)]
    return count, source.problems


def check(whole: bytes, path: Path, seeds: range) -> int:
    """Compare both readings of each mutation; returns how many were shorter than the original."""
    path.write_bytes(whole)
    original = by_ffmpeg(path)
    assert by_us(path) == (original, [])
    short = 0
    for seed in seeds:
        path.write_bytes(mutated(whole, seed))
        expected = by_ffmpeg(path)
        read, problems = by_us(path)
        assert read >= (expected or 0), f"seed {seed}: {read} of {expected} frames"
        states_its_length = path.suffix not in {".gif", ".ts"}
        if read < original * 0.9 and states_its_length:
            assert problems, f"seed {seed}: {read} of {original} frames, and not a word"
            short += 1
    return short


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts", ".avi", ".gif", ".mov"])
def test_mutated_films_are_read_as_far_as_ffmpeg_reads(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"film{ending}"
    whole = write_video(path, noise(40)).read_bytes()
    check(whole, path, range(SEEDS))


@pytest.mark.parametrize(
    ("folder", "pattern"), [("video", "one-by-one*.mp4"), ("video", "*.gif"), ("faults", "*.*")]
)
def test_mutated_clips_are_read_as_far_as_ffmpeg_reads(
    data: Path, tmp_path: Path, folder: str, pattern: str
) -> None:
    suffixes = {".mp4", ".gif", ".ts", ".avi", ".mkv"}
    clips = [path for path in (data / folder).glob(pattern) if path.suffix in suffixes]
    if not clips:
        pytest.skip("no clips")
    for clip in clips:
        whole = clip.read_bytes()
        seeds = range(3) if len(whole) < 1 << 20 else range(2)
        path = tmp_path / f"copy{clip.suffix}"
        for seed in seeds:
            path.write_bytes(mutated(whole, seed))
            expected = by_ffmpeg(path)
            read, problems = by_us(path)
            assert read >= (expected or 0), f"{clip.name}, seed {seed}: {read} of {expected}"
            assert read or problems


def test_one_bad_packet_costs_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuvj420p"
        for number, pixels in enumerate(noise(30)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuvj420p")
            frame.pts = number
            for packet in stream.encode(frame):
                if number == 12:
                    broken = av.Packet(b"\x00" * 40)
                    broken.stream, broken.time_base = packet.stream, packet.time_base
                    broken.pts, broken.dts = packet.pts, packet.dts
                    out.mux(broken)
                else:
                    out.mux(packet)
    source = open_source(str(path))
    assert len(list(source.frames())) == 29
    assert "1 damaged part skipped" in source.problems[0]
    assert "29 of 30" in source.problems[0]


def test_a_name_in_another_encoding_does_not_close_a_film(tmp_path: Path) -> None:
    film = write_video(tmp_path / "film.mkv", noise(5), metadata={"title": "Caf_ ABCD"})
    content = film.read_bytes().replace(b"Caf_ ABCD", b"Caf\xe9 ABCD")
    assert b"Caf\xe9" in content
    film.write_bytes(content)
    assert by_us(film) == (5, [])
