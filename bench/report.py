"""The table and the verdicts, from the measured figures."""

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .operations import OPERATIONS

#: Goals beside the ratios of the operations.
EXPORT_RATIO = 4.0
EXPORT_MB = 25.0
GROWTH_RATIO = 1.2
GROWTH_MS = 1.0
LIST_CPU_MS = 5.0
PAIR_MS = 5.0
PLAIN_RATIO = 2.0
IMPORT_ROWS = 500.0
Figures = dict[str, Any]


def verdict(value: float | None, goal: float | None, *, most: bool = True) -> str:
    """`reached` or `missed`; `-` without a goal or a figure. most: whether the goal is the most allowed."""
    if value is None or goal is None:
        return "-"
    return "reached" if (value <= goal if most else value >= goal) else "missed"


def growth(small: float, large: float) -> tuple[float, str]:
    """(ratio, verdict) of a list page: 1.2 times or 1 ms more."""
    reached = large <= small * GROWTH_RATIO or large - small <= GROWTH_MS
    return large / small, "reached" if reached else "missed"


def machine() -> dict[str, Any]:
    """What it was measured on."""
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    model = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "")
    return {
        "processors": os.cpu_count(), "processor": model, "memory_gib": round(int(memory) / 2**20),
        "system": platform.platform(), "python": sys.version.split()[0], "load": list(os.getloadavg()),
    }  # fmt: skip


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def lines(result: Figures) -> Iterator[str]:
    """The report as text: one table for each desk, then growth, then SQLite beside PostgreSQL."""
    yield f"measured {result['at']} on {result['machine']['processors']} processors, load {result['machine']['load']}"
    for title, desk in result["desks"].items():
        yield ""
        yield from _desk_lines(title, desk)
    yield from _growth_lines(result["desks"])
    yield from _sqlite_lines(result["desks"])


def _desk_lines(title: str, desk: Figures) -> Iterator[str]:
    yield f"== {title} calls ({desk['visible']:,} in the supervisor's branch)"
    yield _row("operation", "product", "p95", "limit", "ratio", "goal", "", "bytes", "SQL", "in DB", "remarks")
    for one in OPERATIONS:
        figures = desk["operations"][one.key]
        plan = desk["plans"].get(one.key, {})
        remarks = [figures["note"]] if figures["note"] else []
        if plan.get("read_whole"):
            remarks.append("reads whole: " + ", ".join(plan["read_whole"]))
        if figures["rows"] != figures["limit_rows"] and one.page is not None and one.key != "record":
            remarks.append(f"{figures['rows']} rows, limit {figures['limit_rows']}")
        offered = "measured" not in figures["note"]
        yield _row(
            one.label, _ms(figures["product_ms"].get("p50")), _ms(figures["product_ms"].get("p95")),
            _ms(figures["limit_ms"].get("p50")), _times(figures["ratio"]), _times(one.goal),
            verdict(figures["ratio"], one.goal) if offered else "not offered", str(figures["bytes"]),
            str(plan.get("statements", "")), _ms(plan.get("milliseconds")), "; ".join(remarks),
        )  # fmt: skip
    if "bulk_of_5" in desk["plans"]:
        five, fifty = (desk["plans"][key]["statements"] for key in ("bulk_of_5", "bulk"))
        yield f"  one act: {five} statements for 5 records, {fifty} for 50"
    yield "  hits: " + ", ".join(f"{name} {number:,}" for name, number in desk["hits"].items())
    yield from _pair_lines(desk)
    for key, found in desk.get("beside_plain", {}).items():
        word = verdict(found["ratio"], PLAIN_RATIO)
        yield (
            f"  {key}: {found['product_ms']:.2f} ms in {found['statements']} statements,"
            f" plain {found['limit_ms']:.2f} ms, {found['ratio']:.1f}x  (goal {PLAIN_RATIO:.0f}x: {word})"
        )
    yield from _export_lines(desk.get("exports"))
    cpu = desk["cpu_ms"]
    yield f"  CPU of a list page: {cpu['product']:.1f} ms, limit {cpu['limit']:.1f} ms" + _goal(
        cpu["product"], LIST_CPU_MS, "ms"
    )
    if found := desk.get("throughput"):
        share = found["product"] / found["limit"]
        yield (
            f"  4 clients, list: {found['product']:.0f} pages/s, limit {found['limit']:.0f}; {share:.2f}"
            f"  (goal 0.3: {verdict(share, 0.3, most=False)})"
        )
    for found in desk.get("imports", []):
        yield (
            f"  import of {found['rows']:,} units: {found['rows_per_second']:.0f} rows/s, {found['peak_mb']:.0f} MB"
            f" at most  (goal {IMPORT_ROWS:.0f} rows/s: {verdict(found['rows_per_second'], IMPORT_ROWS, most=False)})"
            + (f" - {found['note']}" if "note" in found else "")
        )


