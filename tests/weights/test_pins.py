"""Weights are the files that they should be, and are loaded as data: nothing in them runs."""

import ast
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest
import torch

from reid.core.errors import ModelError
from reid.detect import yolo
from reid.detect.thresholds import REDACTION_SCORE, read_thresholds
from reid.detect.yolo import YoloDetector
from reid.loading import load_detector
from reid.weights import registry
from reid.weights.pins import CARDS, PULLED, sha256_of

PACKAGE = Path(__file__).parents[2] / "reid"


def test_every_shipped_card_and_every_public_file_is_pinned() -> None:
    found = {model.name: sha256_of(model.folder / registry.CARD) for model in registry.shipped()}
    assert found == CARDS, "write the new hashes to reid/weights/pins.py"
    assert PULLED.keys() == registry.PULLABLE.keys()
    assert all(len(sha) == 64 for sha in PULLED.values())
    for model in registry.shipped():
        model.verify()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped models that is taken for them."""
    shutil.copytree(registry.models_folder(), tmp_path / "models")
    monkeypatch.setattr(registry, "models_folder", lambda: tmp_path / "models")
    monkeypatch.setattr(registry, "pulled_folder", lambda: tmp_path / "cache")
    return tmp_path / "models"


@pytest.mark.parametrize("file", ["model.toml", "person-head.pt",
                                  "person-head_int8_openvino_model/person-head.bin"])  # fmt: skip
def test_a_shipped_file_that_was_changed_is_refused(models: Path, file: str) -> None:
    changed = models / "person-head" / file
    registry.find_detector(None)
    if file == "model.toml":
        changed.write_text(changed.read_text().replace("heads = 0.07", "heads = 0.99"))
    else:
        changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    for find in (registry.find_detector, registry.find_head_detector):
        with pytest.raises(ModelError, match="not the file that was shipped"):
            find(None)


def test_a_model_that_was_put_beside_the_shipped_ones_is_refused(models: Path) -> None:
    shutil.copytree(models / "person-head", models / "a-detector")
    with pytest.raises(ModelError, match="not the file that was shipped"):
        registry.find_detector(None)


class Runs:
    """Leaves a file behind when it is unpickled the usual way."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self):
        return exec, (f"open({str(self._mark)!r}, 'w').close()",)


def forged(kind: str, path: Path, mark: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "plain pickle":
        path.write_bytes(pickle.dumps({"model": Runs(mark)}))
    elif kind == "old format":
        torch.save({"model": Runs(mark)}, path, _use_new_zipfile_serialization=False)
    elif kind == "module":
        layer = torch.nn.Linear(1, 1)
        layer.extra = Runs(mark)
        torch.save({"model": layer, "train_args": {}}, path)
    elif kind == "doubled entry":
        torch.save({"model": torch.nn.Linear(1, 1)}, path)
        with zipfile.ZipFile(path, "a") as archive:
            name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
            archive.writestr(name, pickle.dumps({"model": Runs(mark)}))
    elif kind == "script":
        torch.jit.script(torch.nn.Linear(1, 1)).save(str(path))
    elif kind == "activation":
        said = f"open({str(mark)!r}, 'w').close()"
        torch.save({"model": _Build({"activation": said})}, path)
    else:
        torch.save({"model": Runs(mark)}, path)
    return path


class _Build:
    """Has ultralytics build a model whose activation is a piece of a program."""

    def __init__(self, settings: dict[str, object]) -> None:
        self._settings = settings

    def __reduce__(self):
        from ultralytics.nn.tasks import DetectionModel

        layers = [[-1, 1, "Conv", [16, 3, 2]]]
        return DetectionModel, ({**self._settings, "nc": 1, "backbone": layers, "head": []},)


FORGED = ("zip", "plain pickle", "old format", "module", "doubled entry", "script", "activation")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FORGED)
def test_weights_that_would_run_something_are_refused(tmp_path: Path, kind: str) -> None:
    yolo._ultralytics()
    mark = tmp_path / "ran"
    path = forged(kind, tmp_path / "detector.pt", mark)
    with pytest.raises(ModelError, match=r"detector\.pt") as refused:
        load_detector(path)
    assert not mark.exists()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["yolo11m", "yolo11n"])
