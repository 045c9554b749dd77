"""Loans through the API: those of the person's branches."""

from coopcrm.shared.api import ReadOnly
from coopcrm.shared.paging import Keyset
from loans.api.serializers import LoanOut, LoanParameters
from loans.models import Loan


class Loans(ReadOnly):
    """Loans with their terms and balances."""

    queryset = Loan.objects.none()
    serializer_class = LoanOut
    parameters_class = LoanParameters
    keyset = Keyset("api-loans", ("id",))
    narrow = {"branch": "branch", "household": "household", "borrower": "borrower"}

    def rows(self, staff):
        return Loan.objects.visible_to(staff).select_related("account")
