"""The plot of responses by day, as coordinates for an SVG.

Acceptances grow from the bottom, and invitations that ended in another way from the top. Pending ones are between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.wording import counted, grouped
from invites.imports.selectors.responses import Responses, with_quiet_days

WIDTH, HEIGHT = 500, 260
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 34, 26
_ACCEPTED = ngettext_lazy("{count} accepted", "{count} accepted")
_INVITED = ngettext_lazy("{count} invited", "{count} invited")
_TITLE = ngettext_lazy(
    "{accepted} of {count} invited person has accepted as of {date}.",
    "{accepted} of {count} invited people have accepted as of {date}.",
)


@dataclass(frozen=True)
class Tick:
    """A label on an axis and its position in units of the view box."""

    at: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Plot:
    """All that the template needs: lines as `x,y x,y …`, and labels with their positions."""

    width: int
    height: int
    left: int
    right: int
    bottom: float
    line: str
    area: str
    ended: str
    last_x: float
    last_y: float
    last_label: str
    last_anchor: str
    label_dy: int
    invited_y: float
    invited_label: str
    y_ticks: list[Tick]
    x_ticks: list[Tick]
    title: str


def plot_of(responses: Responses) -> Plot:
    """The running totals until today, below a dashed line at the number of invited people."""
    accepted, invited = responses.summary.accepted, responses.summary.invited
    first, today = responses.days[0].day, responses.days[-1].day
    changed = responses.days[-2].day if len(responses.days) > 1 else first
    end = max(changed, timezone.localdate(responses.expires_at) if responses.expires_at else changed)
    # So that the days with responses keep most of the width, even a year later.
    shown = min(today, end)
    span = max(1, (end - first).days)

    def x_of(offset: int) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * offset / span, 1)

    def y_of(count: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / invited, 1)

    days = [(x_of((min(day, shown) - first).days), totals) for day, totals in with_quiet_days(responses.days)]
    points = [(x_of(0), y_of(0))] if len(days) > 1 else []
    points += [(x, y_of(totals.accepted)) for x, totals in days]
    last_x, last_y = points[-1]
    line = _joined(points)
    ended = [(x, y_of(invited - totals.ended)) for x, totals in days]
    step = _round_step(invited)
    x_ticks = [Tick(x_of(0), date_format(first, "MONTH_DAY_FORMAT"), "start")]
    if 0.2 < (today - first).days / span < 0.85:
        x_ticks.append(Tick(last_x, _("Today")))
    x_ticks.append(Tick(x_of(span), date_format(end, "MONTH_DAY_FORMAT"), "end"))
    return Plot(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        bottom=y_of(0),
        line=line,
        area=f"{points[0][0]},{y_of(0)} {line} {last_x},{y_of(0)}",
        ended=f"{ended[0][0]},{y_of(invited)} {_joined(ended)} {last_x},{y_of(invited)}" if days[-1][1].ended else "",
        last_x=last_x,
        last_y=last_y,
        last_label=counted(_ACCEPTED, accepted),
        last_anchor="start" if last_x < WIDTH * 0.72 else "end",
        label_dy=_clear_of_lines(accepted / invited, is_left=last_x >= WIDTH * 0.72),
        invited_y=y_of(invited),
        invited_label=counted(_INVITED, invited),
        y_ticks=[Tick(y_of(count), grouped(count)) for count in range(0, invited, step) if count < invited * 0.95],
        x_ticks=x_ticks,
        title=counted(_TITLE, invited, accepted=grouped(accepted), date=date_format(today, "MONTH_DAY_FORMAT")),
    )


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _clear_of_lines(share: float, *, is_left: bool) -> int:
    """The vertical offset of the label from its point, so that no line crosses it. To the left is the plotted line."""
    if share < 0.06:
        return -10
    if share > 0.9:
        return 20
    return -10 if is_left else 4


def _round_step(invited: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that needs at most three lines."""
    steps = (int(digit * 10**power) for power in range(9) for digit in (1, 2, 5))
    return next(step for step in steps if invited <= 3 * step)
