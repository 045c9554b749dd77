"""Customers through the API."""

from django.db.models import Prefetch

from coopcrm.shared.api import ReadOnly
from coopcrm.shared.paging import Keyset
from customers.api.serializers import SHOWN_STATES, CustomerOut, CustomerParameters
from customers.models import Customer, IdentityDocument, Phone


class Customers(ReadOnly):
    """The registry: everybody's card, masked outside the managing branch."""

    queryset = Customer.objects.none()
    serializer_class = CustomerOut
    parameters_class = CustomerParameters
    keyset = Keyset("api-customers", ("id",))
    narrow = {"branch": "branch", "village": "village__code", "kind": "kind", "state": "state"}

    def rows(self, staff):
        shown = IdentityDocument.objects.filter(state__in=SHOWN_STATES).order_by("id")
        cards = Customer.objects.visible_to(staff).select_related("village", "organisation")
        phones = Phone.objects.filter(valid_to=None).order_by("id")
        return cards.prefetch_related(Prefetch("documents", shown), Prefetch("phones", phones))
