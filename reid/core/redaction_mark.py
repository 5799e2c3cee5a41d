"""The mark in an encoded image that says: redacted by this program, under this policy."""

from typing import Final

_MARK: Final = b"reid redacted "


def marked(data: bytes) -> bytes:
    """Return encoded bytes as they are, if they carry the mark of redaction.

    Raises:
        ValueError: they do not.
    """
    if redaction_mark(data) is None:
        raise ValueError("these bytes are not a redacted image of this program")
    return data


def redaction_mark(data: bytes) -> str | None:
    """Return the policy that encoded bytes say they were redacted under, or None."""
    if data[:4] != b"\xff\xd8\xff\xfe" or data[6 : 6 + len(_MARK)] != _MARK:
        return None
    end = 4 + int.from_bytes(data[4:6], "big")
    return data[6 + len(_MARK) : end].decode("ascii", "replace")


def with_mark(jpeg: bytes, policy: str) -> bytes:
    """Return a JPEG with the mark of redaction as its only comment."""
    comment = _MARK + policy.encode("ascii", "replace")
    length = (len(comment) + 2).to_bytes(2, "big")
    return jpeg[:2] + b"\xff\xfe" + length + comment + jpeg[2:]
