"""``venue.toml``: its shape, its defaults, what is refused and why."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from reid.core import vocabulary
from reid.core.errors import PolicyError
from reid.core.reading import read_toml
from reid.desk.policy.places import ALLOWED, forbidden_reason
from reid.storage.venue_path import Folder

FILE_NAME: Final = "venue.toml"

DEFAULT_RETENTION_HOURS: Final = 72
DEFAULT_POLICE_MINUTES: Final = 10
DEFAULT_CASE_HOURS: Final = 24
DEFAULT_UNDO_MINUTES: Final = 10

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
_HOST: Final = r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,253}$"
_SYSLOG: Final = r"^(/[A-Za-z0-9_./-]+|(udp|tcp)://[A-Za-z0-9.-]+(:[0-9]{1,5})?)$"
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Camera(_Part):
    """One camera.

    Attributes:
        place: kind of place, of `places.ALLOWED`.
        name: what staff call it.
        x, y: position on the plan, as shares of its width and height.
        sees_m: how far it sees, in metres; what no camera sees is drawn as blind.
        exit: people can leave the venue here.
        url: stream, for `reid watch`; hidden when printed.
        rotate: degrees counter-clockwise by which its picture must be turned to be upright.
        height_m, tilt_degrees, fov_degrees: how it hangs: above the ground, below the horizontal,
            and its vertical field of view. Where nobody says, it is learnt from who walks by.
    """

    place: str
    name: Text | None = None
    x: float | None = Field(default=None, ge=0, le=1)
    y: float | None = Field(default=None, ge=0, le=1)
    sees_m: float = Field(default=15, gt=0, le=500)
    exit: bool = False
    url: SecretStr | None = None
    rotate: Literal[0, 90, 180, 270] = 0
    height_m: float | None = Field(default=None, ge=0.5, le=50)
    tilt_degrees: float | None = Field(default=None, ge=-20, le=80)
    fov_degrees: float | None = Field(default=None, ge=5, le=120)

    @model_validator(mode="after")
    def _allowed(self) -> Self:
        refused = forbidden_reason(self.place, self.name or "")
        if refused:
            raise ValueError(refused)
        if self.place not in ALLOWED:
            raise ValueError(f"place {self.place!r} is not known: use one of {', '.join(ALLOWED)}")
        if (self.x is None) != (self.y is None):
            raise ValueError("give both x and y, or neither")
        return self


class Purpose(_Part):
    """What the venue may search for.

    Attributes:
        label: what staff call it; `labels` in other languages, by their two letters.
        body: which body-derived slots it may use for that.
        sites: whether other sites may be searched for it too.
    """

    label: Text
    labels: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")], Text] = Field(
        default_factory=dict
    )
    body: tuple[str, ...] | bool = False
    sites: bool = False

    @field_validator("body")
    @classmethod
    def _known(cls, body: tuple[str, ...] | bool) -> tuple[str, ...] | bool:
        for slot in body if isinstance(body, tuple) else ():
            if slot not in vocabulary.SLOTS or not vocabulary.SLOTS[slot].body_derived:
                known = [s.name for s in vocabulary.SLOTS.values() if s.body_derived]
                raise ValueError(f"{slot!r} is not body-derived: use true or {', '.join(known)}")
        return body

    def allows(self, slot: str) -> bool:
        """Whether a slot of the vocabulary may be used for this purpose."""
        if not vocabulary.SLOTS[slot].body_derived or self.body is True:
            return True
        return isinstance(self.body, tuple) and slot in self.body


class Site(_Part):
    """Another venue that this one may ask.

    Attributes:
        address: its folder, or its address on S3-compatible storage.
        database: environment variable with its PostgreSQL URL, where it has one.
    """

    address: Text
    database: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")] | None = None


class Venue(_Part):
    """The venue itself, its clock, its times, and by name the venues that may ask it."""

    name: Text
    timezone: str
    controller: Text | None = None
    contact: Text | None = None
    retention_hours: float = Field(default=DEFAULT_RETENTION_HOURS, gt=0, le=24 * 30)
    case_hours: float = Field(default=DEFAULT_CASE_HOURS, gt=0, le=24 * 14)
    erase_undo_minutes: float = Field(default=DEFAULT_UNDO_MINUTES, ge=0, le=24 * 60)
    police_after_minutes: float = Field(default=DEFAULT_POLICE_MINUTES, ge=0, le=240)
    police_number: Text = "112"
    language: str = "en"
    accepts: tuple[Text, ...] = ()

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name!r} is not a time zone, e.g. Europe/Berlin") from None
        return name


class Signs(_Part):
    """Warning signs: whether they hang, and what they say."""

    posted: bool
    text: Text | None = None


class Plan(_Part):
    """The venue's plan.

    Attributes:
        image: file in the venue's folder, .png, .jpg or .webp.
        width_m: width of the plan in metres; without it no walking times are shown.
        paths: pairs of cameras between which one can walk; none: straight lines count.
        walk_m_per_s: how fast a child walks.
    """

    image: str | None = None
    width_m: float | None = Field(default=None, gt=0, le=100_000)
    paths: tuple[tuple[str, str], ...] = ()
    walk_m_per_s: float = Field(default=1.2, gt=0, le=5)

    @field_validator("image")
    @classmethod
    def _inside(cls, name: str | None) -> str | None:
        if name is not None and (
            Path(name).name != name
            or Path(name).suffix.lower() not in {".png", ".jpg", ".jpeg", ".webp"}
        ):
            raise ValueError("image must be the name of a .png, .jpg or .webp in the venue folder")
        return name


class Moderation(_Part):
    """Words that make a description refused, and how many searches a user may run."""

    refuse: tuple[Text, ...] = ()
    searches_per_hour: int = Field(default=300, ge=1)


class Watch(_Part):
    """Alerts: their budget and where they go besides the desk's screens."""

    false_alarms_per_hour: float = Field(default=1.0, gt=0, le=60)
    webhook: SecretStr | None = None
    mqtt: SecretStr | None = None
    mqtt_topic: str = "reid/alerts"

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the ways by which alerts leave the desk."""
        named = (("webhook", self.webhook), ("mqtt", self.mqtt))
        return tuple(name for name, address in named if address)


class Web(_Part):
    """The web app: the names by which browsers reach it, besides this machine's own."""

    hosts: tuple[Annotated[str, StringConstraints(pattern=_HOST)], ...] = ()