def test_a_forged_file_in_the_cache_is_refused(models: Path, tmp_path: Path, name: str) -> None:
    mark = tmp_path / "ran"
    forged("zip", tmp_path / "cache" / f"{name}.pt", mark)
    with pytest.raises(ModelError, match=f"not {name} as it was published"):
        registry.find_detector(None)
    assert not mark.exists()


def test_what_is_fetched_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    yolo._ultralytics()
    from ultralytics.utils import downloads

    def fetch(address: str, file: Path, **_: object) -> None:
        assert address.endswith("/yolo11n.pt")
        file.write_bytes(b"another file")

    monkeypatch.setattr(downloads, "safe_download", fetch)
    with pytest.raises(ModelError, match="not the file that was published"):
        yolo.fetch_weights("yolo11n", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.torchscript", "a.engine", "a.onnx", "a.yaml", "a.pkl",
                                  "a_saved_model", "a_openvino_model", "folder"])  # fmt: skip
def test_what_is_no_data_of_a_known_kind_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix:
        path.write_bytes(b"x")
    else:
        path.mkdir()
    with pytest.raises(ModelError, match=r"neither \.pt weights nor an OpenVINO folder"):
        YoloDetector(path)


UNSAFE = {"eval", "exec", "__import__"}
"""Built-in functions that run what they are given."""


def dotted(node: ast.expr) -> str:
    """Return a name like torch.load; what stands before of something longer is left out."""
    if isinstance(node, ast.Attribute):
        return f"{node.value.id if isinstance(node.value, ast.Name) else '…'}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_nothing_in_the_package_loads_a_pickle() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules = {alias.name.partition(".")[0] for alias in node.names}
                assert not modules & {"pickle", "dill", "joblib", "shelve", "marshal"}, path
            if not isinstance(node, ast.Call):
                continue
            called = dotted(node.func)
            options = {
                word.arg: ast.unparse(word.value)
                for word in node.keywords
                if word.arg in {"weights_only", "allow_pickle"}
            }
            assert called not in UNSAFE, path
            if called == "torch.load":
                assert options.get("weights_only") == "True", path
            assert options.get("allow_pickle", "False") == "False", path
            assert called not in {"yaml.load", "pickle.load", "pickle.loads"}, path


WEAK = [
    "redaction = 0.99", "heads = 0.99", "small_heads = 0.5", "heads = 0.11", "redaction = 1",
]  # fmt: skip
WRONG = [
    "heads = nan", "heads = inf", "heads = -0.1", "heads = 0", "heads = true", 'heads = "0.05"',
    "heads = [0.05]", "index = 2.0", "redaction = 1e999", "unknown = 0.1",
]  # fmt: skip


@pytest.mark.parametrize("table", ["thresholds", "confidences"])
@pytest.mark.parametrize("line", WEAK)
def test_a_card_that_weakens_redaction_is_refused(tmp_path: Path, table: str, line: str) -> None:
    (tmp_path / "model.toml").write_text(f"[{table}]\n{line}\n")
    with pytest.raises(ModelError, match="weakens redaction"):
        read_thresholds(tmp_path / "x_openvino_model")


@pytest.mark.parametrize("line", WRONG)
def test_a_card_with_what_is_no_confidence_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "model.toml").write_text(f"[thresholds]\n{line}\n")
    with pytest.raises(ModelError, match="is damaged"):
        read_thresholds(tmp_path / "x_openvino_model")


def test_the_shipped_card_redacts_more_than_none_would() -> None:
    (model,) = (m for m in registry.shipped() if m.kind == "detector")
    found = read_thresholds(model.path)
    assert found.redaction <= REDACTION_SCORE
    assert found.of_heads <= REDACTION_SCORE
