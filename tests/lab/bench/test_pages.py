"""Generated pages: they say what the stored results say, the newest of each, old ones as old."""

import json
import re
from pathlib import Path

import pytest

from reid.lab.bench.report import freshness, pages
from reid.lab.bench.report.drawing import as_svg
from reid.lab.bench.report.freshness import newest, outdated, title, todays_weights
from reid.lab.bench.report.markdown import RENEW, headlines, page, with_blocks
from reid.lab.bench.report.stored import STORED, Stored, read_results, readable_results
from tests.lab.bench.test_bench_command import bench  # noqa: F401
from tests.lab.bench.test_results import RECORDED


def stored(benchmark: str = "evidence", **run: object) -> Stored:
    """Return a recorded result as if measured with today's weights; `run` changes its record."""
    found = json.loads((RECORDED / f"{benchmark}.json").read_text())
    model_id, hash_ = todays_weights()["appearance"]
    said = {
        "weights": {model_id: hash_},
        "models": {model_id: model_id},
        "schema_version": 2,
        "command": f"reid bench {benchmark} --data people",
        "data_name": "people",
        **run,
    }
    (one,) = read_results([RECORDED / f"{benchmark}.json"])
    kind = type(one.result)
    result = kind.model_validate({**found, "run": {**found["run"], **said}})
    return Stored(Path(f"{benchmark}-people.json"), result)


def test_pages_say_what_the_stored_results_say() -> None:
    """A figure on these pages comes from `reid bench NAME --save`, or it is not there."""
    shown = newest(readable_results(STORED)[0])
    stale = [
        f"{title(one)} ({'; '.join(old)}): renew with `{one.result.run.command}`"
        for one in shown
        if (old := outdated(one.result.run))
    ]
    for path, text in pages.generated().items():
        again = "\n".join([f"{path} is not what results say: run `{RENEW}`", *stale])
        assert path.read_text(encoding="utf-8") == text, again


def test_every_plot_of_the_page_is_there() -> None:
    text = pages.FIGURES.read_text(encoding="utf-8")
    links = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert links
    missing = [link for link in links if not (pages.FIGURES.parent / link).is_file()]
    assert missing == [], f"run `{RENEW}`"


def test_stored_results_name_no_folder_of_a_machine() -> None:
    files = sorted(STORED.glob("*.json"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'"[^"]*/(?:home|work|tmp|root|mnt|Users)/', text), path.name
        assert path.stat().st_size < 100_000, path.name


def test_the_newest_result_of_a_command_is_shown() -> None:
    before = stored(started="2026-01-01T00:00:00+00:00")
    after = stored(started="2026-02-01T00:00:00+00:00")
    other = stored(command="reid bench evidence --data people --seed 1")
    shown = newest([before, after, other])
    assert before not in shown
    assert [title(one) for one in shown] == ["evidence: people", "evidence: people, --seed 1"]


def test_older_weights_are_said_to_be_older() -> None:
    model_id = todays_weights()["appearance"][0]
    now, same_name = stored(), stored(weights={model_id: "0" * 32})
    assert outdated(now.result.run) == ()
    assert outdated(same_name.result.run) == (f"{model_id} as it was",)
    old = stored(models={"appearance-1": "appearance-1"}, weights={"appearance-1": "0" * 32})
    assert outdated(old.result.run) == (f"appearance-1, before {model_id}",)
    text = page([old])
    assert text.index("# Of older weights") < text.index("## evidence: people")
    again = "renew with `reid bench evidence --data people`"
    assert f"**Measured with older weights** (appearance-1, before {model_id}): {again}." in text
    assert "older weights" in headlines([old])
    assert "lder weights" not in page([now]) + headlines([now])


def test_results_that_say_no_model_are_old_unless_a_hash_is_todays() -> None:
    hash_ = todays_weights()["appearance"][1]
    for weights, old in (({"heads": hash_}, False), ({"heads": "0" * 32}, True)):
        run = stored(schema_version=1, weights=weights).result.run
        assert bool(outdated(run)) is old


def test_weights_that_changed_make_results_old(monkeypatch: pytest.MonkeyPatch) -> None:
    one = stored()
    assert not outdated(one.result.run)
    monkeypatch.setattr(freshness, "todays_weights", lambda: {"appearance": ("appearance-99", "1")})
    assert "before appearance-99" in page([one])


def test_short_tables_are_of_our_weights_and_of_the_model_asked_for() -> None:
    ours, rival = stored(), stored(weights={"resnet": "1"}, models={}, command="reid bench x")
    assert headlines([ours, rival]).count("\n") == 3, "heading, rule, one row"
    assert headlines([ours], "appearance") == headlines([ours])
    assert headlines([ours], "person-head").count("\n") == 2
    head = {"heads": todays_weights()["person-head"]}
    crops = stored(
        weights={"heads": head["heads"][1]},
        models={"heads": head["heads"][0]},
        command="reid bench y",
    )
    assert headlines([crops], "person-head").count("\n") == 2, "it only helps there"


def test_only_what_is_between_the_marks_is_made_anew() -> None:
    text = "Before 1 %.\n<!-- figures: made -->\nold\n<!-- end of figures -->\nAfter.\n"
    again = with_blocks(text, [stored()])
    assert again.startswith("Before 1 %.\n<!-- figures: made -->\n| measured")
    assert again.endswith("|\n<!-- end of figures -->\nAfter.\n")
    assert with_blocks(again, [stored()]) == again


def test_a_result_that_cannot_be_read_any_more_is_named_and_the_others_are_shown(
    tmp_path: Path,
) -> None:
    (tmp_path / "good.json").write_text((RECORDED / "agreement.json").read_text())
    command = "reid bench speed --frames 9"
    changed = {"run": {"benchmark": "speed", "command": command}}
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    results, problems = readable_results(tmp_path)
    assert [one.path.name for one in results] == ["good.json"]
    (line,) = problems
    assert line.startswith("changed.json is of another version")
    text = page(results, problems=problems)
    assert f"renew it, `{command}`" in text[text.index("# Not read any more") :]


CLAIM = re.compile(
    r"\d ?%|(?<![\w.])\.\d{2,}|\[\d+, \d+\]|\d+ of \d+\b"
    r"|(?:rank-1|mAP|AUC|AP50|HOTA|frames/s)\W{1,4}\d"
)
"""A share, an interval, a count of so many, or a figure of the field with a number behind it."""


def written_by_hand(path: Path) -> str:
    """Return the prose of a page, without generated blocks, code and comments."""
    text = with_blocks(path.read_text(encoding="utf-8"), [])
    text = re.sub(r"<!-- figures.*?<!-- end of figures -->", "", text, flags=re.DOTALL)
    return re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)


