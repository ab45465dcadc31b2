"""Draws the plot of benchmarks/scaling.py as an SVG: seconds by rows, in powers of ten, one line per worker count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 40, 56, 48
# Color, dashes and marker. Each of them alone tells the lines apart.
LOOKS = (("#0b6e4f", "", "circle"), ("#b3541e", "8 4", "square"), ("#3b5ba5", "2 4", "triangle"))
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600; font-size: 15px }
.grid { stroke: #8886; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } }
"""


class _Axis:
    """Powers of ten around the values, between two positions."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.first = math.floor(math.log10(min(values)))
        self.last = max(math.ceil(math.log10(max(values))), self.first + 1)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.first) / (self.last - self.first)
        return round(self._start + (self._end - self._start) * share, 1)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.first, self.last + 1)]


def draw(runs: Sequence[Mapping[str, Any]]) -> str:
    """Each run has `rows`, `workers` and `mailed`, the seconds from the upload to the last email."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            'aria-label="Seconds from the upload until all are invited and mailed, by rows and workers">',
            f"<style>{STYLE}</style>",
            f'<text class="title" x="{LEFT}" y="22">From the upload until all are invited and mailed</text>',
            *(_inside(runs) if runs else ()),
            "</svg>",
            "",
        )
    )


def _inside(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    x = _Axis([run["rows"] for run in runs], LEFT, WIDTH - RIGHT)
    y = _Axis([run["mailed"] for run in runs], HEIGHT - BOTTOM, TOP)
    for rows in x.ticks():
        place = x.at(rows)
        yield f'<line class="grid" x1="{place}" y1="{TOP}" x2="{place}" y2="{HEIGHT - BOTTOM}"/>'
        yield f'<text x="{place}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{rows:,.0f}</text>'
    for seconds in y.ticks():
        place = y.at(seconds)
        yield f'<line class="grid" x1="{LEFT}" y1="{place}" x2="{WIDTH - RIGHT}" y2="{place}"/>'
        yield f'<text x="{LEFT - 8}" y="{place + 4}" text-anchor="end">{seconds:g} s</text>'
    yield f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">rows</text>'
    by_workers = groupby(sorted(runs, key=lambda run: (run["workers"], run["rows"])), key=lambda run: run["workers"])
    for number, (workers, found) in enumerate(by_workers):
        points = [(x.at(run["rows"]), y.at(run["mailed"])) for run in found]
        color, dashes, mark = LOOKS[number % len(LOOKS)]
        line = " ".join(f"{at_x},{at_y}" for at_x, at_y in points)
        stroke = f'class="line" stroke="{color}" stroke-dasharray="{dashes}"'
        yield f'<polyline {stroke} points="{line}"/>'
        yield from (_mark(mark, color, at_x, at_y) for at_x, at_y in points)
        legend_x = LEFT + 120 * number
        yield f'<line {stroke} x1="{legend_x}" y1="40" x2="{legend_x + 28}" y2="40"/>'
        yield _mark(mark, color, legend_x + 14, 40)
        yield f'<text x="{legend_x + 36}" y="44">{workers} worker{"" if workers == 1 else "s"}</text>'


def _mark(kind: str, color: str, x: float, y: float) -> str:
    if kind == "circle":
        return f'<circle cx="{x}" cy="{y}" r="4" fill="{color}"/>'
    if kind == "square":
        return f'<rect x="{x - 4:g}" y="{y - 4:g}" width="8" height="8" fill="{color}"/>'
    return f'<path d="M{x:g},{y - 5:g} l5,9 h-10 z" fill="{color}"/>'
