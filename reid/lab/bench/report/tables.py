"""Results as tables: what the terminal and the report both show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Row = tuple[str, ...]

_RANKING: Final = ("rank1", "rank5", "rank10", "mAP", "mINP")
_WAYS: Final = (
    ("minus_camera_mean", "- camera mean"),
    ("pooled", "sightings"),
    ("reranked", "re-ranked"),
)

_OUTCOMES: Final = ("found", "unsure", "nobody_fits")
_SAID_OF_SIGHTINGS: Final = ("upper_colour", "lower_colour")


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, rows, and a line below."""

    columns: Row
    rows: tuple[Row, ...]
    note: str = ""


def figure(value: float | None, ends: list[float] | None = None) -> str:
    """Return a share as in tables of the field, in per cent: 93.3 [90, 96]."""
    if value is None:
        return "-"
    if ends is None:
        return f"{value * 100:.1f}"
    return f"{value * 100:.1f} [{ends[0] * 100:.0f}, {ends[1] * 100:.0f}]"


def retrieval(result: dict[str, Any]) -> list[Table]:
    """Figures by row, ways of comparing by column."""
    heads = "heads redacted" if result["redacted"] else "WITH HEADS"
    ways = [(result, "plain"), *((result[key], label) for key, label in _WAYS)]
    ways = [(figures, label) for figures, label in ways if figures is not None]
    rows = tuple(
        (name, *(figure(figures[name], figures["intervals"][name]) for figures, _ in ways))
        for name in _RANKING
    )
    note = (
        f"{result['model_id']}, {heads}: "
        f"{result['n_query']} queries, {result['n_gallery']} in the gallery"
    )
    return [Table(("%", *(label for _, label in ways)), rows, note)]


def description(result: dict[str, Any]) -> list[Table]:
    """One row a kind of description."""
    shown = ("rank1", "rank10", "mAP")
    kinds = [("all", result), ("together", result["together"])]
    for part, label in (("by_camera", "camera "), ("by_description", ""), ("altered", "")):
        kinds += [(label + name.replace("_", " "), found) for name, found in result[part].items()]
    rows = tuple(
        (
            label,
            *(figure(found[name], found["intervals"][name]) for name in shown),
            f"{found['time_to_find']['median']:g}",
            f"{found['time_to_find']['mean']:.1f}",
        )
        for label, found in kinds
    )
    note = (
        f"{result['model_id']}, heads redacted: "
        f"{result['n_query']} queries, {result['n_gallery']} in a gallery"
    )
    return [Table(("%", *shown, "looked at", "mean"), rows, note)]


def ranking(result: dict[str, Any]) -> list[Table]:
    """Parts of the score left out, what was said and came true, and questions."""
    parts = [
        (kind.replace("_", " "), name, *_part_figures(one))
        for kind, variants in result["parts"].items()
        for name, one in variants.items()
    ]
    said = [
        (
            kind.replace("_", " "),
            figure(one["first_ten_said"]),
            figure(one["first_ten_true"]),
            *(figure(one[state][name]) for state in ("there", "away") for name in _OUTCOMES),
            figure(one["found_is_right"]),
        )
        for kind, one in result["outcomes"].items()
    ]
    asked = result["questions"]
    low, high = asked["saves_interval"]
    note = (
        f"questions until among the first three: {asked['best']} by gain, {asked['fixed']} in the "
        f"order of the form; saves {asked['saves']} [{low}, {high}]"
    )
    heads = [f"{state}: {name}" for state in ("there", "away") for name in _OUTCOMES]
    return [
        Table(("%", "without", "first", "first three", "MRR", "costs"), tuple(parts)),
        Table(("%", "ten: said", "true", *heads, "found is right"), tuple(said), note),
        _honesty(result["honesty"]),
    ]


