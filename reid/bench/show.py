"""Results as tables in the terminal."""

from typing import Any, Final

from reid.console import new_table, out

_RANKING: Final = ("rank1", "rank5", "rank10", "mAP", "mINP")
_ROWS: Final = (
    ("minus_camera_mean", "- camera mean"),
    ("pooled", "sightings"),
    ("reranked", "re-ranked"),
)


def show(name: str, result: dict[str, Any]) -> None:
    """Print a benchmark's result, from its JSON."""
    _SHOWN.get(name, _plain)(result)
    run = result["run"]
    out.print(
        f"[dim]{run['version']} {run['commit'] or ''} · seed {run['seed']} · "
        f"{run['seconds']:.0f} s · {run['machine']['cores']} cores[/]",
        highlight=False,
    )


def figure(value: float, ends: list[float] | None = None) -> str:
    """Return a share as in tables of the field, in per cent: 93.3 [90, 96]."""
    if ends is None:
        return f"{value * 100:.1f}"
    return f"{value * 100:.1f} [{ends[0] * 100:.0f}, {ends[1] * 100:.0f}]"


def _retrieval(result: dict[str, Any]) -> None:
    heads = "heads redacted" if result["redacted"] else "WITH HEADS"
    out.print(f"[bold]{result['model_id']}[/], {heads}", highlight=False)
    columns = [(result, "plain"), *((result[key], label) for key, label in _ROWS)]
    _rankings([(figures, label) for figures, label in columns if figures is not None])
    out.print(f"{result['n_query']} queries, {result['n_gallery']} in the gallery", highlight=False)


def _description(result: dict[str, Any]) -> None:
    out.print(f"[bold]{result['model_id']}[/], heads redacted", highlight=False)
    shown = ("rank1", "rank10", "mAP")
    table = new_table("%", *shown, "looked at", "mean")
    rows = [("all", result), ("together", result["together"])]
    for part, label in (("by_camera", "camera "), ("by_description", ""), ("altered", "")):
        rows += [(label + name, found) for name, found in result[part].items()]
    for label, found in rows:
        cells = [figure(found[name], found["intervals"][name]) for name in shown]
        looked = found["time_to_find"]
        table.add_row(label, *cells, f"{looked['median']:g}", f"{looked['mean']:.1f}")
    out.print(table)
    out.print(f"{result['n_query']} queries, {result['n_gallery']} in a gallery", highlight=False)


def _detection(result: dict[str, Any]) -> None:
    out.print(f"[bold]{result['model_id']}[/], heads: {result['heads_model'] or 'no model'}")
    table = new_table("%", "figure", "n")
    for name, ends in result["intervals"].items():
        table.add_row(name, figure(result[name], ends), str(result["n_people"]))
    shares = {f"heads covered, profile {p}": share for p, share in result["coverage"].items()}
    shares |= {f"  people of {size}": s for size, s in result["coverage_by_size"].items()}
    for label, share in shares.items():
        table.add_row(label, figure(share["share"], share["interval"]), str(share["n"]))
    for profile, painted in result["painted"].items():
        table.add_row(f"pixels painted, profile {profile}", figure(painted), "")
    out.print(table)


def _attributes(result: dict[str, Any]) -> None:
    out.print(f"[bold]{result['model_id']}[/], heads redacted", highlight=False)
    table = new_table("%", "mA", "AUC", "ECE", "true of")
    mean = [figure(result[name], result["intervals"][name]) for name in ("mA", "AUC", "ECE")]
    table.add_row("mean over targets", *mean, str(result["n_images"]))
    for name, target in result["targets"].items():
        cells = [figure(target[key]) for key in ("mA", "AUC", "ECE")]
        table.add_row(name, *cells, f"{target['positive']} of {target['n']}")
    out.print(table)
    out.print(f"F1 {figure(result['F1'], result['intervals']['F1'])}", highlight=False)
    if result["not_estimated"]:
        out.print(f"{len(result['not_estimated'])} more targets are not estimated", highlight=False)


def _privacy(result: dict[str, Any]) -> None:
    table = new_table("% identified", "attacker", "chance", "")
    for part, mark in (("attacks", ""), ("probes", ""), ("hats", "hat's colour told: ")):
        for name, one in result[part].items():
            verdict = "at chance" if one["at_chance"] else "ABOVE CHANCE"
            table.add_row(
                mark + name,
                figure(one["accuracy"], one["interval"]),
                figure(one["chance"], one["chance_interval"]),
                "" if mark else verdict,
            )
    out.print(table)
    out.print(f"{result['people']} people; vectors of {result['model_id']}", highlight=False)


def _faces(result: dict[str, Any]) -> None:
    names = {"face": result["face_model"], "appearance": f"{result['model_id']}, heads gone"}
    table = new_table("%", "method", "rank-1", "FNIR at 1 % FPIR", "not acquired")
    rows = [
        (f"{part.replace('_', ' ')}, head of {height} px", versus)
        for part in ("same_day", "changed_clothes")
        for height, versus in result[part].items()
    ]
    if result["crops"] is not None:
        rows.append(("real crops", result["crops"]))
    for label, versus in rows:
        for method, one in versus.items():
            ends = one["intervals"]
            cells = [
                figure(one[k], ends[k]) for k in ("rank1", "fnir_at_1_fpir", "failure_to_acquire")
            ]
            table.add_row(label if method == "face" else "", names[method], *cells)
    out.print(table)


def _rankings(columns: list[tuple[dict[str, Any], str]]) -> None:
    """Print rankings side by side, with their 95 % intervals."""
    table = new_table("%", *(label for _, label in columns))
    for name in _RANKING:
        cells = [figure(figures[name], figures["intervals"][name]) for figures, _ in columns]
        table.add_row(name, *cells)
    out.print(table)


def _plain(result: dict[str, Any]) -> None:
    table = new_table("figure", "value")
    for key, value in result.items():
        if isinstance(value, (int, float, str)):
            table.add_row(key, str(value))
    out.print(table)


_SHOWN: Final = {
    "retrieval": _retrieval,
    "description": _description,
    "detection": _detection,
    "attributes": _attributes,
    "privacy": _privacy,
    "faces": _faces,
}
