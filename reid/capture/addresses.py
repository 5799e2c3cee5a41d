"""Addresses of streams: what is one, and how much of it may be shown.

A camera's password can stand anywhere in its address: before the host, in the path
(``/user=admin&password=…``), in the query, with characters that belong elsewhere. What is shown is
scheme, host and port; where it is not certain which part is the host, the scheme alone.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

STREAM_SCHEMES: Final = frozenset(
    {
        "rtsp", "rtsps", "rtmp", "rtmps", "rtp", "http", "https", "udp", "tcp", "srt",
    }
)  # fmt: skip
WEBCAM: Final = "webcam:"

_ADDRESS: Final = re.compile(r"([a-z][a-z0-9+.-]+):/{1,2}(.*)", re.IGNORECASE | re.DOTALL)
_WEBCAM: Final = re.compile(r"webcam:\d*")
_HOST: Final = re.compile(r"(\[[0-9a-f:.%]+\]|[^\s:/?#@\[\]&=]+)(:\d{1,5})?", re.IGNORECASE)
_REST: Final = re.compile(r"[/?#]")
_HIDDEN: Final = "…"


def is_stream(address: str) -> bool:
    """Whether an address names a stream or a webcam, and no file.

    Whatever looks like an address is one, also of a scheme that cannot be read: taken for a file
    it would be printed in full. A file that exists is a file, whatever its name.
    """
    if _WEBCAM.fullmatch(address):
        return True
    return _ADDRESS.match(address) is not None and not _exists(address)


def scheme_of(address: str) -> str:
    """Return the scheme in lower case; empty where there is none."""
    found = _ADDRESS.match(address)
    return found.group(1).lower() if found else ""


def without_credentials(address: str) -> str:
    """Return scheme, host and port: no user, password, path, query or fragment."""
    found = _ADDRESS.match(address)
    if found is None:
        return address
    return f"{found.group(1).lower()}://{_host_and_port(found.group(2)) or _HIDDEN}"


def host_of(address: str) -> str:
    """Return the host without its port; empty where it is not certain."""
    found = _ADDRESS.match(address)
    host = _HOST.fullmatch(_host_and_port(found.group(2))) if found else None
    return host.group(1).strip("[]").lower() if host else ""


def for_ffmpeg(address: str) -> str:
    """Return the address with what FFmpeg would misread in user and password percent-encoded."""
    found = _ADDRESS.match(address)
    if found is None:
        return address
    scheme, rest = found.group(1).lower(), found.group(2)
    split = _end_of_credentials(rest)
    if not split:
        return f"{scheme}://{rest}"
    user, colon, password = rest[: split - 1].partition(":")
    return f"{scheme}://{_encoded(user)}{colon}{_encoded(password)}@{rest[split:]}"


def _host_and_port(rest: str) -> str:
    split = _end_of_credentials(rest)
    if split is None:
        return ""
    authority = _REST.split(rest[split:], maxsplit=1)[0]
    return authority if _HOST.fullmatch(authority) else ""


def _end_of_credentials(rest: str) -> int | None:
    """Return where the host begins behind user and password; None where it is not certain.

    An ``@`` behind the first ``/``, ``?`` or ``#`` ends a password that holds one of these, or
    belongs to the path. It ends a password if what stands before is no host with a port.
    """
    at = rest.rfind("@") + 1
    if not at:
        return 0
    first = _REST.search(rest)
    end = first.start() if first else len(rest)
    if at <= end:
        return at
    authority = rest[:end]
    in_front = authority.rfind("@") + 1
    if ":" in authority and not in_front and not _HOST.fullmatch(authority):
        return at
    # user:pa/ss@host, user:p@ss/word@host, host/path?mail=a@b: only the last is certain, if at all
    return None


def _encoded(text: str) -> str:
    """Percent-encode, and leave alone what is encoded already."""
    whole = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(whole, safe="%!$&'()*+,;=-._~")


def _exists(address: str) -> bool:
    try:
        return Path(address).exists()
    except (OSError, ValueError):
        return False
