# ruff: noqa: S608 - names and numbers come from a checked matrix; the source is named by the caller, never typed in
"""A classification matrix as one SQL SELECT: the same classes as ``loans.classification.classify``, for a whole book.

The source relation has ``loan_id, class, guarantee, level, principal_dpd, interest_dpd, technical, flags text[],
ecl_ratio, previous, months_cured, policy``; a null counts as in ``classify``: no days, not technical, no flags, no
expected loss known, no previous category, no months, unrated, strict.

The SELECT gives ``loan_id, dpd, matrix, floor_2023, flag_floor, final, cure_lock, npl, provision_rate, needs_review``.
A loan for which ``classify`` raises has all of them null but its id. Categories are ranks until the last step; fences
keep the planner from repeating an expression in every arm that reads it.
"""

from __future__ import annotations

from collections import defaultdict

from loans.classification import ANY, CATEGORIES, NPL_FROM, RANK, Matrix

COLUMNS = (
    "loan_id", "dpd", "matrix", "floor_2023", "flag_floor", "final", "cure_lock", "npl", "provision_rate",
    "needs_review",
)  # fmt: skip


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _renamed(column: str, aliases, otherwise: str | None = None) -> str:
    arms = " ".join(f"WHEN {_text(old)} THEN {_text(new)}" for old, new in aliases.items())
    value = f"coalesce({column}, {_text(otherwise)})" if otherwise else column
    return f"CASE {value} {arms} ELSE {value} END" if arms else value


def _by_days(days: tuple[int, int, int]) -> str:
    normal, special, substandard = days
    return f"CASE WHEN dpd <= {normal} THEN 0 WHEN dpd <= {special} THEN 1 WHEN dpd <= {substandard} THEN 2 ELSE 3 END"


def _nested(column: str, arms: dict[str, str]) -> str:
    """One CASE on a column; the row of any value comes last."""
    named = " ".join(f"WHEN {_text(value)} THEN {then}" for value, then in arms.items() if value != ANY)
    other = arms.get(ANY, "NULL")
    return f"CASE {column} {named} ELSE {other} END" if named else other


def _matrix_rank(matrix: Matrix) -> str:
    """The matrix as nested CASEs: class, then level, then guarantee; the most particular row first."""
    classes: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for (loan_class, level, guarantee), days in matrix.rows.items():
        classes[loan_class][level][guarantee] = _by_days(days)
    arms = {}
    for loan_class, levels in classes.items():
        of_any_level = levels.get(ANY, {})
        rows = {level: g if ANY in g else {**of_any_level, **g} for level, g in levels.items()}
        arms[loan_class] = _nested("level", {level: _nested("guarantee", row) for level, row in rows.items()})
    return _nested("class", arms)


def _floor_rank(matrix: Matrix) -> str:
    arms = " ".join(f"WHEN dpd > {above} THEN {RANK[category]}" for above, category in matrix.floors)
    return f"CASE WHEN technical AND dpd <= {matrix.technical_days} THEN 0 {arms} ELSE 0 END"


def _flag_rank(matrix: Matrix) -> str:
    by_rank: dict[int, list[str]] = defaultdict(list)
    for flag, category in matrix.flags.items():
        by_rank[RANK[category]].append(flag)
    arms = " ".join(
        f"WHEN flags && ARRAY[{', '.join(map(_text, flags))}]::text[] THEN {rank}"
        for rank, flags in sorted(by_rank.items(), reverse=True)
    )
    steps = sorted(matrix.expected_loss, reverse=True)
    losses = " ".join(f"WHEN ecl_ratio >= {least} THEN {RANK[category]}" for least, category in steps)
    flags = f"CASE WHEN flags = '{{}}' THEN 0 {arms} ELSE 0 END"
    return f"GREATEST({flags}, CASE {losses} ELSE 0 END)" if losses else flags


def _category(rank: str) -> str:
    return f"({_array(CATEGORIES)})[{rank} + 1]"


def _array(values) -> str:
    return "ARRAY[" + ", ".join(map(_text, values)) + "]::text[]"


def select_classes(matrix: Matrix, source: str) -> str:
    """One SELECT that classifies every row of ``source``, a relation or a subquery with its alias."""
    known = _array(sorted(matrix.flags))
    rates = " ".join(f"WHEN {RANK[c]} THEN {rate}" for c, rate in matrix.provision_rates.items())
    previous = " ".join(f"WHEN {_text(category)} THEN {rank}" for category, rank in RANK.items())
    loss = RANK["loss"]
    return f"""
SELECT loan_id, CASE WHEN valid THEN dpd END AS dpd,
       CASE WHEN valid THEN {_category("by_matrix")} END AS matrix,
       CASE WHEN valid THEN {_category("floored")} END AS floor_2023,
       CASE WHEN valid THEN {_category("flagged")} END AS flag_floor,
       CASE WHEN valid THEN {_category("final")} END AS final,
       CASE WHEN valid THEN cure_lock END AS cure_lock,
       CASE WHEN valid THEN final >= {NPL_FROM} END AS npl,
       CASE WHEN valid THEN (CASE final {rates} END)::numeric(4, 2) END AS provision_rate,
       CASE WHEN valid THEN (final = {loss} AND before IS DISTINCT FROM {loss}) OR coalesce(final < before, false) END
           AS needs_review
FROM (
    SELECT w.*, CASE WHEN cure_lock THEN {NPL_FROM} ELSE hardest END AS final
    FROM (
        SELECT j.*, strict AND coalesce(before, 0) >= {NPL_FROM} AND hardest < {NPL_FROM}
                    AND months_cured < {matrix.cure_months} AS cure_lock
        FROM (
            SELECT s.*, CASE WHEN strict THEN GREATEST(by_matrix, floored, flagged) ELSE by_matrix END AS hardest,
                   readable AND by_matrix IS NOT NULL AS valid
            FROM (
                SELECT loan_id, dpd, before, strict, months_cured, readable, {_matrix_rank(matrix)} AS by_matrix,
                       {_floor_rank(matrix)} AS floored, {_flag_rank(matrix)} AS flagged
                FROM (
                    SELECT loan_id, class, {_renamed("level", matrix.level_aliases, "unrated")} AS level,
                           {_renamed("guarantee", matrix.guarantee_aliases)} AS guarantee,
                           GREATEST(coalesce(principal_dpd, 0), coalesce(interest_dpd, 0))::int AS dpd,
                           coalesce(technical, false) AS technical, coalesce(flags, '{{}}'::text[]) AS flags,
                           ecl_ratio, CASE previous {previous} END AS before,
                           coalesce(months_cured, 0) AS months_cured, coalesce(policy, 'strict') = 'strict' AS strict,
                           coalesce(policy, 'strict') IN ('strict', 'legacy')
                               AND (previous IS NULL OR previous = ANY ({_array(CATEGORIES)}))
                               AND (flags IS NULL OR flags <@ {known})
                               AND GREATEST(coalesce(principal_dpd, 0), coalesce(interest_dpd, 0)) >= 0 AS readable
                    FROM {source} OFFSET 0) r
                OFFSET 0) s
            OFFSET 0) j
        OFFSET 0) w
    OFFSET 0) f"""
