"""Which embedder a venue is indexed with: the shipped one, or its own weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid import loading
from reid.core.errors import ModelError
from reid.embed import Features, Light
from reid.loading import IndexOptions, VenueEmbedder, described_again, options_for
from reid.store import Store
from reid.weights.adapted import adapted_id, base_of, forget_others, is_adapted
from reid.weights.registry import evidence_of, shipped, temperature_of
from tests.making import redacted_noise
from tests.store.made import DIM, sightings

OWN = "m-1+0123abcd"


class Named:
    """An embedder that is called what its folder is, and says which it was by the vector."""

    dim = DIM

    def __init__(self, options: IndexOptions) -> None:
        self.model_id = Path(options.embedder).name if options.embedder else "m-1"

    def describe(self, crops, light) -> Features:
        features = Features.unestimated(len(crops), DIM)
        features.vectors[:, len(self.model_id) % DIM] = 1
        return features


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(loading, "load_embedder", Named)
    Store.create(tmp_path / "venue", "m-1", DIM).add(sightings(["a", "b"]))
    return tmp_path / "venue"


def adapt(venue: Path) -> None:
    (venue / "adapted" / OWN).mkdir(parents=True, exist_ok=True)
    Store.open(venue).reembed(OWN, lambda some: np.eye(DIM, dtype=np.float32)[: len(some)])


def test_a_venue_s_own_weights_are_used_for_it_unless_others_are_named(venue: Path) -> None:
    assert options_for(venue / "none").embedder is None
    assert options_for(venue).embedder is None
    adapt(venue)
    assert options_for(venue).embedder == str(venue / "adapted" / OWN)
    named = IndexOptions(embedder="regions", every=3)
    assert options_for(venue, named) == named


def test_weights_that_are_gone_are_told_of(venue: Path) -> None:
    adapt(venue)
    (venue / "adapted" / OWN).rmdir()
    with pytest.raises(ModelError, match="reid adapt --back"):
        options_for(venue)


def test_a_camera_goes_on_with_the_new_weights(venue: Path) -> None:
    embedder = VenueEmbedder(venue)
    crops = [redacted_noise(1)]
    embedder.describe(crops, Light.neutral())
    assert embedder.model_id == "m-1"
    adapt(venue)
    assert embedder.model_id == "m-1", "of what was described last"
    vectors = embedder.describe(crops, Light.neutral()).vectors
    assert (embedder.model_id, int(vectors.argmax())) == (OWN, len(OWN) % DIM)


def test_what_was_described_before_is_described_again_from_all_its_pictures(venue: Path) -> None:
    before = sightings(["c", "d"])
    viewed = replace(before, views=((redacted_noise(7),), ()))
    adapt(venue)
    after = described_again(venue, IndexOptions(), viewed)
    assert (after.model_id, after.keys) == (OWN, before.keys)
    assert (after.vectors.argmax(axis=1) == len(OWN) % DIM).all()
    Store.open(venue).add(after)
    assert Store.open(venue).count() == 4


def test_own_weights_say_the_same_of_clothes_as_those_they_began_from() -> None:
    (embedder,) = (model for model in shipped() if model.kind == "embedder")
    own = adapted_id(embedder.model_id, "0123456789")
    assert (own, is_adapted(own), base_of(own)) == (
        f"{embedder.model_id}+01234567", True, embedder.model_id,
    )  # fmt: skip
    assert temperature_of(own) == embedder.temperature != 1
    assert evidence_of(own) == embedder.evidence
    assert evidence_of(own)


def test_only_the_weights_in_use_stay(tmp_path: Path) -> None:
    forget_others(tmp_path, OWN)
    for name in (OWN, "m-1+other"):
        (tmp_path / "adapted" / name).mkdir(parents=True)
    (tmp_path / "adapted" / "run.pt").touch()
    forget_others(tmp_path, OWN)
    assert [place.name for place in (tmp_path / "adapted").iterdir()] == [OWN]