def _honesty(result: dict[str, dict[str, float]]) -> Table:
    rows = tuple(
        (name.replace("_", " "), claim.replace("_", " "), *(
            figure(one[f"{claim}_{what}"]) for what in ("said", "true", "error")
        ), f"{one[f'{claim}_brier']:.3f}")
        for name, one in result.items()
        for claim in ("first", "first_ten", "each")
    )  # fmt: skip
    return Table(("%", "is the person", "said", "true", "calibration error", "Brier"), rows)


def _part_figures(one: dict[str, Any]) -> Row:
    low, high = one["costs_interval"]
    costs = f"{one['costs'] * 100:+.1f} [{low * 100:+.1f}, {high * 100:+.1f}]"
    return (
        figure(one["rank1"]),
        figure(one["rank3"]),
        figure(one["mean_reciprocal_rank"]),
        costs if any((one["costs"], low, high)) else "",
    )


def attributes(result: dict[str, Any]) -> list[Table]:
    """One row a target."""
    names = ("mA", "AUC", "ECE")
    mean = (figure(result[name], result["intervals"][name]) for name in names)
    rows: list[Row] = [("mean over targets", *mean, str(result["n_images"]))]
    for name, target in result["targets"].items():
        of = f"{target['positive']} of {target['n']}"
        rows.append((name, *(figure(target[key]) for key in names), of))
    f1 = figure(result["F1"], result["intervals"]["F1"])
    missing = len(result["not_estimated"])
    note = (
        f"{result['model_id']}, heads redacted: F1 {f1}; {missing} more targets are not estimated"
    )
    tables = [Table(("%", *names, "true of"), tuple(rows), note)]
    return tables + ([_sightings(result["sightings"])] if result["sightings"] else [])


def _sightings(by_camera: dict[str, Any]) -> Table:
    rows = tuple(
        (
            f"camera {camera}",
            *(figure(found[k]["share"], found[k]["interval"]) for k in _SAID_OF_SIGHTINGS),
            figure(found["any_bag_auc"]),
            str(found["n"]),
        )
        for camera, found in by_camera.items()
    )
    columns = ("%", "upper colour", "lower colour", "any bag, AUC", "sightings")
    return Table(columns, rows, "the likeliest colour is one of those described")


def detection(result: dict[str, Any]) -> list[Table]:
    """Average precision, recall, and heads covered."""
    people = str(result["n_people"])
    rows = [(name, figure(result[name], e), people) for name, e in result["intervals"].items()]
    shares = {f"heads covered, profile {p}": share for p, share in result["coverage"].items()}
    shares |= {f"  people of {size}": s for size, s in result["coverage_by_size"].items()}
    rows += [
        (label, figure(share["share"], share["interval"]), str(share["n"]))
        for label, share in shares.items()
    ]
    rows += [(f"pixels painted, profile {p}", figure(s), "") for p, s in result["painted"].items()]
    note = f"{result['model_id']}, heads: {result['heads_model'] or 'no model'}"
    return [Table(("%", "figure", "n"), tuple(rows), note)]


def tracking(result: dict[str, Any]) -> list[Table]:
    """Figures by film, then heads covered."""
    names = ("HOTA", "IDF1", "MOTA")
    films = {"all": result, **result["films"]}
    rows = tuple(
        (
            name,
            *(figure(film[key]) for key in names),
            str(film["switches"]),
            str(film["misses"]),
            str(film["false_positives"]),
        )
        for name, film in films.items()
    )
    note = (
        f"{result['model_id']}: {result['n_people']} people, {result['n_tracks']} tracks, "
        f"{result['frames']} frames at {result['frames_per_second']:.1f}/s"
    )
    tables = [Table(("%", *names, "switches", "missed", "false"), rows, note)]
    if result["head_coverage"] is not None:
        tables.append(_coverage(result["head_coverage"]))
    return tables


