"""What the API says about units, areas and staff."""

from rest_framework import serializers

from branches.choices import AreaLevel, UnitKind
from branches.models import Area, Post, StaffMember, Unit
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


class PostOut(serializers.ModelSerializer):
    """A post held today: what, at which unit, since when, and for whom it stands in."""

    unit = serializers.IntegerField(source="unit_id")
    stands_in_for = serializers.IntegerField(source="stands_in_for_id", allow_null=True)

    class Meta:
        model = Post
        fields = ["code", "unit", "valid_from", "valid_to", "stands_in_for"]
        read_only_fields = fields


class StaffOut(serializers.ModelSerializer):
    """A member of staff with the posts held today."""

    posts = PostOut(many=True, source="posts_today")

    class Meta:
        model = StaffMember
        fields = ["id", "full_name", "employee_no", "is_active", "posts"]
        read_only_fields = fields


class StaffParameters(Parameters):
    employee_no = serializers.CharField(required=False, max_length=20, help_text="The whole employee number.")
