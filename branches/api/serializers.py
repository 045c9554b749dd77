"""What the API says about units and areas."""

from rest_framework import serializers

from branches.choices import AreaLevel, UnitKind
from branches.models import Area, Unit
from coopcrm.shared.api import Out, Parameters, id_parameter


class UnitOut(Out):
    """A county union, branch, sub-branch or counter."""

    parent = serializers.IntegerField(source="parent_id", allow_null=True)

    class Meta:
        model = Unit
        fields = ["id", "code", "name", "kind", "parent", "opened_on", "closed_on"]
        read_only_fields = fields


class UnitParameters(Parameters):
    kind = serializers.ChoiceField(choices=UnitKind.choices, required=False)
    parent = id_parameter("The unit above.")


class AreaOut(Out):
    """A county, township or village by its 12-digit code, with the period in which the code holds."""

    parent = serializers.IntegerField(source="parent_id", allow_null=True)
    unit = serializers.IntegerField(source="unit_id", allow_null=True)

    class Meta:
        model = Area
        fields = ["id", "code", "name", "level", "parent", "unit", "valid_from", "valid_to"]
        read_only_fields = fields


class AreaParameters(Parameters):
    code = serializers.RegexField(r"^\d{12}$", required=False, help_text="Twelve digits.")
    level = serializers.ChoiceField(choices=AreaLevel.choices, required=False)
    parent = id_parameter("The area above.")
