"""What the API says about customers: masked, whoever asks; a full number never leaves through here."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from coopcrm.shared.api import Out, Parameters, Problem, id_parameter
from customers import masking, policies, selectors
from customers.api import cards
from customers.choices import CustomerKind, CustomerState, DocumentKind
from customers.duplicates import Match
from customers.models import Customer, Household, IdentityDocument, Membership, Organisation, Phone
from customers.search.ranking import Hit

ID_KINDS = {DocumentKind.ID18, DocumentKind.HMT18, DocumentKind.FPR18}


class DocumentOut(Out):
    """An identity document with its number masked."""

    number = serializers.CharField(help_text="Masked.")

    class Meta:
        model = IdentityDocument
        fields = ["number", *cards.DOCUMENT]
        read_only_fields = fields


class PhoneOut(Out):
    """A phone in use with its number masked."""

    number = serializers.CharField(help_text="Masked.")

    class Meta:
        model = Phone
        fields = ["number", *cards.PHONE]
        read_only_fields = fields


class OrganisationOut(Out):
    """The register entry of an organisation."""

    class Meta:
        model = Organisation
        fields = cards.ORGANISATION
        read_only_fields = fields


class CustomerOut(Out):
    """The registry card; ``is_masked`` where another branch manages the customer: then little more than the place.

    It describes what :mod:`customers.api.cards` tells.
    """

    is_masked = serializers.BooleanField()
    branch = serializers.IntegerField(source="branch_id")
    village = serializers.CharField(allow_null=True, help_text="Its code.")
    merged_into = serializers.IntegerField(source="merged_into_id", allow_null=True)
    documents = DocumentOut(many=True)
    phones = PhoneOut(many=True)
    organisation = OrganisationOut(allow_null=True)

    class Meta:
        model = Customer
        fields = [
            "id",
            "kind",
            "name",
            "is_masked",
            "sex",
            "birth_date",
            "branch",
            "village",
            "state",
            "merged_into",
            "registered_on",
            "documents",
            "phones",
            "organisation",
        ]
        read_only_fields = fields


class CustomerParameters(Parameters):
    branch = id_parameter("The managing branch.")
    village = serializers.RegexField(
        r"^\d{12}$", required=False, help_text="Code of the village, twelve digits."
    )
    kind = serializers.ChoiceField(choices=CustomerKind.choices, required=False)
    state = serializers.ChoiceField(choices=CustomerState.choices, required=False)


class MatchOut(serializers.Serializer):
    """Somebody registered who may be the person asked about; masked outside the managing branch."""

    customer = serializers.IntegerField(source="customer.pk")
    name = serializers.SerializerMethodField()
    is_masked = serializers.SerializerMethodField()
    branch = serializers.IntegerField(source="customer.branch_id")
    village = serializers.CharField(source="customer.village.code", allow_null=True, default=None)
    outcome = serializers.CharField(
        help_text="SAME, CONFLICT, PROBABLE, POSSIBLE or NAME, the likeliest first."
    )
    rule = serializers.CharField(help_text="The rule that says so, like R6.")
    why = serializers.CharField(source="reason", help_text="The rule in words.")

    def get_name(self, match: Match) -> str:
        return selectors.name_for(self.context["request"].user, match.customer)

    def get_is_masked(self, match: Match) -> bool:
        return not policies.may_read_fully(self.context["request"].user, match.customer)


class MatchesOut(serializers.Serializer):
    results = MatchOut(many=True)


class MatchProblem(Problem):
    """A refusal that speaks of people who are registered."""

    matches = MatchOut(many=True, required=False, help_text="With `likely_known` and `number_taken`.")


class PossibleOut(serializers.Serializer):
    """A pair that the reviewers look at."""

    customer = serializers.IntegerField()
    outcome = serializers.CharField()
    rule = serializers.CharField()


class RegisteredOut(serializers.Serializer):
    """What became of a registration: ids and codes, the same when the call is sent again."""

    id = serializers.IntegerField(help_text="The customer, new or known already.")
    is_new = serializers.BooleanField()
    is_disputed = serializers.BooleanField(help_text="The number is held by somebody else; people decide.")
    branch = serializers.IntegerField(help_text="The managing branch.")
    household = serializers.IntegerField(allow_null=True, help_text="Opened or joined.")
    possible = PossibleOut(many=True, help_text="Whom the new customer may be as well.")


class HitOut(serializers.Serializer):
    """Somebody found by the search; masked outside the person's branches."""

    customer = serializers.IntegerField(source="customer.pk")
    kind = serializers.ChoiceField(source="customer.kind", choices=CustomerKind.choices)
    name = serializers.SerializerMethodField()
    is_masked = serializers.SerializerMethodField()
    sex = serializers.SerializerMethodField()
    birth_date = serializers.SerializerMethodField()
    branch = serializers.IntegerField(source="customer.branch_id")
    village = serializers.CharField(source="customer.village", help_text="Its name.")
    why = serializers.CharField(source="reason", help_text="What of the customer fits.")

    def get_name(self, hit: Hit) -> str:
        return hit.customer.name if hit.is_own else masking.mask_name(hit.customer.name)

    def get_is_masked(self, hit: Hit) -> bool:
        return not hit.is_own

    def get_sex(self, hit: Hit) -> str:
        return hit.customer.sex if hit.is_own else ""

    @extend_schema_field({"type": ["string", "null"], "format": "date"})
    def get_birth_date(self, hit: Hit) -> str | None:
        born = hit.customer.birth_date if hit.is_own else None
        return born.isoformat() if born else None


class FoundOut(serializers.Serializer):
    next = serializers.CharField(
        source="cursor", allow_null=True, help_text="Send it as `cursor` for the next rows; null at the end."
    )
    results = HitOut(many=True, source="hits")
    households = serializers.ListField(
        child=serializers.IntegerField(), help_text="Own households of the number searched."
    )


class HouseholdOut(Out):
    """A household: where it lives, since when, and who heads it."""

    branch = serializers.IntegerField(source="branch_id")
    village = serializers.CharField(source="village.code", allow_null=True, default=None)
    head = serializers.IntegerField(source="head_id", allow_null=True, help_text="A customer.")

    class Meta:
        model = Household
        fields = ["id", "branch", "village", "group_no", "head", "valid_from", "valid_to"]
        read_only_fields = fields


class MemberOut(Out):
    """A person in a household for a period; masked where another branch manages the customer."""

    customer = serializers.IntegerField(source="customer_id")
    name = serializers.SerializerMethodField()
    is_masked = serializers.SerializerMethodField()

    class Meta:
        model = Membership
        fields = ["customer", "name", "is_masked", "relation", "valid_from", "valid_to"]
        read_only_fields = fields

    def get_name(self, member: Membership) -> str:
        return selectors.name_for(self.context["request"].user, member.customer)

    def get_is_masked(self, member: Membership) -> bool:
        return not policies.may_read_fully(self.context["request"].user, member.customer)


class HouseholdPageOut(HouseholdOut):
    """A household with everybody who has belonged to it."""

    members = MemberOut(many=True, source="memberships")

    class Meta(HouseholdOut.Meta):
        fields = [*HouseholdOut.Meta.fields, "members"]
        read_only_fields = fields


class HouseholdParameters(Parameters):
    branch = id_parameter("The managing branch.")
    village = serializers.RegexField(
        r"^\d{12}$", required=False, help_text="Code of the village, twelve digits."
    )
