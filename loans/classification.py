"""Five-category loan classification (五级分类) and provisions (handbook §2); rows and floors are versioned data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from coopcrm.shared.errors import Refused
from coopcrm.shared.money import ZERO, ratio, to_decimal, yuan
from coopcrm.shared.plain import Result

MATRICES = Path(__file__).parent / "matrices"

CATEGORIES = ("normal", "special_mention", "substandard", "doubtful", "loss")
RANK = {category: rank for rank, category in enumerate(CATEGORIES)}
NPL_FROM = RANK["substandard"]
NON_PERFORMING = frozenset(CATEGORIES[NPL_FROM:])
ANY = "*"


class InvalidLoan(Refused, ValueError):
    """A loan's facts contradict the matrix: an error to correct, not a class."""

    code = "loan_facts_invalid"


@dataclass(frozen=True)
class Matrix:
    """A version of the classification rules as data."""

    code: str
    rows: Mapping[tuple[str, str, str], tuple[int, int, int]]
    level_aliases: Mapping[str, str]
    guarantee_aliases: Mapping[str, str]
    floors: tuple[tuple[int, str], ...]
    technical_days: int
    flags: Mapping[str, str]
    expected_loss: tuple[tuple[Decimal, str], ...]
    cure_months: int
    provision_rates: Mapping[str, Decimal]
    general_rate: Decimal
    coverage_at_least: Decimal
    loan_provision_at_least: Decimal

    @cached_property
    def classes(self) -> frozenset[str]:
        return frozenset(key[0] for key in self.rows)

    def days(self, loan_class: str, level: str, guarantee: str) -> tuple[int, int, int]:
        """Last day that is still normal, special mention and substandard; the most particular row wins."""
        for key in (
            (loan_class, level, guarantee),
            (loan_class, level, ANY),
            (loan_class, ANY, guarantee),
            (loan_class, ANY, ANY),
        ):
            if key in self.rows:
                return self.rows[key]
        raise InvalidLoan(f"No row for {loan_class}, {level}, {guarantee}.")


def matrix_from_json(source: str | Path | Mapping[str, Any]) -> Matrix:
    """Read a matrix from JSON text, a file or parsed JSON."""
    if isinstance(source, Path):
        source = source.read_text(encoding="utf-8")
    data = json.loads(source) if isinstance(source, str) else source
    return Matrix(
        code=data["code"],
        rows={(row["class"], row["level"], row["guarantee"]): tuple(row["days"]) for row in data["rows"]},
        level_aliases=data["level_aliases"],
        guarantee_aliases=data["guarantee_aliases"],
        floors=tuple((floor["above_days"], floor["category"]) for floor in data["floors"]),
        technical_days=data["technical_days"],
        flags=data["flags"],
        expected_loss=tuple((Decimal(step["at_least"]), step["category"]) for step in data["expected_loss"]),
        cure_months=data["cure_months"],
        provision_rates={category: Decimal(rate) for category, rate in data["provision_rates"].items()},
        general_rate=Decimal(data["general_rate"]),
        coverage_at_least=Decimal(data["coverage_at_least"]),
        loan_provision_at_least=Decimal(data["loan_provision_at_least"]),
    )


def load_matrix(code: str) -> Matrix:
    """Read one of the matrices that travel with the product, such as ``M-1``."""
    return matrix_from_json(MATRICES / f"{code.lower()}.json")


M_1 = load_matrix("M-1")


@dataclass(frozen=True)
class Classification(Result):
    """The category of a loan and every step that led to it; days are days overdue."""

    dpd: int
    matrix: str
    floor_2023: str
    flag_floor: str
    final: str
    cure_lock: bool
    npl: bool
    provision_rate: Decimal
    needs_review: bool


def worst(*categories: str) -> str:
    """The hardest of some categories."""
    return max(categories, key=RANK.__getitem__)


def matrix_category(loan_class: str, level: str, guarantee: str, dpd: int, matrix: Matrix = M_1) -> str:
    """What grade, guarantee and days overdue give (handbook §2.1); never loss."""
    level = matrix.level_aliases.get(level, level)
    guarantee = matrix.guarantee_aliases.get(guarantee, guarantee)
    days = matrix.days(loan_class, level, guarantee)
    return CATEGORIES[sum(dpd > last for last in days)]


def floor_category(dpd: int, technical: bool, matrix: Matrix = M_1) -> str:
    """The least category that days overdue allow since 2023; a short technical delay does not count."""
    if technical and dpd <= matrix.technical_days:
        return CATEGORIES[0]
    return next((category for above, category in matrix.floors if dpd > above), CATEGORIES[0])


