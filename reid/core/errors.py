"""The failures a user can meet; each message is one line that says what to do."""

import math


class ReidError(Exception):
    """Anything that went wrong and has a remedy; the command line prints it and exits with 1."""


class UsageError(ReidError):
    """The request itself is off (an unknown slot, a bad time); the command line exits with 2."""


class SourceError(ReidError):
    """A video, image or stream that cannot be read."""


class ModelError(ReidError):
    """Weights that are missing, damaged or of the wrong kind."""


class StoreError(ReidError):
    """A venue that cannot be opened or written."""


class SpaceMismatch(StoreError):
    """Vectors of one model offered to a store that holds vectors of another."""


class PolicyError(ReidError):
    """Something that the venue's rules do not allow, or rules that cannot be used."""


class AccessError(ReidError):
    """A person who may not do this: wrong password, locked out, another role."""


class TooManyAttempts(AccessError):
    """Somebody who has to wait before the next attempt; `seconds` says how long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"too many wrong passwords: try again in {waiting_time(seconds)}")


def waiting_time(seconds: float) -> str:
    """Say how long to wait: in seconds up to a minute and a half, then in minutes."""
    whole, unit = rounded_wait(seconds)
    return f"{whole} {unit}"


def rounded_wait(seconds: float) -> tuple[int, str]:
    """Return a time to wait as a whole number, never too small, and its unit."""
    if seconds <= 90:
        return max(2, math.ceil(seconds)), "seconds"
    return math.ceil(seconds / 60), "minutes"


class CaseError(ReidError):
    """A case that does not exist, is closed, or was not named."""


class DatabaseError(CaseError):
    """A desk's database that cannot be used; the message names where it lies."""


class AuditError(ReidError):
    """An audit trail that was changed, or that cannot be written."""


class TargetError(ReidError):
    """A copy that cannot be written: no right to, or no room."""