def test_readme_claims_no_figure_by_hand() -> None:
    text = written_by_hand(pages.ROOT / "README.md")
    assert CLAIM.findall(text) == [], f"save the result and run `{RENEW}` instead"


def test_a_figure_by_hand_is_seen() -> None:
    for claim in ("87 % of it", "94.6 % [91, 97]", ".92 / .79", "24 of 24", "rank-1 92", "mAP: 80"):
        assert CLAIM.search(f"It does {claim} today."), claim
    for words in (
        "a 768 × 432 clip",
        "at most 72 hours",
        "version 3.11.2",
        "the first ten",
        "0700",
    ):
        assert not CLAIM.search(words), words


@pytest.mark.parametrize(
    "card", sorted((pages.ROOT / "models").glob("*/README.md")), ids=lambda card: card.parent.name
)
def test_a_card_says_what_was_measured_with_its_weights(card: Path) -> None:
    text = card.read_text(encoding="utf-8")
    (of,) = re.findall(r"<!-- figures of ([\w-]+):", text)
    assert of == card.parent.name
    model_id = todays_weights()[of][0]
    assert text.startswith(f"# {of} ({model_id})")
    assert "**Measured** with these weights" in text


def test_a_page_folds_long_tables_and_escapes_cells() -> None:
    text = page([stored()])
    assert text.count("<details>") == text.count("</details>") == 1
    for row in re.findall(r"^\| .*\|$", text, re.MULTILINE):
        assert not re.search(r"<(?!/?details|/?summary)", row), row


def test_a_plot_is_the_same_bytes_every_time() -> None:
    pytest.importorskip("matplotlib")
    (plot, *_) = stored("retrieval").result.plots()
    assert as_svg(plot, "a") == as_svg(plot, "a")
    assert as_svg(plot, "<a>").startswith('<svg role="img" aria-label="&lt;a&gt;"')


def test_report_writes_one_page_and_says_what_is_old(
    tmp_path: Path,
    bench,  # noqa: F811
) -> None:
    given = (str(RECORDED / "evidence.json"), str(RECORDED / "agreement.json"))
    files = {kind: tmp_path / f"figures.{kind}" for kind in ("md", "csv", "tex")}
    written = ("--csv", str(files["csv"]), "--latex", str(files["tex"]))
    code, out, err = bench("report", *given, "--out", str(files["md"]), *written)
    assert code == 0, err
    assert "renew with `reid bench evidence`" in err
    assert "of what is true of a person" in " ".join(out.split())
    assert "## evidence: evidence" in files["md"].read_text()
    assert all(path.stat().st_size for path in files.values())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.json"], "nowhere.json cannot be read"),
        ([str(RECORDED), "--out", "x.pdf"], "end the name in .html or .md"),
        ([str(RECORDED), "--pages"], "name none"),
    ],
)
def test_what_cannot_be_reported_is_one_line(arguments: list[str], says: str, bench) -> None:  # noqa: F811
    code, out, err = bench("report", *arguments)
    assert code in {1, 2}
    assert says in " ".join(err.split())
    assert "Traceback" not in err
    assert not out