class Audit(_Part):
    """Where seals of the audit trail go outside the venue's folder.

    Attributes:
        file: absolute path of a file, best on another mount.
        syslog: ``/dev/log``, or ``udp://host:514`` or ``tcp://host:514``.
        webhook: address that takes JSON.
    """

    file: Text | None = None
    syslog: Annotated[str, StringConstraints(pattern=_SYSLOG)] | None = None
    webhook: SecretStr | None = None

    @field_validator("webhook")
    @classmethod
    def _web(cls, address: SecretStr | None) -> SecretStr | None:
        if address and not address.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("must be an http or https address")
        return address


class Adaptation(_Part):
    """What allows `reid adapt`: weights that learn from this venue's own redacted pictures.

    Attributes:
        purpose: what for, in words; it stands in the impact report and on the weights' card.
        retention_hours: how long further views of each track are kept for it.
        views: how many of each track, besides the one that every sighting has.
    """

    purpose: Text
    retention_hours: float = Field(gt=0, le=24 * 30)
    views: int = Field(default=3, ge=1, le=7)


class MeasuredFiles(_Part):
    """Files in the venue's folder with results of `reid bench NAME --json`, for the report."""

    privacy: str | None = None
    detection: str | None = None
    fairness: str | None = None

    @field_validator("privacy", "detection", "fairness")
    @classmethod
    def _inside(cls, name: str | None) -> str | None:
        if name is not None and (Path(name).name != name or Path(name).suffix != ".json"):
            raise ValueError("must be the name of a .json file in the venue folder")
        return name


