"""`reid service`: the desk, and the cameras beside it, as services that systemd starts."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated, Final

import typer

from reid.cli.console import out
from reid.cli.options import Venue
from reid.core.errors import UsageError
from reid.storage.venue_path import Folder

service_app = typer.Typer(no_args_is_help=True, help="The desk as a service of this machine.")

UNITS: Final = Path("/etc/systemd/system")

_TEMPLATE: Final = Path(__file__).parents[1] / "deploy" / "reid.service"
_HOMES: Final = ("/home", "/root", "/run/user")
_USER: Final = r"[a-z_][a-z0-9_-]{0,30}"


@dataclass(frozen=True, slots=True)
class Unit:
    """A service.

    Attributes:
        name: of its file, without ending.
        text: of its file.
    """

    name: str
    text: str


@service_app.command("install")
def service_install(
    venue: Venue,
    options: Annotated[
        list[str] | None, typer.Argument(help="Options of `reid serve`, after `--`.")
    ] = None,
    user: Annotated[
        str, typer.Option(help="Who it runs as: made without rights if need be, owns the venue.")
    ] = "reid",
    watch: Annotated[bool, typer.Option("--watch", help="Run `reid watch` beside it.")] = False,
    print_only: Annotated[
        bool, typer.Option("--print", help="Print the units; change nothing.")
    ] = False,
) -> None:
    """Have systemd run the desk as a user without rights, now and at every start.

    Example: sudo reid service install --venue /srv/park --watch -- --behind-tls-proxy

    Example: reid service install --venue /srv/park --print
    """
    units = [unit_of(venue, "serve", user, options or ())]
    if watch:
        units.append(unit_of(venue, "watch", user))
    if print_only:
        for unit in units:
            out.print(f"# {UNITS / unit.name}.service", markup=False, highlight=False)
            out.print(unit.text, markup=False, highlight=False, soft_wrap=True)
        return
    _require_systemd()
    _make_user(user)
    if isinstance(venue, Path):
        _hand_over(venue, user)
    for unit in units:
        place = UNITS / f"{unit.name}.service"
        place.write_text(unit.text, encoding="utf-8")
        place.chmod(0o644)
    names = [f"{unit.name}.service" for unit in units]
    _call("systemctl", "daemon-reload")
    _call("systemctl", "enable", *names)
    _call("systemctl", "restart", *names)
    out.print(f"{', '.join(names)} run as {user}; what they say: journalctl -u {names[0]}",
              soft_wrap=True)  # fmt: skip


def unit_of(venue: Folder, what: str, user: str, options: Sequence[str] = ()) -> Unit:
    """Return the unit that runs `reid serve` or `reid watch` for a venue.

    Raises:
        UsageError: no name of a user.
    """
    if not re.fullmatch(_USER, user):
        raise UsageError(f"{user!r} is no name of a user: use small letters")
    place = str(venue.resolve() if isinstance(venue, Path) else venue)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", venue.name) or "venue"
    unit = f"reid-{name}" if what == "serve" else f"reid-{name}-{what}"
    command = [sys.executable, "-m", "reid.cli", what, "--venue", place, *options]
    needed = [place, sys.prefix, str(Path(sys.executable).resolve()), __file__]
    in_homes = any(path.startswith(f"{home}/") for path in needed for home in _HOMES)
    writes = f"ReadWritePaths={quoted(place, variables=False)}" if isinstance(venue, Path) else ""
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        what="the desk" if what == "serve" else "the cameras",
        name=name,
        user=user,
        unit=unit,
        command=" ".join(map(quoted, command)),
        writes=writes,
        home="read-only" if in_homes else "yes",
        devices="yes" if what == "serve" else "no",  # webcams and accelerators
    )
    return Unit(unit, text)


def quoted(word: str, *, variables: bool = True) -> str:
    """Write a word for a unit such that systemd reads it back as it was.

    Args:
        word: to be written.
        variables: whether systemd replaces variables there, as it does in commands.

    Raises:
        UsageError: it holds what a unit cannot.
    """
    if re.search(r"[\x00-\x1f\x7f]", word):
        raise UsageError(f"{word!r} holds control characters: rename it")
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    word = word.replace("$", "$$") if variables else word
    return f'"{word}"' if re.search(r"[\s'\";\\]", word) or not word else word


def _require_systemd() -> None:
    if shutil.which("systemctl") is None or not UNITS.is_dir():
        raise UsageError("there is no systemd here: print the unit with --print")
    if os.geteuid() != 0:
        raise UsageError("only root installs services: run it with sudo, or see --print")


def _make_user(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError:
        _call(
            "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
            "--shell", "/usr/sbin/nologin", user,
        )  # fmt: skip


def _hand_over(venue: Path, user: str) -> None:
    """Give a venue's folder to the user that works in it, and to nobody else."""
    venue.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = pwd.getpwnam(user)
    for path in [venue, *venue.rglob("*")]:
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    venue.chmod(0o700)


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        first = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UsageError(f"{command[0]} failed: {first}")
