"""Commands of a venue's desk: rules, cases, staff, the audit trail, the web app, live cameras."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid.cli.backup import backup, restore
from reid.cli.console import complain, new_table, out, print_json, show_answer
from reid.cli.options import (
    Cluster,
    Cpus,
    Every,
    Gpus,
    InCase,
    Json,
    Venue,
    frames_wanted,
)
from reid.cli.service import service_app
from reid.core.errors import UsageError

if TYPE_CHECKING:
    from socket import socket

    from reid.storage.venue_path import Folder
    from reid.web.server import Listening

policy_app = typer.Typer(no_args_is_help=True, help="The venue's rules: venue.toml.")
audit_app = typer.Typer(no_args_is_help=True, help="The audit trail.")
user_app = typer.Typer(no_args_is_help=True, help="Staff accounts of the web app.")
case_app = typer.Typer(no_args_is_help=True, help="Cases: without one, no search.")

Name = Annotated[str, typer.Argument(help="Name to sign in with, like desk-1.")]
CaseName = Annotated[str, typer.Argument(help="A case, like C-1.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def add_to(app: typer.Typer) -> None:
    """Hang the groups into the command line."""
    app.add_typer(policy_app, name="policy")
    app.add_typer(audit_app, name="audit")
    app.add_typer(user_app, name="user")
    app.add_typer(case_app, name="case")
    app.add_typer(service_app, name="service")
    app.command()(serve)
    app.command()(watch)
    app.command()(sites)
    app.command()(maintain)
    app.command()(backup)
    app.command()(restore)
    app.command()(status)


@policy_app.command("init")
def policy_init(venue: Venue) -> None:
    """Write a venue.toml to fill in. Example: reid policy init --venue park"""
    from reid.desk.policy import FILE_NAME
    from reid.desk.policy.template import TEMPLATE

    path = venue / FILE_NAME
    if path.exists():
        raise UsageError(f"{path} is there already: edit it")
    venue.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(TEMPLATE, encoding="utf-8")
    out.print(
        f"{path} written: fill it in, then `reid policy check --venue {venue}`", soft_wrap=True
    )


@policy_app.command("check")
def policy_check(venue: Venue, as_json: Json = False) -> None:
    """Check a venue's rules; names what is wrong. Example: reid policy check --venue park"""
    from reid.desk.measured_figures import measured_figures
    from reid.desk.policy import load_policy

    policy = load_policy(venue)
    measured_figures(venue, policy, None)
    if as_json:
        print_json({"ok": True, "cameras": len(policy.cameras), "purposes": list(policy.purposes)})
        return
    hours = policy.venue.retention_hours
    out.print(
        f"{policy.venue.name}: the rules hold. {len(policy.cameras)} cameras, purposes "
        f"{', '.join(policy.purposes)}, sightings kept {hours:g} h.",
        soft_wrap=True,
    )


@policy_app.command("sign")
def policy_sign(
    venue: Venue,
    target: Annotated[Path, typer.Argument(help="HTML page to write and print.")],
) -> None:
    """Write a warning sign to print, before it is posted too.

    Example: reid policy sign sign.html --venue park
    """
    from reid.desk.policy import load_policy
    from reid.web.print import sign_page

    policy = load_policy(venue, signs_posted=False)
    target.write_text(sign_page(policy), encoding="utf-8")
    hint = "" if policy.signs.posted else "; once it hangs, set `posted = true` in venue.toml"
    out.print(f"{target} written: open it in a browser and print it{hint}", soft_wrap=True)


@policy_app.command("report")
def policy_report(venue: Venue, as_json: Json = False) -> None:
    """Print what an impact assessment asks for. Example: reid policy report --venue park"""
    from reid.desk.impact_report import report, report_text
    from reid.venue import actor, open_desk

    found = report(open_desk(venue), actor())
    if as_json:
        print_json(found)
    else:
        out.print(report_text(found), markup=False, highlight=False, soft_wrap=True)