class Policy(_Part):
    """All the rules of a venue."""

    venue: Venue
    signs: Signs
    purposes: dict[Slug, Purpose] = Field(min_length=1)
    cameras: dict[Slug, Camera] = Field(min_length=1)
    plan: Plan = Plan()
    moderation: Moderation = Moderation()
    watch: Watch = Watch()
    audit: Audit = Audit()
    web: Web = Web()
    measured: MeasuredFiles = MeasuredFiles()
    adaptation: Adaptation | None = None
    sites: dict[Slug, Site] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.adaptation and self.adaptation.retention_hours > self.venue.retention_hours:
            raise ValueError(
                "adaptation.retention_hours is longer than venue.retention_hours: what is kept to "
                "learn from goes with its sighting at the latest"
            )
        strangers = {end for path in self.plan.paths for end in path} - set(self.cameras)
        if strangers:
            raise ValueError(f"plan.paths names unknown cameras: {', '.join(sorted(strangers))}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The clock that the venue's staff go by."""
        return ZoneInfo(self.venue.timezone)

    @property
    def views_kept(self) -> int:
        """Further views that are kept of each track: none unless adaptation is allowed."""
        return self.adaptation.views if self.adaptation else 0

    def purpose(self, name: str) -> Purpose:
        """Return an allowed purpose.

        Raises:
            PolicyError: it is not allowed here.
        """
        if name not in self.purposes:
            raise PolicyError(
                f"{name!r} is not a purpose of this venue: {', '.join(self.purposes)}"
            )
        return self.purposes[name]

    def camera_name(self, camera: str) -> str:
        """Return what staff call a camera."""
        known = self.cameras.get(camera)
        return (known.name if known else None) or camera

    def require_camera(self, camera: str) -> None:
        """Refuse a camera whose place nobody has declared.

        Raises:
            PolicyError: it is not among the venue's cameras.
        """
        if camera not in self.cameras:
            raise PolicyError(
                f"camera {camera!r} is not in {FILE_NAME}: add [cameras.{camera}] with its place, "
                f"or name one of {', '.join(self.cameras)} with --camera"
            )

    def moderated(self, text: str) -> str | None:
        """Return the word that makes a description refused here, or None."""
        folded = f" {' '.join(text.casefold().split())} "
        return next((w for w in self.moderation.refuse if w.casefold() in folded), None)


def load_policy(folder: Folder, *, signs_posted: bool = True) -> Policy:
    """Read and check a venue's rules.

    Args:
        signs_posted: refuse rules that do not declare the warning signs posted; all but printing
            these signs needs that.

    Raises:
        PolicyError: missing, not TOML, or against the rules; the message names the entry.
    """
    path = folder / FILE_NAME
    try:
        data = read_toml(path, PolicyError)
    except FileNotFoundError:
        raise PolicyError(f"{path} is missing: write one with `reid policy init`") from None
    policy = policy_of(data, str(path))
    if signs_posted and not policy.signs.posted:
        raise PolicyError(
            f"{path}: signs.posted is false: print the warning signs (`reid policy sign sign.html "
            f"--venue {folder}`), hang them, and declare that with posted = true"
        )
    return policy


def policy_of(data: dict[str, Any], name: str) -> Policy:
    """Check rules that were read from a file of some name.

    Raises:
        PolicyError: they are against the rules; the message names the entry.
    """
    try:
        return Policy.model_validate(data)
    except ValidationError as error:
        raise PolicyError(f"{name}: {_first(error)}") from None


def find_policy(folder: Folder) -> Policy | None:
    """Return the venue's rules, or None for a research venue that has none."""
    return load_policy(folder) if (folder / FILE_NAME).exists() else None


def _first(error: ValidationError) -> str:
    """Say in one line what is wrong with the first wrong entry."""
    problem: Any = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(step) for step in problem["loc"]) or "the file as a whole"
    what = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        what = "unknown entry"
    elif problem["type"] == "missing":
        what = "is required"
    more = error.error_count() - 1
    return f"{where}: {what}" + (f" (and {more} more)" if more else "")
