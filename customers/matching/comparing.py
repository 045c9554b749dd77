"""Two people weighed: the levels they reach and the bits these are worth, within walls that no weight climbs."""

from __future__ import annotations

from dataclasses import dataclass

from customers.matching import weights
from customers.matching.levels import (
    NEAR,
    best_name_level,
    birth_level,
    is_near,
    line_level,
    number_level,
    phone_level,
    place_level,
)
from customers.matching.mentions import Profile
from customers.matching.population import Population

TWIN_NAMES = ("lost character", "one character")


@dataclass(frozen=True)
class Comparison:
    """The weight of two profiles being one person, and the level each kind of evidence reached."""

    weight: float
    levels: dict[str, str]
    bits: dict[str, float]

    @property
    def evidence(self) -> dict:
        """What a pair keeps of the comparison, for the page that explains it."""
        rounded = {kind: round(bits, 2) for kind, bits in self.bits.items()}
        return {"levels": self.levels, "bits": rounded, "weights": weights.VERSION}


def forbidden(a: Profile, b: Profile) -> bool:
    """R3, R2 and two registry records: what no weight overrules."""
    if a.customer is not None and b.customer is not None:
        return True
    if not a.numbers or not b.numbers:
        return False
    if a.numbers != b.numbers:
        return True
    return any(not is_near(x, y) for x in a.mentions if x.number for y in b.mentions if y.number)


def compare(a: Profile, b: Profile, population: Population) -> Comparison | None:
    """Weigh two profiles; None when their names are two names."""
    levels = {"name": best_name_level(a, b)}
    if not levels["name"]:
        return None
    names = (a.names & b.names) or (a.names | b.names)
    bits = {"name": max(map(population.name_weight, names)) + weights.NAME[levels["name"]]}
    levels["number"] = number_level(a, b)
    sure_number = weights.NUMBER.get(levels["number"], 0.0) >= weights.SURE_NUMBER
    levels["birth"] = "" if sure_number else birth_level(a, b)
    if levels["name"] in TWIN_NAMES:  # brothers, sisters and twins: what they share proves nothing
        levels["birth"] = "" if weights.BIRTH.get(levels["birth"], 0.0) > 0 else levels["birth"]
        levels["number"] = "" if levels["number"] == "fifteen digits" else levels["number"]
    levels["phone"], levels["place"] = phone_level(a, b), place_level(a, b)
    levels["line"] = line_level(a, b) if levels["name"] in NEAR else ""
    levels["sex"] = "" if not a.sexes or not b.sexes else "equal" if a.sexes & b.sexes else "another"
    levels["spouse"] = (
        "" if not a.spouses or not b.spouses else "equal" if a.spouses & b.spouses else "another"
    )
    bits |= {name: table[levels[name]] for name, table in weights.TABLES.items() if levels[name]}
    if shared := a.villages & b.villages:
        bits["place"] -= weights.PLACE["village"] - max(
            population.village_weight(n, v) for n in names for v in shared
        )
    return Comparison(sum(bits.values()), {name: level for name, level in levels.items() if level}, bits)


def has_proof(levels: dict[str, str]) -> bool:
    """Something beside the name must agree: a name alone links nobody, and its place in a list is no proof either."""
    proofs = (name for name in weights.TABLES if name != "line")
    return any(weights.TABLES[name].get(levels.get(name, ""), 0.0) > 1 for name in proofs)
