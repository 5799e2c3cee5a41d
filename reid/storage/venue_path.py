"""Where a venue lies: a folder on this machine, or an address on S3-compatible storage.

Credentials come from the environment variables that every S3 client knows (``AWS_ACCESS_KEY_ID``,
``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``, ``AWS_REGION``, ``AWS_ENDPOINT_URL``); they are
never part of an address, and no message repeats what the storage answered.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol, Self
from urllib.parse import urlsplit

from reid.core.errors import StoreError, UsageError

SCHEME: Final = "s3://"

_ADDRESS: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)+")
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_NO_REGION: Final = "us-east-1"  # what S3-compatible servers take where they have no regions
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ANSWER_WITHIN: Final = 20  # seconds, a request
_CONNECT_WITHIN: Final = 5  # seconds
_FAULTS: Final = (
    (r"INVALID_?ACCESS_?KEY|SIGNATURE_?DOES|ACCESS_?DENIED|FORBIDDEN|\b40[13]\b|CREDENTIAL",
     "access denied: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    (r"NO_?SUCH_?BUCKET|BUCKET.{0,20}NOT.{0,20}(FOUND|EXIST)", "there is no such bucket"),
    (r"NETWORK|CONNECT|TIMED? ?OUT|TIMEOUT|RESOLVE|RESET|DECODING RESPONSE|CURL|SENDING REQUEST|"
     r"\b50[0-9]\b",
     "the storage does not answer: is AWS_ENDPOINT_URL right, and is it up?"),
)  # fmt: skip


class Folder(Protocol):
    """A venue's folder: any `pathlib.Path`, or a `Bucket`."""

    def __truediv__(self, name: str, /) -> "Folder": ...
    @property
    def name(self) -> str: ...
    def exists(self) -> bool: ...
    def is_file(self) -> bool: ...
    def is_dir(self) -> bool: ...
    def read_bytes(self) -> bytes: ...
    def read_text(self, encoding: str | None = None) -> str: ...
    def write_text(self, data: str, encoding: str | None = None) -> int: ...
    def write_bytes(self, data: bytes, /) -> int: ...
    def touch(self, mode: int = 0o666) -> None: ...
    def unlink(self, missing_ok: bool = False) -> None: ...
    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None: ...


@dataclass(frozen=True, slots=True)
class Bucket:
    """A folder or file on S3-compatible storage, with as much of a path's manners as venues need.

    Args:
        url: ``s3://BUCKET/FOLDER``, of letters, digits, dots, dashes.

    Raises:
        UsageError: another shape; a password in an address is never repeated.
    """

    url: str

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.url) or ".." in self.url:
            raise UsageError(
                "this is no address of a venue: write it like s3://bucket/venue, and give "
                "credentials as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
            )

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> Self:
        return type(self)(f"{self.url}/{name}")

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.url.rpartition("/")[2]

    def exists(self) -> bool:
        """Whether there is such an object, or objects below it."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Whether there is such an object."""
        return self._kind() == "File"

    def is_dir(self) -> bool:
        """Whether there are objects below this address."""
        return self._kind() == "Directory"

    def read_bytes(self) -> bytes:
        """Return an object's content; FileNotFoundError where there is none."""
        with _explained(self), _files().open_input_file(self._key) as file:
            return bytes(file.read())

    def read_text(self, encoding: str | None = None) -> str:
        """Return an object's content as text."""
        return self.read_bytes().decode(encoding or "utf-8")

    def write_text(self, data: str, encoding: str | None = None) -> int:
        """Replace an object, whole or not at all."""
        return self.write_bytes(data.encode(encoding or "utf-8"))

    def write_bytes(self, data: bytes) -> int:
        """Replace an object, whole or not at all."""
        with _explained(self), _files().open_output_stream(self._key) as file:
            file.write(data)
        return len(data)

    def touch(self, mode: int = 0o666) -> None:
        """Make an empty object; whose it is, the bucket's policy says."""
        self.write_text("")

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove an object."""
        if missing_ok and not self.is_file():
            return
        with _explained(self):
            _files().delete_file(self._key)

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: folders on S3 come with what is in them."""

    @property
    def _key(self) -> str:
        return self.url.removeprefix(SCHEME)

    def _kind(self) -> str:
        with _explained(self):
            return str(_files().get_file_info(self._key).type.name)


def folder_at(text: str) -> Folder:
    """Read a venue's address as given to a command.

    Raises:
        UsageError: looks like S3, but is no address of a venue.
    """
    return Bucket(text.rstrip("/")) if text.lower().startswith("s3:") else Path(text)


def storage_options() -> dict[str, str]:
    """Return what Lance needs to know of the storage besides the credentials, which it reads.

    Raises:
        StoreError: the endpoint would send personal data in the clear over a network.
    """
    options = {
        "aws_region": _region(),
        "timeout": f"{_ANSWER_WITHIN}s",
        "connect_timeout": f"{_CONNECT_WITHIN}s",
        "client_max_retries": "3",
        "client_retry_timeout": str(_ANSWER_WITHIN),
    }
    endpoint = _endpoint()
    if endpoint:
        options["aws_endpoint"] = endpoint
        options["allow_http"] = str(_plain(endpoint)).lower()
    return options


def storage_fault(error: BaseException) -> str:
    """Say what is wrong with the storage without its text: that may repeat an access key."""
    text = str(error)
    return next(
        (said for pattern, said in _FAULTS if re.search(pattern, text, re.IGNORECASE)),
        type(error).__name__,
    )


def _endpoint() -> str | None:
    return next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), None)


def _region() -> str:
    return next((os.environ[name] for name in _REGIONS if os.environ.get(name)), _NO_REGION)


def _plain(endpoint: str) -> bool:
    """Whether an endpoint speaks without TLS; only this machine may, or who asks for it."""
    if urlsplit(endpoint).scheme != "http":
        return False
    allowed = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true", "yes"}
    if urlsplit(endpoint).hostname in _LOOPBACK or allowed:
        return True
    raise StoreError(
        "AWS_ENDPOINT_URL speaks no TLS, so pictures of people would cross the network in the "
        "clear: use https://, or set AWS_ALLOW_HTTP=true where the network is protected otherwise"
    )


def _files() -> Any:
    endpoint = _endpoint()
    if endpoint:
        _plain(endpoint)
    keys = tuple(os.environ.get(f"AWS_{name}") for name in (
        "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"
    ))  # fmt: skip
    return _connect(endpoint, _region(), *keys)


@lru_cache(maxsize=4)
def _connect(
    endpoint: str | None, region: str, key: str | None, secret: str | None, token: str | None
) -> Any:
    # Many S3-compatible servers (Ceph's among them) refuse uploads with the checksums that the SDK
    # otherwise appends, since their length is then unknown; TLS keeps bytes whole on the way.
    os.environ.setdefault("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
    from pyarrow import fs

    return fs.S3FileSystem(
        access_key=key,
        secret_key=secret,
        session_token=token,
        endpoint_override=endpoint,
        region=region,
        connect_timeout=_CONNECT_WITHIN,
        request_timeout=_ANSWER_WITHIN,
    )


@contextmanager
def _explained(place: Bucket) -> Iterator[None]:
    """Turn the storage's failures into one line that repeats nothing it said."""
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError(f"{place} does not exist") from None
    except OSError as error:
        raise StoreError(f"{place}: {storage_fault(error)}") from None


def waited(where: object, timeout: float) -> str:
    """Say that a lock was waited for in vain; `timeout` is in seconds."""
    return (
        f"{where} is being written by another process for over {timeout:.0f} s: try again when "
        f"it is done"
    )
