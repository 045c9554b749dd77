"""What the API says about figures."""

from rest_framework import serializers

from coopcrm.shared.api import Out, Parameters, id_parameter
from kpi.models import KpiSnapshot


class KpiOut(Out):
    """One figure of a unit; ``value`` null means "cannot be said", and ``reason`` says why."""

    unit = serializers.IntegerField(source="unit_id")
    reason = serializers.SerializerMethodField()

    class Meta:
        model = KpiSnapshot
        fields = ["id", "unit", "as_of", "code", "rules", "value", "reason", "n", "inputs", "computed_at"]
        read_only_fields = fields

    def get_reason(self, figure: KpiSnapshot) -> str | None:
        return figure.reason or None


class KpiParameters(Parameters):
    unit = id_parameter("The unit that is measured.")
    as_of = serializers.DateField(required=False, help_text="The business date.")
    code = serializers.RegexField(r"^[A-Z0-9_]{1,24}$", required=False, help_text="Such as NPL_RATIO.")
