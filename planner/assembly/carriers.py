"""Which materials hold an element that a rule of origin reads, and what each process passes on of it.

Definitions: ``docs/definitions.md``, origin. A material holds what ``contents`` says, else its own element if its
tonnes are contained. Where a process gives out an element that none of its inputs is said to hold, the element comes
with all inputs that have an element, by their tonnes: a mixed carbonate of rare earths holds the neodymium that its
separation gives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from planner.instance import Instance

UNKNOWN = "unknown"
"""Origin of opening stock without one, and of what a site without a place offers."""

OTHER = "other"
"""Origin that no rule tells apart."""


@dataclass(frozen=True)
class Elements:
    """What the materials of an instance hold."""

    element_of: Mapping[str, str]
    """Element that each material is bought for; empty where it is not said."""
    contents: Mapping[tuple[str, str], float]
    """Tonnes of element per tonne, by (material, element), those above 0."""
    recipes: Mapping[str, tuple[Mapping[str, float], Mapping[str, float]]]
    """Inputs and outputs of each process, by material, those above 0."""

    @classmethod
    def of(cls, instance: Instance) -> "Elements":
        """Those of an instance."""
        materials, contents, recipes = (instance.tables[name] for name in ("materials", "contents", "recipes"))
        held = {
            (material, element): float(content)
            for material, element, content in zip(
                contents["material"], contents["element"], contents["content"], strict=True
            )
        }
        own: dict[str, str] = {}
        for material, element, basis in zip(
            materials["material"], materials["element"], materials["basis"], strict=True
        ):
            only = [name for holder, name in held if holder == material]
            own[material] = element or (only[0] if len(only) == 1 else "")
            if element and basis == "contained":
                held.setdefault((material, element), 1.0)
        sides: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
        for process, material, taken, given in zip(
            recipes["process"], recipes["material"], recipes["input"], recipes["output"], strict=True
        ):
            for side, ratio in zip(sides.setdefault(process, ({}, {})), (taken, given), strict=True):
                if ratio > 0:
                    side[material] = float(ratio)
        return cls(own, {pair: content for pair, content in held.items() if content > 0}, sides)

    def carriers(self, element: str) -> "Carriers":
        """What holds an element."""
        return Carriers(self, element)


class Carriers:
    """What holds one element, and what processes pass on of it."""

    def __init__(self, elements: Elements, element: str) -> None:
        self.element, self._elements = element, elements
        self.stated = {material: held for (material, name), held in elements.contents.items() if name == element}
        self.unsaid: set[str] = set()
        """Processes that give it out without an input that is said to hold it."""
        self.implied = self._implied()
        """Materials that hold it because a process gives it out of them."""

    def _implied(self) -> frozenset[str]:
        found: set[str] = set()
        while True:
            before = len(found), len(self.unsaid)
            for process, (inputs, outputs) in self._elements.recipes.items():
                gives = any(material in self.stated or material in found for material in outputs)
                if gives and not any(material in self.stated for material in inputs):
                    self.unsaid.add(process)
                    found |= {material for material in inputs if self._elements.element_of.get(material)}
            if (len(found), len(self.unsaid)) == before:
                return frozenset(found - self.stated.keys())

    def content(self, material: str) -> float:
        """Tonnes of the element per tonne; a tonne of what holds it without a number stands for one."""
        return self.stated.get(material, 1.0 if material in self.implied else 0.0)

    @cached_property
    def inputs(self) -> dict[tuple[str, str], float]:
        """Element that comes out per tonne of each (process, input that holds it): content × recovery."""
        return {
            (process, material): self._input_content(process, material) * self.recovery[process]
            for process, (inputs, _) in self._elements.recipes.items()
            if process in self.recovery
            for material in inputs
            if self._input_content(process, material)
        }

    @cached_property
    def outputs(self) -> dict[tuple[str, str], float]:
        """Element per tonne of each (process, output that holds it)."""
        return {
            (process, material): self.content(material)
            for process, (_, outputs) in self._elements.recipes.items()
            for material in outputs
            if self.content(material)
        }

    @cached_property
    def recovery(self) -> dict[str, float]:
        """Element out per element in, of each process with both."""
        found = {}
        for process, (inputs, outputs) in self._elements.recipes.items():
            taken = sum(ratio * self._input_content(process, material) for material, ratio in inputs.items())
            given = sum(ratio * self.content(material) for material, ratio in outputs.items())
            if taken and given:
                found[process] = given / taken
        return found

    @cached_property
    def sources(self) -> frozenset[str]:
        """Processes that give the element out and take in nothing that holds it: it comes from their own place."""
        return frozenset(process for process, _ in self.outputs) - self.recovery.keys()

    def _input_content(self, process: str, material: str) -> float:
        return self.content(material) if process in self.unsaid else self.stated.get(material, 0.0)


def own_contents(elements: Elements, materials: Iterable[str]) -> dict[str, float]:
    """Tonnes of its own element per tonne of each material; 0 where it is not said."""
    return {name: elements.contents.get((name, elements.element_of[name]), 0.0) for name in materials}