@audit_app.command("verify")
def audit_verify(
    venue: Venue,
    head: Annotated[
        str | None, typer.Option(help="A seal noted down earlier, which must be in the trail.")
    ] = None,
    received: Annotated[
        Path | None, typer.Option(help="A file with seals that a syslog or webhook received.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that no line was changed, added or cut off. Example: reid audit verify --venue park"""
    from reid.venue import open_desk, verify_audit

    found = verify_audit(open_desk(venue), head, received)
    if as_json:
        lost = {"lost": found.lost} if found.lost else {}
        print_json({"ok": True, "lines": found.lines, "head": found.head, **lost})
        return
    for first, last in found.lost:
        complain(
            f"lines {first} to {last} were lost before a backup was restored", "note", "yellow"
        )
    out.print(f"{found.lines} lines hold. Last seal: {found.head}", soft_wrap=True, highlight=False)


@audit_app.command("show")
def audit_show(
    venue: Venue,
    case: Annotated[str | None, typer.Option(help="Only this case, like C-1.")] = None,
    newest: Annotated[int, typer.Option(min=1, help="How many lines.")] = 50,
    as_json: Json = False,
) -> None:
    """Print the audit trail. Example: reid audit show --venue park --case C-1"""
    from reid.venue import case_number, open_desk

    desk = open_desk(venue)
    lines = desk.records.trail.lines(case_number(case) if case else None, newest)
    if as_json:
        for line in lines:
            print_json({name: getattr(line, name) for name in line.__slots__})
        return
    table = new_table("line", "time", "who", "what", "case", "detail")
    for line in lines:
        when = f"{line.time.astimezone(desk.policy.zone):%Y-%m-%d %H:%M:%S}"
        case_name = f"C-{line.case_id}" if line.case_id else ""
        table.add_row(str(line.seq), when, line.actor, line.action, case_name, line.detail)
    out.print(table)


@user_app.command("add")
def user_add(
    name: Name,
    venue: Venue,
    role: Annotated[str, typer.Option(help="viewer, operator, supervisor or auditor.")],
    password_stdin: FromStdin = False,
) -> None:
    """Add somebody to the staff. Example: reid user add desk-1 --role operator --venue park"""
    from reid.venue import actor, open_desk

    desk = open_desk(venue)
    user = desk.records.accounts.add(name, _password(password_stdin), role, actor())
    out.print(f"{user.name} may sign in as {user.role}")


@user_app.command("password")
def user_password(name: Name, venue: Venue, password_stdin: FromStdin = False) -> None:
    """Set a new password; signs them out. Example: reid user password desk-1 --venue park"""
    from reid.venue import actor, open_desk

    desk = open_desk(venue)
    desk.records.accounts.set_password(name, _password(password_stdin), actor())
    out.print(f"{name} has a new password")


@user_app.command("disable")
def user_disable(name: Name, venue: Venue) -> None:
    """Let somebody sign in no more. Example: reid user disable desk-1 --venue park"""
    from reid.venue import actor, open_desk

    open_desk(venue).records.accounts.disable(name, actor())
    out.print(f"{name} may not sign in any more")


@user_app.command("list")
def user_list(venue: Venue, as_json: Json = False) -> None:
    """List the staff. Example: reid user list --venue park"""
    from reid.venue import open_desk

    users = open_desk(venue).records.accounts.all()
    if as_json:
        print_json([{"name": u.name, "role": u.role, "disabled": u.disabled} for u in users])
        return
    table = new_table("name", "role", "state")
    for user in users:
        table.add_row(user.name, user.role, "disabled" if user.disabled else "")
    out.print(table)


@case_app.command("open")
def case_open(
    text: Annotated[str, typer.Argument(help="The description, in plain words.")],
    venue: Venue,
    purpose: Annotated[str, typer.Option(help="One of the venue's purposes.")],
    as_json: Json = False,
) -> None:
    """Open a case.

    Example: reid case open "boy, red hoodie" --purpose missing-child --venue park
    """
    from reid.desk.cases import NewCase
    from reid.venue import actor, open_desk

    desk = open_desk(venue)
    desk.policy.purpose(purpose)
    description = desk.understand(text, actor())
    if not description.query().wishes:
        complain("nothing in this can be searched for yet: describe clothes", "note", "yellow")
    seen = description.circumstances(desk.policy.zone)
    new = NewCase(
        purpose, text, description.to_text(), last_seen_place=seen.place, last_seen_at=seen.at,
        companion=seen.companion,
    )  # fmt: skip
    case = desk.records.book.open(new, actor(), desk.policy.venue.case_hours)
    if as_json:
        print_json({"case": case.name, "expires": case.expires.isoformat()})
    else:
        until = case.expires.astimezone(desk.policy.zone)
        out.print(f"{case.name} is open until {until:%Y-%m-%d %H:%M}")


@case_app.command("list")
def case_list(venue: Venue, as_json: Json = False) -> None:
    """List cases. Example: reid case list --venue park"""
    from reid.venue import open_desk

    desk = open_desk(venue)
    cases = desk.records.book.all()
    if as_json:
        print_json([{"case": c.name, "state": c.state, "outcome": c.outcome} for c in cases])
        return
    table = new_table("case", "state", "purpose", "owner", "opened", "outcome")
    for c in cases:
        when = f"{c.opened.astimezone(desk.policy.zone):%Y-%m-%d %H:%M}"
        table.add_row(c.name, c.state, c.purpose, c.owner, when, c.outcome or "")
    out.print(table)


@case_app.command("close")
def case_close(
    case: CaseName,
    venue: Venue,
    outcome: Annotated[str, typer.Option(help="found-safe, found-elsewhere, withdrawn …")],
) -> None:
    """Close a case. Example: reid case close C-1 --outcome found-safe --venue park"""
    from reid.venue import actor, case_number, open_desk

    closed = open_desk(venue).records.book.close(case_number(case), outcome, actor())
    out.print(f"{closed.name} is closed; `reid erase --case {closed.name}` forgets it now")


@case_app.command("reopen")
def case_reopen(case: CaseName, venue: Venue) -> None:
    """Open a closed case again, unless it is erased. Example: reid case reopen C-1 --venue park"""
    from reid.venue import actor, case_number, open_desk

    again = open_desk(venue).records.book.reopen(case_number(case), actor())
    out.print(f"{again.name} is open again")


def serve(
    venue: Venue,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8440,
    certificate: Annotated[
        Path | None, typer.Option("--tls-certificate", help="PEM file; turns on TLS.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--tls-key", help="PEM file of its key.")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-tls-proxy", help="A proxy on this machine speaks TLS.")
    ] = False,
) -> None:
    """Run the staff web app; where there is no venue yet, it is set up in the browser first.

    Example: reid serve --venue park
    """
    from reid.desk.first_run import is_new
    from reid.venue import open_desk
    from reid.web.server import Listening, run

    where, listening = Listening(host, port, certificate, key, behind_proxy), None
    if is_new(venue):
        listening = _set_up(venue, where)
        if listening is None:
            return
    desk = open_desk(venue)

    def started(address: str) -> None:
        if not desk.records.accounts.all():
            hint = "nobody can sign in yet: `reid user add NAME --role supervisor`"
            complain(hint, "note", "yellow")
        if where.by_other_names and not desk.policy.web.hosts:
            hint = "only the address itself is answered: name the others in [web] hosts"
            complain(hint, "note", "yellow")
        out.print(f"{desk.policy.venue.name}: {address}", highlight=False)

    run(desk, where, started, listening)


def _set_up(venue: "Folder", where: "Listening") -> "socket | None":
    """Have a venue set up in the browser; returns the socket that goes on listening."""
    from reid.storage.postgresql import DATABASE_VARIABLE
    from reid.web.server import run_setup

    def started(link: str) -> None:
        said = f"{venue} is new: set it up in the browser, within half an hour and once, at"
        out.print(said, highlight=False, soft_wrap=True)
        out.print(link, highlight=False, soft_wrap=True)

    return run_setup(venue, os.environ.get(DATABASE_VARIABLE), where, started)


def watch(
    venue: Venue,
    detector: Annotated[
        Path | None, typer.Option(help="YOLO weights or an OpenVINO folder.")
    ] = None,
    embedder: Annotated[str | None, typer.Option(help="Model folder, or regions.")] = None,
    every: Every = "auto",
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Prometheus metrics, at 127.0.0.1 only.")
    ] = None,
    cluster: Cluster = None,
    cpus: Cpus = 1.0,
    gpus: Gpus = 0.0,
) -> None:
    """Index the venue's live cameras and raise alerts. Example: reid watch --venue park"""
    from functools import partial

    from reid.loading import IndexOptions, VenueEmbedder, described_again, load_tracker
    from reid.venue import open_desk
    from reid.watch.watcher import run

    options = IndexOptions(detector, None, embedder, frames_wanted(every))
    if cluster is not None:
        from reid.cli.fleet import watch_on
        from reid.fleet.messages import Resources

        watch_on(cluster, open_desk(venue), options, Resources(cpus, gpus), metrics_port)
        return
    models = partial(VenueEmbedder, venue, options), partial(load_tracker, options)
    again = partial(described_again, venue, options)
    run(open_desk(venue), *models, options.every, metrics_port, again)


def sites(
    text: Annotated[str, typer.Argument(help="A description, in plain words.")],
    venue: Venue,
    name: Annotated[str, typer.Option("--as", help="Who asks: a supervisor's name.")],
    case: InCase = None,
    site: Annotated[
        list[str] | None, typer.Option("--site", help="Only this site; may be repeated.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many matches a site.")] = 10,
    password_stdin: FromStdin = False,
    as_json: Json = False,
) -> None:
    """Search the other sites that the rules name; audited here and at each of them.

    Example: reid sites "boy, red hoodie" --venue park --case C-1 --as anna
    """
    from reid.cli.answers import match_json
    from reid.venue import case_sites, clock_of, open_desk

    sign_in = name, _password(password_stdin, confirm=False)
    found = case_sites(open_desk(venue), case, text, site or (), top, sign_in)
    if as_json:
        answers = [(one.site, one.answer) for one in found]
        print_json([
            {"site": at, "outcome": a.outcome, "matches": [match_json(m) for m in a.matches]}
            for at, a in answers
        ])  # fmt: skip
        return
    for one in found:
        out.print(f"{one.site}: {one.searched} sightings searched", style="bold")
        show_answer(one.answer, clock_of(venue))


def status(
    venue: Venue,
    live: Annotated[bool, typer.Option("--live", help="Go on showing, until Ctrl-C.")] = False,
    as_json: Json = False,
) -> None:
    """Show cameras, nodes, lag, drops and the table. Example: reid status --venue park --live"""
    from reid.cli.status import show, view_of, watch_view

    if as_json:
        print_json(view_of(venue).to_json())
    elif live:
        watch_view(venue)
    else:
        out.print(show(view_of(venue)))


def maintain(venue: Venue, as_json: Json = False) -> None:
    """Erase what is over its time, join small files, build indexes; for a timer.

    Example: reid maintain --venue s3://bucket/park
    """
    from reid.store import Store
    from reid.store.maintenance import NOTHING
    from reid.venue import open_venue

    opened = open_venue(venue)
    gone = opened.expired
    waiting = venue.exists() and not Store.exists(venue)
    kept = NOTHING if waiting else Store.open(venue).maintain()
    opened.send_seals()
    if opened.clock_doubt:
        complain(opened.clock_doubt, "warning", "yellow")
    if as_json:
        print_json(kept.to_json())
        return
    if gone.anything:
        out.print(f"erased, over their time: sightings {gone.sightings}, cases {len(gone.cases)}")
    if waiting:
        out.print("no sightings are stored yet: nothing else needed it")
        return
    out.print(
        f"{kept.sightings} sightings in {kept.files} files, {kept.size / 1e6:.1f} MB; "
        f"{kept.old_versions} old versions stay for readers for a few minutes",
        soft_wrap=True,
    )


def _password(from_stdin: bool, *, confirm: bool = True) -> str:
    if from_stdin:
        return typer.get_text_stream("stdin").readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=confirm))