def venue(result: dict[str, Any]) -> list[Table]:
    """One row a kind of description, of lost children and of anybody."""
    shown = ("found_first", "found_on_first_screen", "found", "said_found", "left_alone")
    rows = tuple(
        (
            f"{label}, {version}",
            *(_optional(kind[name]) for name in shown),
            "-" if kind["false_looks"]["mean"] is None else f"{kind['false_looks']['mean']:.1f}",
            f"{kind['searched']:.0f}",
            f"{kind['answer_ms']:.0f} ms",
        )
        for label, group in (("lost child", result["lost"]), ("anybody", result["anybody"]))
        for version, kind in group.items()
    )
    visits, pictures = (_optional(result[k]) for k in ("visits_indexed", "pictures_of_people"))
    note = (
        f"{result['model_id']}, {result['detector']}: {visits} % of visits indexed, in "
        f"{result['sightings_a_visit']:.2f} sightings each; {pictures} % of pictures show somebody "
        f"known; indexed {result['times_real_time']:.2f} times as fast as filmed"
    )
    columns = ("%", "first", "first screen", "stored", "said found", "left alone",
               "false looks", "of", "answer")  # fmt: skip
    return [Table(columns, rows, note)]


def _optional(share: dict[str, Any] | None) -> str:
    return "-" if share is None else figure(share["share"], share["interval"])


def _coverage(coverage: dict[str, Any]) -> Table:
    heads = {"heads": coverage["heads"]}
    heads |= {f"  heads of {size}": share for size, share in coverage["by_height"].items()}
    heads |= {"frames without any head left": coverage["frames"]}
    heads |= {"tracks without any head left": coverage["tracks"]}
    heads |= {"heads of people not found": coverage["untouched"]}
    rows = tuple(
        (name, figure(share["share"], share["interval"]), str(share["n"]))
        for name, share in heads.items()
    )
    note = f"of all head area {coverage['area_left'] * 100:.2f} % is left"
    return Table(("% covered", "figure", "n"), rows, note)


def privacy(result: dict[str, Any]) -> list[Table]:
    """Attacks, probes, and what is left of hats."""
    rows = []
    parts = {
        "attacks": "", "probes": "", "faces_recovered": "made again: ", "linked": "found again: ",
        "hats": "hat's colour: ",
    }  # fmt: skip
    for part, mark in parts.items():
        for name, one in result[part].items():
            verdict = "at chance" if one["at_chance"] else "ABOVE CHANCE"
            told = figure(one["accuracy"], one["interval"])
            chance = figure(one["chance"], one["chance_interval"])
            useful = part == "hats" or name == "same day"
            rows.append((mark + name, told, chance, "" if useful else verdict))
    note = f"{result['people']} people; vectors of {result['model_id']}"
    made = tuple(
        (name, figure(one["explained"], one["interval"]), str(one["n"]))
        for name, one in result["recovered"].items()
    )
    beyond = "of what differs between pictures; 0: the mean picture does as well"
    return [
        Table(("% told right", "attacker", "chance", ""), tuple(rows), note),
        Table(("% made again from what is stored", "recovered", "n"), made, beyond),
    ]


def faces(result: dict[str, Any]) -> list[Table]:
    """Both methods, by distance and day."""
    names = {"face": result["face_model"], "appearance": f"{result['model_id']}, heads gone"}
    scenes = [
        (f"{part.replace('_', ' ')}, {height} px", versus)
        for part in ("same_day", "changed_clothes")
        for height, versus in result[part].items()
    ]
    covers = {"mask": "masked", "behind": "from behind"}
    scenes += [(covers[cover], versus) for cover, versus in result["covered"].items()]
    if result["crops"] is not None:
        scenes.append(("real crops", result["crops"]))
    keys = ("rank1", "fnir_at_1_fpir", "failure_to_acquire")
    rows = tuple(
        (label, method, *(figure(one[k], one["intervals"][k]) for k in keys))
        for label, versus in scenes
        for method, one in versus.items()
    )
    far = ", ".join(f"{h} px: {metres} m" for h, metres in result["metres"].items())
    note = (
        f"px: height of the head (before a 1080p camera of 40°: {far}). "
        f"face: {names['face']}; appearance: {names['appearance']}"
    )
    return [Table(("%", "method", "rank-1", "FNIR @ 1 %", "not acquired"), rows, note)]


