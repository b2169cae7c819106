"""The report: one HTML file that needs nothing else, in print, on a telephone, without a network.

Everything it shows is computed from plans (:mod:`planner.report.facts`); its script moves figures that are in it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from planner.plan import Plan
from planner.report import figures, look
from planner.report.facts import Facts, five, hard_case, headline
from planner.report.markup import figure_list, strip
from planner.report.optional import Exposure, Frontier, Halt
from planner.report.sections import Section, sections, side_by_side
from planner.report.summary import percent


@dataclass(frozen=True)
class Record:
    """How a plan came about, for those who want the same numbers again; what is not known stays empty."""

    digest: str = ""
    """SHA-256 of the input tables."""
    seconds: float | None = None
    """Wall seconds of the solve, all steps."""
    size: Mapping[str, int] = field(default_factory=dict)
    """Columns, rows, entries, integers of the matrix."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    message: str = ""
    """Which limit was reached."""
    verified: bool = True

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Record":
        """What the manifest of a run says."""
        settings = {name: told["value"] for name, told in manifest.get("settings", {}).items()}
        return cls(
            digest=str(manifest.get("input", "")),
            seconds=sum(manifest["seconds"].values()) if "seconds" in manifest else None,
            size=manifest.get("size", {}),
            settings=settings,
            versions=manifest.get("versions", {}),
            command=" ".join(manifest.get("command", [])),
            message=str(manifest.get("message", "")),
            verified=bool(manifest.get("verified", True)),
        )


def report(
    plan: Plan,
    reference: Plan | None = None,
    plans: Sequence[tuple[str, Plan]] = (),
    record: Record | None = None,
    frontier: Frontier | None = None,
    exposure: Exposure | None = None,
    halt: Halt | None = None,
) -> str:
    """The report of a plan as HTML.

    Args:
        plan: what is told.
        reference: the cheapest plan, that without rules; None leaves out what compares.
        plans: named plans for the slider, in order; ``plan`` is put first where it is not among them.
        record: how the plan came about.
        frontier: least cost against a limit.
        exposure: what a loss does.
        halt: when a scenario lasts, shaded where stocks are shown.
    """
    record = record or Record()
    reference = None if reference is plan else reference
    named = list(plans) if any(other is plan for _, other in plans) else [("This plan", plan), *plans]
    every = [Facts(other, None if other is reference else reference, name) for name, other in named]
    at = next(number for number, facts in enumerate(every) if facts.plan is plan)
    here = every[at]
    cheapest = (
        [Facts(reference, None, "Cheapest plan, no rules")]
        if reference is not None and all(other is not reference for _, other in named)
        else []
    )
    told = [_view(facts, [*cheapest, *every], frontier, exposure, halt, own=facts is here) for facts in every]
    shared = json.dumps({"at": at, "plans": [view.payload for view in told]}, allow_nan=False, separators=(",", ":"))
    return _page(here, told[at], [facts.name for facts in every], at, record, _script(shared))


