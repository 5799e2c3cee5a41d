"""One plot a function, drawn into matplotlib's axes from a result's JSON."""

from collections.abc import Callable
from typing import Any, Final

Draw = Callable[[Any, dict[str, Any]], None]

_OURS: Final = "#1b6ca8"
_RIVAL: Final = "#c8553d"
_CHANCE: Final = "#999999"


def cmc(axes: Any, result: dict[str, Any]) -> None:
    """Cumulative match characteristic: share found among the first k."""
    shares = result["cmc"]
    axes.plot(range(1, len(shares) + 1), [100 * s for s in shares], color=_OURS)
    axes.set(
        xlabel="first k of the gallery",
        ylabel="queries answered, %",
        ylim=(0, 101),
        title=result["model_id"],
    )
    axes.grid(alpha=0.3)


def reliability(axes: Any, result: dict[str, Any]) -> None:
    """Reliability diagram: how often what was said with a probability was true."""
    rows = result["reliability"]
    largest = max(row["count"] for row in rows) if rows else 1
    axes.plot([0, 1], [0, 1], color=_CHANCE, linestyle="--", label="honest")
    axes.plot([r["said"] for r in rows], [r["true"] for r in rows], color=_OURS)
    axes.scatter(
        [r["said"] for r in rows],
        [r["true"] for r in rows],
        s=[10 + 150 * r["count"] / largest for r in rows],
        color=_OURS,
        label="measured (size: how often)",
    )
    axes.set(xlabel="probability said", ylabel="share true", xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left", frameon=False)


def attacks(axes: Any, result: dict[str, Any]) -> None:
    """Identification by a retrained recogniser, chance beside it."""
    names = list(result["attacks"])
    ones = [result["attacks"][name] for name in names]
    places = range(len(names))
    colours = [_OURS if one["at_chance"] else _RIVAL for one in ones]
    axes.barh(places, [100 * one["accuracy"] for one in ones], color=colours)
    for place, one in zip(places, ones, strict=True):
        low, high = one["interval"]
        axes.plot([100 * low, 100 * high], [place, place], color="black", linewidth=1)
    low, high = ones[0]["chance_interval"]
    axes.axvspan(100 * low, 100 * high, color=_CHANCE, alpha=0.4, label="chance, 95 %")
    axes.set(yticks=list(places), xlim=(0, 100), xlabel=f"identified of {result['people']}, %")
    axes.set_yticklabels(names)
    axes.invert_yaxis()
    axes.legend(frameon=False)


def distance(axes: Any, result: dict[str, Any]) -> None:
    """Rank-1 by height of the head, both methods, same day and other clothes."""
    for part, style in (("same_day", "-"), ("changed_clothes", "--")):
        heights = [int(h) for h in result[part]]
        for method, colour in (("face", _RIVAL), ("appearance", _OURS)):
            found = [100 * result[part][str(h)][method]["rank1"] for h in heights]
            label = f"{method}, {part.replace('_', ' ')}"
            axes.plot(heights, found, style, color=colour, marker="o", label=label)
    axes.set(xlabel="height of the head, px", ylabel="rank-1, %", ylim=(0, 101))
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def missed(axes: Any, result: dict[str, Any]) -> None:
    """FNIR at 1 % FPIR by height of the head."""
    for part, style in (("same_day", "-"), ("changed_clothes", "--")):
        heights = [int(h) for h in result[part]]
        for method, colour in (("face", _RIVAL), ("appearance", _OURS)):
            lost = [100 * result[part][str(h)][method]["fnir_at_1_fpir"] for h in heights]
            label = f"{method}, {part.replace('_', ' ')}"
            axes.plot(heights, lost, style, color=colour, marker="o", label=label)
    axes.set(xlabel="height of the head, px", ylabel="missed at 1 % false alarms, %", ylim=(0, 101))
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def latency(axes: Any, result: dict[str, Any]) -> None:
    """Search latency by number of sightings."""
    sizes = [int(n) for n in result["search"]]
    ways = list(dict.fromkeys(way for s in result["search"].values() for way in s))
    for way in ways:
        times = [result["search"][str(n)].get(way, {}).get("p50_ms") for n in sizes]
        axes.plot(sizes, times, marker="o", label=way)
    axes.set(xscale="log", yscale="log", xlabel="sightings", ylabel="median, ms")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def paces(axes: Any, result: dict[str, Any]) -> None:
    """Frames a second of one core, by number of people and of cameras."""
    grown = (("people", "by_people"), ("cameras, five people each", "by_cameras"))
    for label, name in grown:
        if by := result[name]:
            rates = [pace["frames_per_core_second"] for pace in by.values()]
            axes.plot([int(n) for n in by], rates, marker="o", label=label)
            axes.legend(frameon=False)
    axes.set(xlabel="people, or cameras", ylabel="frames a second of a core", ylim=(0, None))
    axes.grid(alpha=0.3)


def growth(axes: Any, result: dict[str, Any]) -> None:
    """Median latency of each way to search, and of a commit, by number of sightings."""
    ways = list(dict.fromkeys(way for at in result["table"] for way in at["search"]))
    for way in ways:
        found = [(a["sightings"], a["search"][way]) for a in result["table"] if way in a["search"]]
        sizes = [size for size, _ in found]
        axes.plot(sizes, [timed["p50_ms"] for _, timed in found], marker="o", label=way)
        axes.fill_between(
            sizes, [t["p50_ms"] for _, t in found], [t["p95_ms"] for _, t in found], alpha=0.15
        )
    sizes = [at["sightings"] for at in result["table"]]
    commits = [at["commit"]["p50_ms"] for at in result["table"]]
    axes.plot(sizes, commits, "--", color=_CHANCE, marker="s", label="a commit of 32")
    axes.set(xscale="log", yscale="log", xlabel="sightings", ylabel="ms, median to p95")
    axes.set_title(f"on {result['storage']}")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def looked_at(axes: Any, result: dict[str, Any]) -> None:
    """Mean number of thumbnails looked at, by kind of description."""
    groups = {"all": result, **result["by_description"], **result["altered"]}
    means = [found["time_to_find"]["mean"] for found in groups.values()]
    axes.barh(range(len(groups)), means, color=_OURS)
    axes.axvline((result["n_gallery"] + 1) / 2, color=_CHANCE, linestyle="--", label="chance")
    axes.set(yticks=range(len(groups)), xlabel=f"thumbnails looked at, of {result['n_gallery']}")
    axes.set_yticklabels([name.replace("_", " ") for name in groups])
    axes.invert_yaxis()
    axes.legend(frameon=False)


PLOTS: Final[dict[str, tuple[Draw, ...]]] = {
    "retrieval": (cmc,),
    "description": (looked_at,),
    "attributes": (reliability,),
    "privacy": (attacks,),
    "faces": (distance, missed),
    "speed": (latency, paces),
    "scale": (growth,),
}
"""Which plots belong to which benchmark."""


def plots_of(kind: str, result: dict[str, Any]) -> list[Draw]:
    """Return the plots that a result has something for."""
    grown = kind != "speed" or bool(result["by_people"] or result["by_cameras"])
    return [draw for draw in PLOTS.get(kind, ()) if grown or draw is not paces]
