"""A new venue: its rules as `venue.toml`, and who may set up everybody else."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import tomlkit
from tomlkit import TOMLDocument

from reid.core.errors import UsageError
from reid.desk.cases import open_records
from reid.desk.cases.audit import Detail
from reid.desk.policy.rules import FILE_NAME, Policy, policy_of
from reid.desk.policy.template import TEMPLATE
from reid.storage.durable import write_durably
from reid.storage.venue_path import Folder

ACTOR: Final = "setup"
"""Who does it, in the audit trail: whoever started the program, and nobody else, had the link."""

PURPOSES: Final[Mapping[str, tuple[str, bool | tuple[str, ...]]]] = {
    "missing-child": ("Missing child", True),
    "vulnerable-adult": ("Vulnerable adult", ("body.age", "hair.colour")),
    "lost-property": ("Lost property", False),
}
"""What a venue may begin with: what staff call it, and which traits of a body it may use."""

KEPT_HOURS: Final = (24, 72, 168)
"""For how long sightings may be kept."""

_EXITS: Final = ("entrance", "exit", "gate")
_PURPOSE: Final = re.compile(r"\[purposes\.([a-z-]+)\]\n(?:.+\n)+\n")  # a table of the template
_CAMERAS: Final = "# One entry a camera."  # how the template goes on after the purposes


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new venue says of itself.

    Attributes:
        name, timezone, language: of the venue.
        purposes: of `PURPOSES`.
        retention_hours: for how long sightings are kept.
        camera, place: what the first camera is called, and the kind of place it looks at.
        signs_posted: whether the warning signs hang.
        controller, contact: who is responsible, and where people can ask; may be empty.
        hosts: names by which browsers reach the app, besides this machine's.
    """

    name: str
    timezone: str
    language: str
    purposes: tuple[str, ...]
    retention_hours: float
    camera: str
    place: str
    signs_posted: bool = False
    controller: str = ""
    contact: str = ""
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstUser:
    """The first supervisor, who adds the others."""

    name: str
    password: str = field(repr=False)


def camera_id(name: str) -> str:
    """Return a camera's id: its name in small ASCII letters and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "camera-1"


def rules_text(beginning: Beginning) -> str:
    """Write the rules: the template with what was said, its comments kept.

    Raises:
        PolicyError: the rules refuse it, such as a camera in a changing room.
        UsageError: no purpose, or signs that do not hang.
    """
    if not beginning.purposes or not set(beginning.purposes) <= PURPOSES.keys():
        raise UsageError("choose at least one purpose: what is not searched for needs no pictures")
    if not beginning.signs_posted:
        raise UsageError("the warning signs must hang before anybody is looked at")
    camera = camera_id(beginning.camera)
    text = _PURPOSE.sub(lambda one: one[0] if one[1] in beginning.purposes else "", TEMPLATE)
    for name in beginning.purposes:
        if f"[purposes.{name}]" not in text:
            text = text.replace(_CAMERAS, f"{_purpose(name)}{_CAMERAS}")
    text = text.replace("[cameras.gate]", f"[cameras.{camera}]").replace('["gate"', f'["{camera}"')
    rules = tomlkit.parse(text)
    _name_venue(rules, beginning)
    _name_camera(rules["cameras"][camera], beginning)
    written = tomlkit.dumps(rules)
    policy_of(tomllib.loads(written), FILE_NAME)
    return written


def _name_venue(rules: TOMLDocument, beginning: Beginning) -> None:
    venue: Any = rules["venue"]
    for name in ("name", "timezone", "language", "controller", "contact"):
        said = getattr(beginning, name).strip()
        if said:
            venue[name] = said
        else:
            del venue[name]
    venue["retention_hours"] = round(beginning.retention_hours)
    signs: Any = rules["signs"]
    signs["posted"] = True
    del signs["text"]  # it is said in the venue's language instead
    if beginning.hosts:
        rules["web"] = {"hosts": list(beginning.hosts)}


def _purpose(name: str) -> str:
    """Write a purpose that the template does not have."""
    label, body = PURPOSES[name]
    said = tomlkit.item({"label": label, "body": body if isinstance(body, bool) else list(body)})
    return f"[purposes.{name}]\n{said.as_string()}\n"


def _name_camera(camera: Any, beginning: Beginning) -> None:
    camera["place"] = beginning.place
    camera["name"] = beginning.camera.strip()
    camera["exit"] = beginning.place in _EXITS
    for name in ("x", "y"):  # nobody has placed it on the plan
        del camera[name]


def is_new(folder: Folder) -> bool:
    """Whether there is no venue yet: no rules, no sightings."""
    from reid.store import Store

    return not (folder / FILE_NAME).exists() and not Store.exists(folder)


def begin(folder: Folder, beginning: Beginning, user: FirstUser, database: str | None) -> Policy:
    """Make a venue: the account first, the rules last, without which nobody opens it.

    Begun again after it was cut short, the account gets the new password.

    Raises:
        PolicyError: the rules refuse what was said.
        UsageError: a name or password that is refused, or there is a venue already.
    """
    if not is_new(folder):
        raise UsageError(f"{folder} holds a venue already: nothing is overwritten")
    text = rules_text(beginning)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    records = open_records(folder, database)
    try:
        if any(known.name == user.name for known in records.accounts.all()):
            records.accounts.set_password(user.name, user.password, ACTOR)
        else:
            records.accounts.add(user.name, user.password, "supervisor", ACTOR)
        purposes = ", ".join(beginning.purposes)
        detail: Detail = {"hours": beginning.retention_hours, "purpose": purposes}
        records.book.note(ACTOR, "setup", None, detail)
        write_durably(folder / FILE_NAME, text)
    finally:
        records.database.close()
    return policy_of(tomllib.loads(text), FILE_NAME)