_SEARCH: Final = ("sightings", "search", "p50 ms", "p95 ms", "processor ms", "recall@10")
_PROCESSOR: Final = "processor: time of all threads, what it takes whatever else the machine does"


def scale(result: dict[str, Any]) -> list[Table]:
    """A table's growth, a fleet's pace, and what large fleets need on paper."""
    grown = tuple(_grown(at) for at in result["table"])
    heads = (
        "sightings",
        "appended/s",
        "commit p50/p95 ms",
        "index s, MB",
        "erasure s",
        "load s, MB",
    )
    tables = [Table(heads, grown, f"on {result['storage']}")]
    searches = tuple(
        (
            f"{at['sightings']:,}",
            way,
            f"{timed['p50_ms']:.1f}",
            f"{timed['p95_ms']:.1f}",
            f"{at['processor'][way]:.1f}",
            "" if timed["recall_at_10"] is None else f"{timed['recall_at_10']:.2f}",
        )
        for at in result["table"]
        for way, timed in at["search"].items()
    )
    tables.append(Table(_SEARCH, searches, _PROCESSOR))
    if result["pace"]:
        paces = tuple(
            (
                str(p["nodes"]),
                f"{p['cores']:g}",
                str(p["cameras"]),
                f"{p['frames_per_second']:.1f}",
                f"{p['frames_per_core']:.1f}",
            )
            for p in result["pace"]
        )
        tables.append(
            Table(("nodes", "cores", "cameras", "frames/s", "a core's second"), paces, "")
        )
    return [*tables, _paper(result)]


def _grown(at: dict[str, Any]) -> tuple[str, ...]:
    loaded = "does not fit"
    if at["load_seconds"] is not None:
        loaded = f"{at['load_seconds']:.1f}, {at['load_mb']:.0f}"
    return (
        f"{at['sightings']:,}",
        f"{at['appended']:.0f}",
        f"{at['commit']['p50_ms']:.0f}/{at['commit']['p95_ms']:.0f}",
        f"{at['index_seconds']:.1f}, {at['index_mb']:.0f}",
        f"{at['erase_seconds']:.1f}",
        loaded,
    )


def _paper(result: dict[str, Any]) -> Table:
    """What large fleets need, by multiplication."""
    rows = tuple(
        (
            f"{c['cameras']:,} × {c['hours']:g} h",
            f"{c['cores']:,.0f}",
            f"{c['core_hours']:,}",
            f"{c['storage_gb']:,.0f}",
            f"{c['sightings'] / 1e6:.1f}",
            c["limit"],
        )
        for c in result["costs"]
    )
    said = "measured" if result["frames_per_core_measured"] else "assumed"
    given = result["assumed"]
    note = (
        f"{result['frames_per_core']:.1f} frames/s a core ({said}); assumed: "
        f"{given['looks_per_second']:g} frames looked at a second and "
        f"{given['sightings_per_hour']:g} sightings an hour, a camera"
    )
    heads = ("fleet", "cores", "core-hours", "GB", "million sightings", "limit")
    return Table(heads, rows, note)


def speed(result: dict[str, Any]) -> list[Table]:
    """Video against the chain, and search by size."""
    tables = []
    if result["ours"] is not None:
        paces = [(n, result[n]) for n in ("ours", "chain") if result[n] is not None]
        raced = tuple(
            (
                name,
                f"{pace['frames_per_second']:.1f}",
                f"{pace['frames_per_core_second']:.1f}",
                ", ".join(f"{k} {v:.1f}" for k, v in pace["ms_per_frame"].items()),
            )
            for name, pace in paces
        )
        ratio = result["times_faster"]
        less = result["times_less_work"]
        note = "" if ratio is None else f"{ratio:.1f} times as fast as the chain, {less:.1f} a core"
        tables.append(Table(("video", "frames/s", "a core", "ms a frame"), raced, note))
    grown = (
        ("people at 1280 × 720", "by_people"),
        ("cameras at 1280 × 720, five people each", "by_cameras"),
    )
    for head, name in grown:
        if paces_by := result.get(name):
            lines = tuple(
                (n, f"{pace['frames_per_second']:.1f}", f"{pace['frames_per_core_second']:.1f}")
                for n, pace in paces_by.items()
            )
            tables.append(Table((head, "frames/s", "a core"), lines))
    rows = tuple(
        (
            f"{int(n):,}",
            way,
            f"{timed['p50_ms']:.2f}",
            f"{timed['p95_ms']:.2f}",
            "" if timed["recall_at_10"] is None else f"{timed['recall_at_10']:.3f}",
        )
        for n, ways in result["search"].items()
        for way, timed in ways.items()
    )
    note = f"largest memory {result['memory_mb']:.0f} MB"
    return [*tables, Table(("search", "way", "p50 ms", "p95 ms", "recall@10"), rows, note)]


