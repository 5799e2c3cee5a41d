"""Whether a result is of the weights that ship today, and the newest of several."""

import re
from collections.abc import Iterable
from functools import cache

from reid.lab.bench.registry import BENCHMARKS
from reid.lab.bench.report.record import Record, hash_of
from reid.lab.bench.report.stored import Stored
from reid.weights import registry


def outdated(run: Record) -> tuple[str, ...]:
    """Return a line for each model of ours that was measured with other weights than today's.

    Models that do not ship with this program are what they are; a result that does not say which
    of its models ship with it (version 1) counts as outdated where a hash is not today's.
    """
    today = todays_weights()
    if run.schema_version == 1:
        hashes = {hash_ for _, hash_ in today.values()}
        unknown = [name for name, hash_ in run.weights.items() if hash_ not in hashes]
        return tuple(f"{name}, weights of an older version" for name in unknown)
    lines = []
    for role, model_id in run.models.items():
        now, hash_ = today.get(family(model_id), ("", ""))
        if run.weights[role] != hash_:
            lines.append(
                f"{model_id} as it was" if now == model_id else f"{model_id}, before {now}"
            )
    return tuple(dict.fromkeys(lines))


@cache
def todays_weights() -> dict[str, tuple[str, str]]:
    """Return model id and hash of the weights that ship with this program, by `family`."""
    return {family(m.model_id): (m.model_id, hash_of(m.folder)) for m in registry.shipped()}


def family(model_id: str) -> str:
    """Return what a model is called whatever its version: appearance of appearance-5."""
    return re.sub(r"-\d+$", "", model_id)


def newest(results: Iterable[Stored]) -> list[Stored]:
    """Return the newest result of each command, in the order of benchmarks and then of names."""
    kept: dict[tuple[str, str, str | None], Stored] = {}
    for one in results:
        run = one.result.run
        key = (run.benchmark, run.command or one.path.stem, run.label)
        if key not in kept or kept[key].result.run.started < run.started:
            kept[key] = one
    order = list(BENCHMARKS)
    return sorted(
        kept.values(),
        key=lambda one: (order.index(one.result.run.benchmark), one.path.stem, title(one)),
    )


def title(one: Stored) -> str:
    """Return a heading: the benchmark, its data, and the options that tell it from others."""
    run = one.result.run
    if run.command is None:
        return f"{run.benchmark}: {one.path.stem}"
    if run.label is not None:
        return f"{run.label}, {run.data_name}" if run.data_name else run.label
    said = run.command.removeprefix(f"reid bench {run.benchmark}")
    rest = re.sub(r" --data (\S+)", "", said).strip()
    return f"{run.benchmark}: " + (", ".join(x for x in (run.data_name, rest) if x) or "by itself")
