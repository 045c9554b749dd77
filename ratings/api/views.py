"""Ratings and tiers through the API: those of the person's branches."""

from coopcrm.shared.api import ReadOnly
from coopcrm.shared.paging import Keyset
from ratings.api.serializers import RatingOut, RatingParameters, TierOut, TierParameters
from ratings.models import CreditRating, CustomerTier


class Ratings(ReadOnly):
    """Credit ratings of households, oldest first."""

    queryset = CreditRating.objects.none()
    serializer_class = RatingOut
    parameters_class = RatingParameters
    keyset = Keyset("api-ratings", ("id",))
    narrow = {
        "household": "household",
        "branch": "branch_id",
        "as_of": "as_of",
        "status": "status",
        "grade": "grade",
    }

    def rows(self, staff):
        return CreditRating.objects.visible_to(staff)


class Tiers(ReadOnly):
    """Contribution tiers of customers."""

    queryset = CustomerTier.objects.none()
    serializer_class = TierOut
    parameters_class = TierParameters
    keyset = Keyset("api-tiers", ("id",))
    narrow = {"customer": "customer", "branch": "branch_id", "period_end": "period_end", "tier": "tier"}

    def rows(self, staff):
        return CustomerTier.objects.visible_to(staff)