def fairness(result: dict[str, Any]) -> list[Table]:
    """Two rows a property: its arms."""
    kinds = ("false_match", "miss", "found", "redaction_failure", "skin_left")
    rows = []
    for one in result["changes"].values():
        ends = one["intervals"]
        first, second = one["miss"]
        low, high = ends["false_match_ratio"]
        worst = one["worst_to_best_false_match"]
        spread = f"{'∞' if worst is None else f'{worst:.2f}'} [{low:.2f}, {high:.2f}]"
        gap = figure(one["miss_difference"], ends["miss_difference"])
        rates = {name: tuple(figure(one[kind][name]) for kind in kinds) for name in (first, second)}
        told = one["told_from_vector"]
        verdict = "at chance" if told["at_chance"] else "ABOVE CHANCE"
        rows.append((first, *rates[first], spread, gap, figure(told["accuracy"])))
        rows.append((second, *rates[second], "", "", verdict))
    columns = (
        "%", "false match", "miss", "found", "head left", "its skin", "worst/best", "miss gap",
        "told",
    )  # fmt: skip
    people = max((one["n_people"] for one in result["changes"].values()), default=0)
    note = (
        f"{result['model_id']}, {people} people; in brackets the interval of first ÷ second and "
        "first - second; told: a probe's share of vectors assigned to the right arm"
    )
    tables = [Table(columns, tuple(rows), note)]
    return [*tables, _face_rates(result)] if result["faces"] else tables


def _face_rates(result: dict[str, Any]) -> Table:
    """The face-based method on the same pictures, two rows a property."""
    rows = []
    for one in result["faces"].values():
        compared = one["compared"]
        for arm, lost in one["failure_to_acquire"].items():
            rates = (None, None)
            if compared is not None:
                rates = (compared["false_match"][arm], compared["miss"][arm])
            rows.append((arm, figure(lost), *map(figure, rates)))
    columns = ("% by face", "not acquired", "false match", "miss")
    return Table(columns, tuple(rows), f"{result['face_model']}, heads left on")


def agreement(result: dict[str, Any]) -> list[Table]:
    """One row a clip, and all of them."""
    named = [*result["clips"].items(), ("all", result)]
    rows = tuple(
        (
            name,
            f"{found['n_people']} in {found['n_frames']}",
            figure(found["found_indexed"]),
            figure(found["found_redacted"]),
            f"{found['false_a_frame']:.3f}",
        )
        for name, found in named
    )
    columns = ("%", "people, frames", "found, indexed", "found, redacted", "false a frame")
    return [Table(columns, rows, "of the people whom the peer finds at confidence 0.5")]


TABLES: Final[dict[str, Callable[[dict[str, Any]], list[Table]]]] = {
    "retrieval": retrieval,
    "description": description,
    "ranking": ranking,
    "attributes": attributes,
    "detection": detection,
    "tracking": tracking,
    "venue": venue,
    "agreement": agreement,
    "privacy": privacy,
    "faces": faces,
    "speed": speed,
    "scale": scale,
    "fairness": fairness,
}
"""The tables of each benchmark, from its JSON."""