def flag_category(flags: Any, ecl_ratio: Decimal | None, matrix: Matrix = M_1) -> str:
    """The least category that events and the expected loss allow."""
    unknown = set(flags) - set(matrix.flags)
    if unknown:
        raise InvalidLoan(f"Unknown flags: {', '.join(sorted(unknown))}.")
    steps = [matrix.flags[flag] for flag in flags]
    if ecl_ratio is not None:
        steps += [category for least, category in matrix.expected_loss if ecl_ratio >= least]
    return worst(CATEGORIES[0], *steps)


def classify(
    facts: Mapping[str, Any] | None = None, /, *, matrix: Matrix = M_1, **more: Any
) -> Classification:
    """Classify a loan (handbook §2.3).

    The facts come as a mapping, by keyword, or both: ``class`` (or ``class_``), ``guarantee``, ``level``,
    ``principal_dpd``, ``interest_dpd``, ``technical``, ``flags``, ``ecl_ratio`` (expected loss over book value),
    ``previous`` category, ``months_cured``, ``policy`` (``strict`` or ``legacy``).
    """
    loan = {**(facts or {}), **more}
    loan_class = loan.get("class", loan.get("class_"))
    ecl_ratio = None if loan.get("ecl_ratio") is None else to_decimal(loan["ecl_ratio"])
    previous, policy = loan.get("previous"), loan.get("policy", "strict")
    dpd = max(int(loan.get("principal_dpd") or 0), int(loan.get("interest_dpd") or 0))
    if dpd < 0 or policy not in ("strict", "legacy") or (previous is not None and previous not in RANK):
        raise InvalidLoan("Days overdue, policy or previous category cannot be read.")

    by_matrix = matrix_category(loan_class, loan.get("level") or "unrated", loan["guarantee"], dpd, matrix)
    floor = floor_category(dpd, bool(loan.get("technical")), matrix)
    by_flags = flag_category(loan.get("flags") or (), ecl_ratio, matrix)
    final, cure_lock = by_matrix, False
    if policy == "strict":
        final = worst(by_matrix, floor, by_flags)
        recovering = previous in NON_PERFORMING and RANK[final] < NPL_FROM
        cure_lock = recovering and int(loan.get("months_cured") or 0) < matrix.cure_months
        final = CATEGORIES[NPL_FROM] if cure_lock else final
    newly_lost = final == "loss" and previous != "loss"
    better = previous is not None and RANK[final] < RANK[previous]
    return Classification(
        dpd=dpd,
        matrix=by_matrix,
        floor_2023=floor,
        flag_floor=by_flags,
        final=final,
        cure_lock=cure_lock,
        npl=final in NON_PERFORMING,
        provision_rate=matrix.provision_rates[final],
        needs_review=newly_lost or better,
    )


@dataclass(frozen=True)
class Provisions(Result):
    """Provisions of a portfolio in yuan, ratios as fractions with four decimals."""

    total: Decimal
    npl: Decimal
    npl_ratio: Decimal | None
    general_provision: Decimal
    special_provision: Decimal
    required: Decimal
    shortfall: Decimal
    coverage: Decimal | None
    loan_provision_ratio: Decimal | None
    coverage_ok: bool
    loan_provision_ok: bool | None
    overdue90_to_npl: Decimal | None


def provisions(
    *, balances: Mapping[str, Any], reserves: Any, overdue_90_plus: Any = 0, matrix: Matrix = M_1
) -> Provisions:
    """Required provisions and the two tests a union must pass (handbook §2.4); balances by category in yuan."""
    by_category = {category: to_decimal(balances.get(category, 0)) for category in CATEGORIES}
    total = sum(by_category.values(), ZERO)
    npl = sum((by_category[category] for category in NON_PERFORMING), ZERO)
    held = to_decimal(reserves)
    general = yuan(total * matrix.general_rate)
    special = yuan(sum((amount * matrix.provision_rates[c] for c, amount in by_category.items()), ZERO))
    required = general + special
    return Provisions(
        total=yuan(total),
        npl=yuan(npl),
        npl_ratio=ratio(npl, total, 4),
        general_provision=general,
        special_provision=special,
        required=required,
        shortfall=yuan(max(ZERO, required - held)),
        coverage=ratio(held, npl, 4),
        loan_provision_ratio=ratio(held, total, 4),
        coverage_ok=held >= npl * matrix.coverage_at_least,
        loan_provision_ok=held >= total * matrix.loan_provision_at_least if total else None,
        overdue90_to_npl=ratio(to_decimal(overdue_90_plus), npl, 4),
    )