def write(path: str | Path, plan: Plan, **given: Any) -> Path:
    """Write the report of a plan; ``given`` as for :func:`report`.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(path)
    path.write_text(report(plan, **given), encoding="utf-8")
    return path


@dataclass(frozen=True)
class _View:
    """What the page shows of one plan."""

    sections: list[Section]
    payload: dict[str, Any]
    """What the script needs to show it: texts by slot, figures by name."""
    said: dict[str, str]
    """Each figure in words."""


def _view(
    facts: Facts,
    every: list[Facts],
    frontier: Frontier | None,
    exposure: Exposure | None,
    halt: Halt | None,
    *,
    own: bool,
) -> _View:
    """Texts and figures of one plan; frontier, exposure and halt belong to the plan told alone."""
    frontier, exposure, halt = (frontier, exposure, halt) if own else (None, None, None)
    found = sections(facts, frontier, exposure, halt)
    beside = side_by_side(every, facts)
    found += [beside] if beside else []
    drawn: dict[str, go.Figure] = {}
    for section in found:
        if section.figure:
            drawn[section.id] = _draw(section.id, facts, frontier, halt)
            drawn |= {f"{section.id}:{name}": figures.sankey(facts, name) for name in section.picks}
    told_five = figure_list(five(facts, exposure))
    slots = {"headline": escape(headline(facts)), "hard": escape(hard_case(facts)), "five": told_five}
    for section in found:
        slots |= {f"{section.id}.title": escape(section.title), f"{section.id}.table": section.table}
    payload = {"name": facts.name, "slots": slots, "figures": {name: _plain(drawn[name], own) for name in drawn}}
    return _View(found, payload, {name: str(figure.layout.meta["told"]) for name, figure in drawn.items()})


DRAWN = {
    "supply": figures.sankey,
    "map": figures.world,
    "concentration": figures.concentration,
    "cover": figures.cover,
    "cost": figures.waterfall,
}
"""The figure of each section."""


def _draw(name: str, facts: Facts, frontier: Frontier | None, halt: Halt | None) -> go.Figure:
    if frontier is not None and name == "frontier":
        return figures.frontier(facts, frontier)
    if halt is not None and name == "cover":
        return figures.cover(facts, (halt.since, halt.until))
    return DRAWN[name](facts)


def _plain(figure: go.Figure, own: bool) -> dict[str, Any]:
    """A figure as data; the outlines of the world are kept once, with the plan told."""
    content: dict[str, Any] = json.loads(figure.to_json())
    if not own and len(content["data"]) and content["data"][0].get("fillcolor") == look.LAND:
        content["data"][0] = None
    return content


def _status(facts: Facts, record: Record) -> str:
    """Above the answer: what is proven, in which time, of which input."""
    plan = facts.plan
    proven = {"optimal": "● proven optimal", "feasible": "▲ best plan found in time"}.get(plan.status, plan.status)
    gap = "no bound" if plan.gap == float("inf") else percent(max(plan.gap, 0.0))
    parts = [(f"Sourcing plan {facts.when}", ""), ("", proven), ("gap", gap)]
    if record.seconds is not None:
        parts.append(("solved in", f"{record.seconds:.1f} s"))
    parts.append(("inputs", f"{plan.instance.name} {record.digest[:8]}".strip()))
    parts.append(("", "verified" if record.verified else "NOT VERIFIED"))
    return strip(parts)


def _page(here: Facts, view: _View, names: list[str], at: int, record: Record, script: str) -> str:
    page = files("planner.report").joinpath("page")
    names_of = ("report.html", "report.css", "tables.js", "report.js")
    read = {name: page.joinpath(name).read_text("utf-8") for name in names_of}
    nav = [*((section.id, section.nav) for section in view.sections), ("record", "Inputs and method")]
    parts = {
        "TITLE": escape(here.plan.instance.header.title or here.plan.instance.name),
        "CSS": read["report.css"],
        "STATUS": _status(here, record),
        "HEADLINE": escape(headline(here)),
        "HARD": escape(hard_case(here)),
        "FIVE": view.payload["slots"]["five"],
        "SLIDER": _slider(names, at) if len(names) > 1 else "",
        "NAV": "".join(f'<a href="#{name}">{escape(text)}</a>' for name, text in nav),
        "SECTIONS": "".join(_section(section, view.said.get(section.id, ""), here) for section in view.sections),
        "RECORD": _record(here, record),
        "PLOTLY": get_plotlyjs(),
        "DATA": script,
        "JS": read["tables.js"] + read["report.js"],
    }
    text = read["report.html"]
    pieces = text.split("{{")
    return pieces[0] + "".join(parts[piece.partition("}}")[0]] + piece.partition("}}")[2] for piece in pieces[1:])


def _slider(names: list[str], at: int) -> str:
    return (
        '<div class="slider"><label for="slider">Try another plan</label>'
        f'<input id="slider" type="range" min="0" max="{len(names) - 1}" step="1" value="{at}" '
        f'aria-valuetext="{escape(names[at])}"><output for="slider" id="chosen">{escape(names[at])}</output>'
        f"<span>{len(names)} plans solved beforehand travel inside this file.</span></div>"
    )


def _section(section: Section, said: str, facts: Facts) -> str:
    name = section.id
    body = f'<div data-slot="{name}.table">{section.table}</div>'
    if section.figure:
        chips = (_chips(section, facts) if section.picks else "") + legend(section, facts)
        figure = (
            f'<div class="plot" id="plot-{name}" data-figure="{name}" role="img" aria-label="{escape(said)}"></div>'
        )
        body = f"{chips}<figure>{figure}</figure><details><summary>The numbers</summary>{body}</details>"
    return (
        f'<section id="{name}" aria-labelledby="{name}-title">'
        f'<h2 id="{name}-title" data-slot="{name}.title">{escape(section.title)}</h2>'
        f'<p class="note">{escape(section.note)}</p>{body}</section>'
    )


def _chips(section: Section, facts: Facts) -> str:
    palette = facts.colours
    chip = '<button type="button" class="chip" data-pick="{0}" aria-pressed="{1}">{2}{3}</button>'
    every = chip.format(escape(section.id), "true", "", "All, in money")
    rest = (
        chip.format(
            escape(f"{section.id}:{name}"), "false", f'<i style="background:{palette[name]}"></i>', escape(name)
        )
        for name in section.picks
    )
    return f'<div class="chips" role="group" aria-label="Material">{every}{"".join(rest)}</div>'


def legend(section: Section, facts: Facts) -> str:
    """Which colour is which material; what has none of its own is told together."""
    palette = facts.colours
    own = [name for name in section.legend if palette[name] != look.OTHER]
    keys = [(palette[name], name) for name in own] + [(look.OTHER, "other")] * (len(own) < len(section.legend))
    told = "".join(f'<li><i style="background:{colour}"></i>{escape(name)}</li>' for colour, name in keys)
    return f'<ul class="legend">{told}</ul>' if keys else ""


def _record(facts: Facts, record: Record) -> str:
    """Inputs and method."""
    instance, size = facts.plan.instance, record.size
    tables = ", ".join(f"{len(frame):,} {name}" for name, frame in instance.tables.items() if len(frame))
    rows = [("Instance", f"{instance.name}: {tables}"), ("Sources", instance.header.sources)]
    rows += [("Input hash", record.digest), ("Warnings", "; ".join(map(str, instance.warnings)))]
    if size:
        rows.append(("Model", f"{size['columns']:,} columns, {size['rows']:,} rows, {size['integers']:,} yes or no"))
    told = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    chosen = ", ".join(f"{name} {value}" for name, value in record.settings.items())
    proof = f"no plan costs less than {facts.plan.bound:,.0f} {facts.currency} (present value)"
    rows += [
        ("Solver", told),
        ("Settings", chosen),
        ("Proof", f"{facts.plan.status}: {proof}"),
        ("Stopped", record.message),
    ]
    rows += [
        ("Check", CHECK if record.verified else "The verifier disagrees with this plan."),
        ("Command", record.command),
    ]
    rows += [("Comparison", COMPARED if facts.reference is not None else "")]
    rows += [("Money followed", FOLLOWED), ("More", MORE)]
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows if text)


CHECK = "Every rule and every cost computed again from the tables alone, by code that shares nothing with the model."
COMPARED = "The cheapest plan is the least-cost plan of the same tables without their rules; promises of stock stay."
FOLLOWED = (
    "What is paid to sellers and plants rides on the tonnes; a plant’s joint products share its cost by tonnes × "
    "shadow price; mixing is proportional."
)
MORE = "What a loss does: planner exposure. What a change does: planner what-if. Two plans: planner compare."


def _script(text: str) -> str:
    """JSON that can stand in a script element: no ``<`` can end it, no separator breaks it."""
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