def _pair_lines(desk: Figures) -> Iterator[str]:
    for key in ("search_pair", "search_rare"):
        plan = desk["plans"].get(key)
        if plan:
            scans = plan["read_whole"]
            word = "missed" if scans else verdict(plan["milliseconds"], PAIR_MS)
            yield (
                f"  {key}: {plan['milliseconds']:.1f} ms in the database, "
                f"{'reads whole: ' + ', '.join(scans) if scans else 'no sequential scan'}"
                f"  (goal {PAIR_MS:.0f} ms, no scan: {word})"
            )


def _export_lines(found: Figures | None) -> Iterator[str]:
    if not found:
        return
    limit = middle(found["limit"]["ms"])
    for kind in ("csv", "xlsx"):
        one = found[kind]
        if not one["ms"]:
            yield f"  export {kind}: {one.get('note', 'not measured')}"
            continue
        ratio, memory = middle(one["ms"]) / limit, max(one["mb_over_idle"])
        goal = (
            f"  (goal {EXPORT_RATIO:.0f}x: {verdict(ratio, EXPORT_RATIO)},"
            f" +{EXPORT_MB:.0f} MB: {verdict(memory, EXPORT_MB)})"
        )
        yield (
            f"  export {found['rows']:,} rows as {kind}: {middle(one['ms']):,.0f} ms, {ratio:.1f}x the limit's CSV"
            f" ({limit:,.0f} ms), first byte {middle(one['first_ms']):,.0f} ms, {memory:+.0f} MB" + goal
        )


def middle(values: list[float]) -> float:
    """The median."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _growth_lines(desks: Figures) -> Iterator[str]:
    for kind in dict.fromkeys(title.split()[0] for title in desks):
        sizes = sorted((desk["calls"], desk) for title, desk in desks.items() if title.split()[0] == kind)
        if len(sizes) < 2:
            continue
        (few, small), (many, large) = sizes[0], sizes[-1]
        yield ""
        yield f"== {kind}: growth from {few:,} to {many:,} calls (p50)"
        for one in OPERATIONS:
            pair = [desk["operations"][one.key] for desk in (small, large)]
            if not all(figures["product_ms"] for figures in pair):
                continue
            mine = [figures["product_ms"]["p50"] for figures in pair]
            least = [figures["limit_ms"]["p50"] for figures in pair]
            ratio, word = growth(*mine)
            goal = f"  (goal 1.2x or +1 ms: {word})" if one.key == "list" else ""
            beside = f"limit {least[1] / least[0]:6.2f}x"
            yield f"  {one.label:<40} {mine[0]:9.1f} {mine[1]:9.1f} ms {ratio:7.2f}x   {beside}{goal}"
        for key in small.get("beside_plain", {}).keys() & large.get("beside_plain", {}).keys() & {"ages", "cash"}:
            pair = [desk["beside_plain"][key] for desk in (small, large)]
            mine, least = ([one[side] for one in pair] for side in ("product_ms", "limit_ms"))
            beside = f"plain {least[1] / least[0]:6.2f}x"
            label = {"ages": "receivables by age", "cash": "cash in hand by person"}[key]
            yield f"  {label:<40} {mine[0]:9.2f} {mine[1]:9.2f} ms {mine[1] / mine[0]:7.2f}x   {beside}"


def _sqlite_lines(desks: Figures) -> Iterator[str]:
    both = [
        (desk["calls"], desk, desks[f"sqlite {desk['calls']:,}"])
        for title, desk in desks.items()
        if title.startswith("postgresql") and f"sqlite {desk['calls']:,}" in desks
    ]
    for calls, server, embedded in both:
        yield ""
        yield f"== SQLite beside PostgreSQL, {calls:,} calls (p50 of the product)"
        for one in OPERATIONS:
            there = server["operations"][one.key]["product_ms"].get("p50")
            here = embedded["operations"][one.key]["product_ms"].get("p50")
            if there and here:
                yield f"  {one.label:<40} {here:9.1f} {there:9.1f} ms {here / there:7.2f}x  {verdict(here, there)}"


def _row(*cells: str) -> str:
    label, *figures, remarks = cells
    widths = (9, 9, 9, 7, 6, 12, 8, 4, 8)
    return (f"{label:<40}" + "".join(f"{cell:>{width}}" for cell, width in zip(figures, widths, strict=True))
            + f"  {remarks}").rstrip()  # fmt: skip


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}x"


def _goal(value: float, goal: float, unit: str) -> str:
    return f"  (goal {goal:.0f} {unit}: {verdict(value, goal)})"
