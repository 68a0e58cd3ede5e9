"""What was measured, compared with the empty page and with the budgets."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The value that one in twenty exceeds; of a few samples, the largest."""
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]


@dataclass
class Samples:
    """Times in milliseconds and, where something was sent, bytes."""

    name: str
    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, milliseconds: float, size: int = 0) -> None:
        self.times.append(milliseconds)
        self.sizes.append(size)

    @property
    def median(self) -> float:
        return median(self.times)

    @property
    def p95(self) -> float:
        return p95(self.times)

    @property
    def size(self) -> float:
        return median(self.sizes)


class Report:
    """Prints lines, and keeps which of them are over their budget."""

    def __init__(self) -> None:
        self.over: list[str] = []

    def heading(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def line(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def judge(self, what: str, value: float, budget: float) -> str:
        """The mark after a figure that is over its budget; empty within it."""
        if value <= budget:
            return ""
        self.over.append(what)
        return "  OVER BUDGET"
