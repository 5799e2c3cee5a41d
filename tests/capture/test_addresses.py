"""Addresses of cameras: nothing of a user, a password or a token is shown, stored or logged."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reid.capture.addresses import for_ffmpeg, host_of, is_stream, without_credentials
from reid.capture.sources import LiveSource, default_camera, open_source
from reid.core.errors import SourceError
from reid.embed import RegionEmbedder
from reid.pipeline import Indexer
from reid.store import Store
from tests.making import write_video
from tests.test_pipeline import Script, scene, standing

SECRET = "Hunter2"

FORMS = [
    "{s}://admin:Hunter2@{h}/live",
    "{s}://Hunter2@{h}/live",
    "{s}://:Hunter2@{h}/live",
    "{s}://admin:Hunter2/x@{h}/live",
    "{s}://admin:/Hunter2@{h}/live",
    "{s}://admin:Hunter2#x@{h}/live",
    "{s}://admin:#Hunter2@{h}/live",
    "{s}://admin:Hunter2?x@{h}/live",
    "{s}://admin:?Hunter2@{h}/live",
    "{s}://admin:[Hunter2@{h}/live",
    "{s}://admin:Hunter2]@{h}/live",
    "{s}://admin:a@Hunter2@{h}/live",
    "{s}://admin:a:Hunter2@{h}/live",
    "{s}://admin:Hunter2 x@{h}/live",
    "{s}://admin:%48unter2%2FHunter2@{h}/live",
    "{s}://admin:100%Hunter2@{h}/live",
    "{s}://{h}/user=admin&password=Hunter2&channel=1",
    "{s}://{h}/user=admin_password=Hunter2_channel=1_stream=0.sdp?real_stream",
    "{s}://{h}/live?user=admin&pwd=Hunter2",
    "{s}://{h}/live;password=Hunter2",
    "{s}://{h}/live#token=Hunter2",
    "{s}://{h}/Hunter2/live/admin",
    "{s}://admin:Hunter2@{h}/live?token=Hunter2&auth=Hunter2",
]
"""Ways in which a camera's password stands in its address."""

UNCERTAIN = [
    "rtsp://admin:a@Hunter2/x@10.0.0.4/live",
    "rtsp://admin:12/Hunter2@10.0.0.4/live",
    "rtsp://10.0.0.4/user=admin&password=a@Hunter2",
    "rtsp://10.0.0.4/user=admin&password=a@Hunter2@b",
    "rtsp://user=admin&password=Hunter2",
    "RTSP://admin:Hunter2@/live",
    "rtsp:/admin:Hunter2@10.0.0.4/live",
    "foo://admin:Hunter2@10.0.0.4/live",
    "rtsp://[Hunter2",
]
"""Addresses that are wrong, or of which it is not certain where the host begins."""


@pytest.mark.parametrize("form", FORMS)
def test_scheme_host_and_port_are_all_that_is_shown(form: str) -> None:
    address = form.format(s="rtsp", h="10.0.0.4:554")
    assert is_stream(address)
    assert without_credentials(address) == "rtsp://10.0.0.4:554"
    assert default_camera(address) == "10.0.0.4"


@pytest.mark.parametrize("address", UNCERTAIN)
def test_where_the_host_is_not_certain_nothing_is_shown(address: str) -> None:
    source = open_source(address)
    with pytest.raises(SourceError) as caught:
        next(source.frames())
    shown = [without_credentials(address), host_of(address), default_camera(address)]
    shown += [str(caught.value), repr(source), source.camera, repr(source.origin(0))]
    assert SECRET.lower() not in "".join(shown).lower()


def test_a_host_may_be_an_ipv6_address() -> None:
    assert without_credentials("rtsp://a:b@[fe80::1]:554/live") == "rtsp://[fe80::1]:554"
    assert host_of("rtsp://a:b@[fe80::1]:554/live") == "fe80::1"


def test_ffmpeg_is_told_where_the_password_ends() -> None:
    assert for_ffmpeg("rtsp://u:a/b#c?d[e@cam/x?y") == "rtsp://u:a%2Fb%23c%3Fd%5Be@cam/x?y"
    assert for_ffmpeg("rtsp://u:a%2Fb@cam/x") == "rtsp://u:a%2Fb@cam/x", "not twice"
    assert for_ffmpeg("rtsp://u:100%@cam/x") == "rtsp://u:100%25@cam/x"
    assert for_ffmpeg("rtsp://cam/x@y/user=a&password=b") == "rtsp://cam/x@y/user=a&password=b"


@pytest.mark.parametrize("name", ["gate:1.mp4", "rtsp:1.mp4", "12:30:00.mp4", "data:a,b.mp4"])
def test_a_colon_in_a_file_s_name_is_no_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_video(tmp_path / "a.mp4", scene(3)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for address in (name, str(tmp_path / name)):
        assert not is_stream(address)
        assert len(list(open_source(address).frames())) == 3


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a short film at every address of a host."""
    film = write_video(tmp_path_factory.mktemp("cam") / "film.mkv", scene(12)).read_bytes()

    class Camera(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(film)))
            self.end_headers()
            self.wfile.write(film)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_venue_holds_nothing_of_a_password(
    tmp_path: Path, camera: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    embedder = RegionEmbedder()
    store = Store.create(tmp_path / "venue", embedder.model_id, embedder.dim)
    indexer = Indexer(store, embedder, Script(standing))
    said = []
    for form in FORMS:
        source = open_source(form.format(s="http", h=camera), camera="gate")
        report = indexer.index(source)
        assert (report.frames, report.sightings) == (12, 1), form
        said += [repr(source), repr(report), *source.origin(0)]
    printed = capfd.readouterr()
    said += [printed.out, printed.err, caplog.text]
    assert SECRET not in "".join(said)
    files = [path for path in (tmp_path / "venue").rglob("*") if path.is_file()]
    assert files
    held = [path.name for path in files if SECRET.encode() in path.read_bytes()]
    assert held == []


@pytest.mark.parametrize("form", FORMS[::3])
@pytest.mark.parametrize("command", ["index", "redact"])
def test_the_command_line_prints_nothing_of_a_password(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    form: str,
    command: str,
) -> None:
    from tests.cli.test_main import run

    for module in ("reid.cli.commands", "reid.loading"):  # the first is bound to the second
        monkeypatch.setattr(f"{module}.load_tracker", lambda _: Script(standing))
    monkeypatch.setattr("reid.loading.load_embedder", lambda _: RegionEmbedder())
    address = form.format(s="rtsp", h="127.0.0.1:9")
    where = ["--venue", str(tmp_path / "v"), "--json"] if command == "index" else ["o.mp4"]
    status, printed, error = run(monkeypatch, capsys, command, address, *where)
    assert status in {1, 2}
    assert SECRET not in printed + error


def test_a_live_source_is_known_by_its_camera(camera: str) -> None:
    first = LiveSource(f"http://{camera}/a", "gate")
    assert "address" not in repr(first)
    assert np.unique([first.key, LiveSource(f"http://{camera}/a", "shop").key]).size == 2
