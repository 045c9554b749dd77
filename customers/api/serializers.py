"""What the API says about customers: masked, whoever asks; a full number never leaves through here."""

from __future__ import annotations

from rest_framework import serializers

from coopcrm.shared.api import Out, Parameters, id_parameter
from customers import masking
from customers.choices import CustomerKind, CustomerState, DocumentKind, DocumentState
from customers.models import Customer, IdentityDocument, Organisation, Phone

ID_KINDS = {DocumentKind.ID18, DocumentKind.HMT18, DocumentKind.FPR18}


class DocumentOut(Out):
    """An identity document with its number masked."""

    number = serializers.SerializerMethodField()

    class Meta:
        model = IdentityDocument
        fields = ["kind", "number", "state", "issued_on", "expires_on", "is_long_term"]
        read_only_fields = fields

    def get_number(self, document: IdentityDocument) -> str:
        return masking.mask_id(document.open("number"))


class PhoneOut(Out):
    """A phone in use with its number masked."""

    number = serializers.SerializerMethodField()

    class Meta:
        model = Phone
        fields = ["kind", "number", "valid_from", "is_main", "confirmed_on"]
        read_only_fields = fields

    def get_number(self, phone: Phone) -> str:
        return masking.mask_phone(phone.open("number"))


class OrganisationOut(Out):
    """The register entry of an organisation."""

    class Meta:
        model = Organisation
        fields = ["category", "legal_form", "founded_on", "business_scope"]
        read_only_fields = fields


class CustomerOut(Out):
    """The registry card; ``is_masked`` where another branch manages the customer: then little more than the place."""

    name = serializers.SerializerMethodField()
    birth_date = serializers.SerializerMethodField()
    is_masked = serializers.SerializerMethodField()
    branch = serializers.IntegerField(source="branch_id")
    village = serializers.CharField(source="village.code", allow_null=True, default=None)
    merged_into = serializers.IntegerField(source="merged_into_id", allow_null=True)
    documents = DocumentOut(many=True)
    phones = PhoneOut(many=True)
    organisation = OrganisationOut(allow_null=True, default=None)

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

    def _is_ours(self, customer: Customer) -> bool:
        scope = self.context["request"].user.scope
        return scope.sees_union or customer.branch_id in scope.branch_ids

    def get_is_masked(self, customer: Customer) -> bool:
        return not self._is_ours(customer)

    def get_name(self, customer: Customer) -> str:
        return customer.name if self._is_ours(customer) else masking.mask_name(customer.name)

    def to_representation(self, customer: Customer) -> dict:
        """Sex and documents belong to the managing branch, like the name."""
        told = super().to_representation(customer)
        return (
            told
            if self._is_ours(customer)
            else {**told, "sex": "", "documents": [], "phones": [], "organisation": None}
        )

    def get_birth_date(self, customer: Customer) -> str | None:
        known = customer.birth_date and self._is_ours(customer)
        return customer.birth_date.isoformat() if known else None


class CustomerParameters(Parameters):
    branch = id_parameter("The managing branch.")
    village = serializers.RegexField(
        r"^\d{12}$", required=False, help_text="Code of the village, twelve digits."
    )
    kind = serializers.ChoiceField(choices=CustomerKind.choices, required=False)
    state = serializers.ChoiceField(choices=CustomerState.choices, required=False)


SHOWN_STATES = (DocumentState.HELD, DocumentState.DISPUTED, DocumentState.UNVERIFIED)
