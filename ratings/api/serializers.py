"""What the API says about ratings and tiers; fields are named as in the rule's own results."""

from __future__ import annotations

from rest_framework import serializers

from coopcrm.shared.api import Out, Parameters, id_parameter
from ratings.choices import Grade, RatingStatus, Tier
from ratings.models import CreditRating, CustomerTier
from ratings.sheet import card_of, points_of


class RatingOut(Out):
    """A judgement of a household on a business date; newer ones stand beside it, none is overwritten."""

    household = serializers.IntegerField(source="household_id")
    branch = serializers.IntegerField(source="branch_id")
    points = serializers.SerializerMethodField()

    class Meta:
        model = CreditRating
        fields = [
            "id",
            "household",
            "branch",
            "as_of",
            "card",
            "status",
            "missing",
            "points",
            "base",
            "bonus",
            "malus",
            "total",
            "knockouts",
            "soft_caps",
            "score_grade",
            "grade",
            "cap_grade",
            "cap_income",
            "cap_asset",
            "binding",
            "limit",
            "review_due",
            "valid_until",
            "matrix_level",
            "computed_at",
        ]
        read_only_fields = fields

    def get_points(self, rating: CreditRating) -> dict[str, str | None]:
        """Points by factor; empty while facts are missing."""
        if not rating.points:
            return {}
        points = points_of(rating, card_of(rating.card))
        return {code: None if value is None else str(value) for code, value in points.items()}


class RatingParameters(Parameters):
    household = id_parameter("The rated household.")
    branch = id_parameter("The branch that managed it on that day.")
    as_of = serializers.DateField(required=False, help_text="The business date.")
    status = serializers.ChoiceField(choices=RatingStatus.choices, required=False)
    grade = serializers.ChoiceField(choices=Grade.choices, required=False)


class TierOut(Out):
    """A customer's tier for a period: ``earned`` by contribution, ``tier`` in force after the two-period rule."""

    customer = serializers.IntegerField(source="customer_id")
    branch = serializers.IntegerField(source="branch_id")

    class Meta:
        model = CustomerTier
        fields = ["id", "customer", "branch", "period_end", "rules", "rank", "contribution", "earned", "tier"]
        read_only_fields = fields


class TierParameters(Parameters):
    customer = id_parameter("The customer.")
    branch = id_parameter("The branch that managed the customer.")
    period_end = serializers.DateField(required=False, help_text="The first day after the period.")
    tier = serializers.ChoiceField(choices=Tier.choices, required=False)
