"""Whatever a file of settings, keys or models holds, an error is one line that names the file."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reid.core.errors import ReidError
from reid.desk.cases import open_records
from reid.desk.measured_figures import measured_figures
from reid.desk.policy import FILE_NAME, load_policy
from reid.desk.policy.template import TEMPLATE
from reid.detect.thresholds import read_thresholds
from reid.detect.yolo import _stated
from reid.embed.card import read_card
from reid.watch.overview import overview
from reid.watch.status import WEB, read_loops, read_status
from reid.web.server import _check_pair
from reid.weights import registry
from tests.fast import cheap_hashes  # noqa: F401
from tests.venues import RULES

SEED = 20_261_201
ROUNDS = 250
SLOWLY = 12  # rounds with a database each
MODELS = registry.models_folder()

STATUS = """{"at": "2026-05-01T12:00:00+00:00", "cameras": [{"camera": "gate", "frames": 5,
"lag": 0.5, "connected": true, "last_frame": 1.5, "problem": "", "node": "", "state": "ok"}],
"nodes": [{"name": "a/1", "alive": true, "cameras": 1, "gone": 0.0}], "loops": [{"name": "alerts",
"rounds": 5, "failures": 0, "restarts": 0, "age": 1.5, "late": false, "problem": ""}]}"""
PIECES = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", "\ud7ff".encode(), b"[" * 3000, b"{" * 3000,
    b'{"a":' * 3000, b"a = [" + b"[" * 3000, b"9" * 5000, b"-1", b"1e999", b"nan", b"null",
    b'"', b"'''", b"\n", b"\r", b"=", b"true", b"[[a]]\n", b"[a.b]\n", b"{}", b"0x", b"\\u0000",
)  # fmt: skip


def mutated(data: bytes, random_: random.Random) -> bytes:
    """Damage a file in one or a few places."""
    for _ in range(random_.choice((1, 1, 1, 2, 5))):
        at, to = sorted(random_.randrange(len(data) + 1) for _ in range(2))
        to = min(to, at + random_.choice((0, 1, 8, 200, len(data))))
        kind = random_.randrange(5)
        if kind == 0:
            data = data[:at] + random_.choice(PIECES) + data[to:]
        elif kind == 1:
            data = data[:at] + random_.randbytes(random_.randrange(1, 9)) + data[to:]
        elif kind == 2:
            data = data[:at] + data[at:to] * 2 + data[to:]
        elif kind == 3:
            data = data[:at]
        else:
            lines = data.splitlines(keepends=True)
            random_.shuffle(lines)
            data = b"".join(lines)
    return data


def _records(path: Path) -> None:
    open_records(path.parent).database.close()


def _head(path: Path) -> None:
    records = open_records(path.parent)
    records.trail.verify()
    records.book.note("anna", "search", None, {})
    records.database.close()


def _rules(path: Path) -> None:
    load_policy(path.parent)


def _shipped(path: Path) -> None:
    for model in registry.shipped(path.parent.parent):
        model.verify()


def _status(path: Path) -> None:
    overview(path.parent, 1)
    if (found := read_status(path.parent)) is not None:
        found.to_json()


def _loops(path: Path) -> None:
    if (found := read_loops(path.parent, WEB)) is not None:
        assert isinstance(found.problems(), list)
        assert found.age is not None


def _figures(path: Path) -> None:
    rules = path.parent / FILE_NAME
    rules.write_text(RULES + '\n[measured]\nprivacy = "privacy.json"\n')
    measured_figures(path.parent, load_policy(path.parent), None)


Reader = Callable[[Path], object]
FILES: dict[str, tuple[bytes | Path, Reader]] = {
    FILE_NAME: (RULES.encode(), _rules),
    f"template/{FILE_NAME}": (TEMPLATE.replace("\n# ", "\n").encode(), _rules),
    "audit.key": (b"ab" * 32, _records),
    "audit.head": (b"3 " + b"ab" * 32 + b" " + b"cd" * 32 + b"\n", _head),
    "status.json": (STATUS.encode(), _status),
    "serve.json": (STATUS.encode(), _loops),
    "privacy.json": (
        b'{"run": {"benchmark": "privacy", "started": "2026-05-01"}, "model_id": "a"}', _figures,
    ),
    "detector/model.toml": (
        MODELS / "person-head" / "model.toml",
        lambda path: read_thresholds(path.parent / "x_openvino_model"),
    ),
    "shipped/person-head/model.toml": (MODELS / "person-head" / "model.toml", _shipped),
    "embedder/model.toml": (
        MODELS / "appearance" / "model.toml", lambda path: read_card(path.parent),
    ),
    "x_openvino_model/metadata.yaml": (
        MODELS / "person-head" / "person-head_int8_openvino_model" / "metadata.yaml",
        lambda path: _stated(path.parent, "task"),
    ),
    "tls.pem": (b"-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n",
                lambda path: _check_pair(path, path)),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    content, read = FILES[name]
    whole = content.read_bytes() if isinstance(content, Path) else content
    random_, told = random.Random(f"{SEED} {name}"), 0
    path = tmp_path / name
    for number in range(SLOWLY if name.startswith("audit") else ROUNDS):
        shutil.rmtree(path.parent, ignore_errors=True)
        path.parent.mkdir(parents=True)
        path.write_bytes(mutated(whole, random_))
        try:
            read(path)
        except ReidError as error:
            told += 1
            assert "\n" not in str(error), (name, number, str(error))
            assert len(str(error)) < 2000, (name, number)
        except Exception as error:
            raise AssertionError(f"{name}, seed {SEED}, round {number}: {error!r}") from error
    assert told or name in {"serve.json", "audit.head", "x_openvino_model/metadata.yaml"}
