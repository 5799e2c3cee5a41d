"""SHA-256 of the files that models are made of: what is not the same is not loaded.

A shipped model's card (``model.toml``) holds the hashes of its other files, and is pinned here: it
says from which confidence on heads are redacted. Whoever packs a model anew writes the new hash
here (``sha256sum models/*/model.toml``).
"""

import hashlib
from pathlib import Path
from typing import Final

from reid.core.errors import ModelError

CARDS: Final = {
    "appearance": "cdf8d47eeb5ee2ce3c13a7f37fc91a287c4450324143e8e3bb42d1ae23dbf64c",
    "person-head": "e2513ba1c513fcd9c96ec0c2aef4d35acbbd282de5d3e9760c18b65b42240e4a",
}
"""Shipped model → its card."""

PULLED: Final = {
    "yolo11n": "0ebbc80d4a7680d14987a577cd21342b65ecfd94632bd9a8da63ae6417644ee1",
    "yolo11s": "85a76fe86dd8afe384648546b56a7a78580c7cb7b404fc595f97969322d502d5",
    "yolo11m": "d5ffc1a674953a08e11a8d21e022781b1b23a19b730afc309290bd9fb5305b95",
    "yolov8n-pose": "c6fa93dd1ee4a2c18c900a45c1d864a1c6f7aba75d84f91648a30b7fb641d212",
    "yolo11n-pose": "869e83fcdffdc7371fa4e34cd8e51c838cc729571d1635e5141e3075e9319dc0",
}
"""Public weights → the file as published: ultralytics/assets, release v8.3.0."""


def sha256_of(path: Path) -> str:
    """Return the hash of a file.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise ModelError(f"{path} is missing: install the package again") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{str(path)[:200]} cannot be read ({type(error).__name__})") from None


def check_card(name: str, card: Path) -> None:
    """Compare a shipped model's card with its pin.

    Raises:
        ModelError: it is another one.
    """
    if sha256_of(card) != CARDS.get(name):
        raise ModelError(f"{card} is not the file that was shipped: install the package again")


def check_pulled(name: str, path: Path) -> None:
    """Compare public weights with those that were published.

    Raises:
        ModelError: they are others.
    """
    if sha256_of(path) != PULLED.get(name):
        raise ModelError(
            f"{path} is not {name} as it was published: delete it and run `reid models pull {name}`"
        )
