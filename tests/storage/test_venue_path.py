"""A bucket has as much of a path's manners as a venue needs."""

from pathlib import Path

import pytest

from reid.core.errors import StoreError, UsageError
from reid.storage.venue_path import Bucket, Folder, folder_at
from tests.proxy import Proxy
from tests.servers import S3, needs_postgresql, needs_s3


def test_what_looks_like_s3_is_a_bucket_and_the_rest_a_folder() -> None:
    assert folder_at("s3://bucket/park/") == Bucket("s3://bucket/park")
    assert folder_at("venues/park") == Path("venues/park")
    with pytest.raises(UsageError, match="s3://bucket/venue"):
        folder_at("s3:bucket/park")


@needs_s3
@needs_postgresql
class TestManners:
    @pytest.fixture(params=["disk", "s3"])
    def folder(self, request: pytest.FixtureRequest, tmp_path: Path, bucket: Bucket) -> Folder:
        return tmp_path if request.param == "disk" else bucket

    def test_files_come_and_go(self, folder: Folder) -> None:
        path = folder / "venue.toml"
        assert path.name == "venue.toml"
        assert not path.exists()
        path.write_text("name = 'Grüße'", encoding="utf-8")
        assert path.is_file()
        assert path.read_text(encoding="utf-8") == "name = 'Grüße'"
        assert path.read_bytes() == "name = 'Grüße'".encode()
        path.write_text("shorter", encoding="utf-8")
        assert path.read_text() == "shorter"
        path.unlink()
        assert not path.exists()
        path.unlink(missing_ok=True)

    def test_what_is_not_there(self, folder: Folder) -> None:
        with pytest.raises(FileNotFoundError):
            (folder / "nothing").read_text()

    def test_a_folder_is_what_holds_something(self, folder: Folder) -> None:
        below = folder / "table.lance"
        assert not below.is_dir()
        below.mkdir(parents=True, exist_ok=True)
        (below / "part").touch()
        assert below.is_dir()
        assert not below.is_file()
        assert below.exists()


@needs_s3
@needs_postgresql
def test_a_bucket_that_is_none_is_one_line(bucket: Bucket, storage: S3) -> None:
    with pytest.raises(StoreError, match="there is no such bucket") as caught:
        Bucket("s3://nobodys-bucket/park/venue.toml").write_text("x")
    assert "\n" not in str(caught.value)


@needs_s3
@needs_postgresql
def test_uploads_say_their_length(
    storage: S3, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ceph's gateway, among others, refuses those that do not."""
    proxy = Proxy(storage.port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.port}")
    try:
        (bucket / "venue.toml").write_text("name = 'Park'")
    finally:
        proxy.close()
    asked = bytes(proxy.asked).lower()
    assert b"put " in asked
    assert b"aws-chunked" not in asked
    assert b"transfer-encoding" not in asked
