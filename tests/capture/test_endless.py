"""What never ends is refused at once: lists of other files, pipes, headers promising billions."""

import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid.anonymise import CopyOptions, redact_path
from reid.capture.sources import open_source
from reid.core.errors import SourceError
from tests.making import write_video

HLS = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\n{0}\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" '
    'minimumUpdatePeriod="PT1S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1">'
    "<BaseURL>{0}</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
SDP = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n"
)
LISTS = {
    "never ending": (HLS, ".m3u8"),
    "of itself": (HLS.replace("{0}", "{1}"), ".m3u8"),
    "after a mark": ("\ufeff\n" + HLS, ".m3u8"),
    "under another name": (HLS, ".mp4"),
    "an address": (HLS.replace("{0}", "http://127.0.0.1:9/x.ts"), ".m3u8"),
    "concat": ("ffconcat version 1.0\n" + "file {0}\n" * 3, ".ffconcat"),
    "concat of itself": ("ffconcat version 1.0\nfile {1}\n", ".ffconcat"),
    "dash": (DASH, ".mpd"),
    "sdp": (SDP, ".sdp"),
}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    frames = [np.full((64, 64, 3), 10 * i, np.uint8) for i in range(10)]
    return write_video(tmp_path / "a.ts", frames)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_other_files_is_refused_at_once(clip: Path, kind: str) -> None:
    text, suffix = LISTS[kind]
    path = clip.with_name(f"list{suffix}")
    path.write_text(text.format(clip.name, path.name), encoding="utf-8")
    began = time.monotonic()
    with pytest.raises(SourceError, match="list of other files"):
        redact_path(path, clip.with_name("out.mp4"), None, CopyOptions())  # type: ignore[arg-type]
    assert time.monotonic() - began < 5


@pytest.mark.timeout(60)
def test_ffmpeg_itself_follows_no_list(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.capture.video._LISTS", (b"-",))
    for kind, (text, suffix) in LISTS.items():
        path = clip.with_name(f"list{suffix}")
        path.write_text(text.format(clip.name, path.name), encoding="utf-8")
        with pytest.raises(SourceError, match="cannot be opened as video"):
            open_source(str(path))
        assert kind


@pytest.mark.timeout(60)
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")],
                         ids=["pipe", "device"])  # fmt: skip
@pytest.mark.parametrize("name", ["a.mp4", "a.png"])
def test_what_is_no_file_is_refused(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(SourceError, match="is no file"):
        open_source(str(tmp_path / name))
    with pytest.raises(SourceError, match="no images"):
        open_source(str(tmp_path))


@pytest.mark.timeout(60)
def test_an_animation_that_promises_billions_of_frames_is_read_as_far_as_it_goes(
    tmp_path: Path,
) -> None:
    pages = [Image.new("RGB", (16, 16), (i, 0, 0)) for i in range(3)]
    pages[0].save(tmp_path / "a.png", save_all=True, append_images=pages[1:])
    data = bytearray((tmp_path / "a.png").read_bytes())
    at = data.index(b"acTL")
    data[at + 4 : at + 8] = struct.pack(">I", 2**31 - 1)
    data[at + 12 : at + 16] = struct.pack(">I", zlib.crc32(bytes(data[at : at + 12])))
    (tmp_path / "a.png").write_bytes(data)
    source = open_source(str(tmp_path / "a.png"))
    assert sum(1 for _ in source.frames()) == 3
    assert source.problems
