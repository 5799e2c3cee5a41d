"""Devices that have signed in before: what their cookie says, signed by the venue.

It opens nothing. It only tells somebody who was here before from a stranger who guesses passwords,
so that the stranger's guesses lock nobody out.
"""

import hmac
import secrets
from hashlib import sha256
from typing import Final

_MOST: Final = 8  # users of one device that are remembered
_BETWEEN: Final = "~"
_LONGEST: Final = 4000


class Devices:
    """Signs and checks what a device carries.

    Args:
        key: of the venue, for this alone.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def remember(self, carried: str, user: str, password: str) -> str:
        """Return what the device carries from now on: that this user has signed in on it.

        Args:
            carried: what it carried until now.
            password: the user's hashed one: another password makes the device a stranger.
        """
        number = secrets.token_urlsafe(12)
        others = [one for one in _entries(carried) if self._number(one, user, password) is None]
        entry = f"{number}.{self._sign(number, user, password)}"
        return _BETWEEN.join([entry, *others][:_MOST])

    def known(self, carried: str, user: str, password: str) -> str | None:
        """Return the device's number if this user has signed in on it, else None."""
        found = (self._number(entry, user, password) for entry in _entries(carried))
        return next((number for number in found if number is not None), None)

    def _number(self, entry: str, user: str, password: str) -> str | None:
        number, _, signature = entry.partition(".")
        signed = self._sign(number, user, password)
        return number if hmac.compare_digest(signed.encode(), signature.encode()) else None

    def _sign(self, number: str, user: str, password: str) -> str:
        return hmac.new(self._key, f"{number} {user} {password}".encode(), sha256).hexdigest()


def _entries(carried: str) -> list[str]:
    return carried[:_LONGEST].split(_BETWEEN)[:_MOST] if carried.isascii() else []
