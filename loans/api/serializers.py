"""What the API says about loans."""

from rest_framework import serializers

from coopcrm.shared.api import Out, Parameters, id_parameter
from loans.models import Loan


class LoanOut(Out):
    """An amount drawn: terms and today's balance; the account's number stays inside."""

    household = serializers.IntegerField(source="household_id", allow_null=True)
    borrower = serializers.IntegerField(source="borrower_id")
    branch = serializers.IntegerField(source="branch_id")
    balance = serializers.DecimalField(source="account.balance", max_digits=14, decimal_places=2)
    balance_on = serializers.DateField(source="account.balance_on", allow_null=True)
    rate = serializers.DecimalField(source="account.rate", max_digits=8, decimal_places=6)

    class Meta:
        model = Loan
        fields = [
            "id",
            "household",
            "borrower",
            "branch",
            "matrix_class",
            "guarantee",
            "principal",
            "balance",
            "balance_on",
            "rate",
            "disbursed_on",
            "due_on",
            "closed_on",
            "flags",
        ]
        read_only_fields = fields


class LoanParameters(Parameters):
    branch = id_parameter("The branch that booked it.")
    household = id_parameter("The household that borrowed.")
    borrower = id_parameter("The customer who signed.")
