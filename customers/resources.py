"""What leaves the house in lists: columns, safe cells; numbers are added, masked, by ``exports.py``."""

from __future__ import annotations

from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import Widget

from coopcrm.shared.cells import SafeText
from customers.models import Customer

TEXT = SafeText()


class AsItIs(Widget):
    """A figure or a day that stays one on its way into the file."""

    def render(self, value, obj=None, **kwargs):
        return value


PLAIN = AsItIs()


class CustomerResource(ModelResource):
    """Customers as a list to work with."""

    number = Field("pk", column_name="customer_id", widget=PLAIN)
    name = Field("name", column_name="name", widget=TEXT)
    sex = Field("sex", column_name="sex")
    birth_date = Field("birth_date", column_name="birth_date", widget=PLAIN)
    branch_code = Field("branch__code", column_name="branch_code")
    branch = Field("branch__name", column_name="branch", widget=TEXT)
    village_code = Field("village__code", column_name="village_code")
    village = Field("village__name", column_name="village", widget=TEXT)
    group_no = Field("group_no", column_name="group", widget=TEXT)
    registered_on = Field("registered_on", column_name="registered_on", widget=PLAIN)
    verified_on = Field("verified_on", column_name="verified_on", widget=PLAIN)

    class Meta:
        model = Customer
        fields = (
            "number",
            "name",
            "sex",
            "birth_date",
            "branch_code",
            "branch",
            "village_code",
            "village",
            "group_no",
            "registered_on",
            "verified_on",
        )
        export_order = fields
        chunk_size = 2000
