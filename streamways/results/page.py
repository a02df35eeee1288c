"""Writes the results in `docs/results/` into the page of measurements: `python -m streamways.results.page`."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streamways.pages import DOCS, Row, filled, table
from streamways.results.saved import Label, Saved

PAGE: Final = DOCS / "measurements.md"
FOLDER: Final = DOCS / "results"
MODULE: Final = "streamways.results.page"
NONE: Final = "There are none yet: nobody has run this project on AWS and contributed what came out."


def contributed(folder: Path = FOLDER) -> str:
    """The saved results by their labels, in Markdown. Raises CommandError for a file that is none."""
    files = sorted(folder.glob("*.json"))
    found = [(path, Saved.read(path)) for path in files]
    sections = [(label, [each for each in found if each[1].label == label]) for label in Label]
    texts = [_section(label, each) for label, each in sections if each]
    return "\n\n".join(texts if any(saved.label == Label.ON_AWS for _, saved in found) else [NONE, *texts])


def written(text: str, folder: Path = FOLDER) -> str:
    """The page as it is now. Raises ValueError when it lacks its place, and CommandError."""
    return filled(text, MODULE, {"contributed results": contributed(folder)})


def _section(label: Label, found: Sequence[tuple[Path, Saved]]) -> str:
    rows: list[Row] = [row for path, saved in found for row in _rows(path, saved)]
    heads = ["date", "what", "region", "from", "result"]
    return "\n\n".join([f"*{label.capitalize().replace('aws', 'AWS')}*:", table(heads, rows)])


def _rows(path: Path, saved: Saved) -> list[Row]:
    link = f"[{saved.what}](results/{path.name})"
    return [[saved.date[:10], link, saved.region or "–", saved.machine, result] for result in _results(saved)]


def _results(saved: Saved) -> list[str]:
    if saved.what == "race":
        return [
            f"{row['architecture']}: first text after {row['ttftMs']} ms, {row['tokensPerSecond']} tokens/s, "
            f"{row['messages']} messages, {row['totalMs']} ms in all (runs: {row['runs']})"
            for row in saved.tables["streams"]
        ]
    if saved.what == "check":
        counted = Counter(str(row["outcome"]) for row in saved.tables["cases"])
        return [", ".join(f"{count} {outcome}" for outcome, count in counted.most_common())]
    return [f"{sum(map(len, saved.tables.values()))} rows"]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
