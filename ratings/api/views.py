"""Ratings and tiers through the API: those of the person's branches."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from coopcrm.shared.api import ReadOnly
from coopcrm.shared.paging import Keyset
from ratings import policies
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
        if not policies.may_see_contribution(staff):
            raise PermissionDenied(_("Contribution is not for the counter."))
        return CustomerTier.objects.visible_to(staff)
