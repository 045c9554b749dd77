"""Lists of units and areas that go out and come in as files; rows are known by their codes."""

from __future__ import annotations

from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget

from branches.models import Area, Unit
from coopcrm.shared.cells import SafeText


class CodedResource(ModelResource):
    """Rows that are known by codes; their ids come from the sequence, which the web role may not set."""

    def after_import(self, dataset, result, **kwargs) -> None:
        """Leave the sequence alone: the library's way of setting it would take the whole list back."""


class UnitResource(CodedResource):
    """Units by code; a second upload changes nothing."""

    name = Field("name", "name", widget=SafeText())
    address = Field("address", "address", widget=SafeText())
    parent = Field("parent", "parent", widget=ForeignKeyWidget(Unit, "code"))

    class Meta:
        model = Unit
        fields = (
            "code",
            "name",
            "kind",
            "parent",
            "opened_on",
            "closed_on",
            "address",
            "latitude",
            "longitude",
        )
        export_order = fields
        import_id_fields = ("code",)
        skip_unchanged = True
        use_transactions = True


class AreaInForce(ForeignKeyWidget):
    """An area by the code that is in force: codes of earlier years may be used again."""

    def get_queryset(self, value, row, *args, **kwargs):
        return super().get_queryset(value, row, *args, **kwargs).filter(valid_to=None)


class AreaResource(CodedResource):
    """Areas in force by code, with the branch that serves them."""

    name = Field("name", "name", widget=SafeText())
    parent = Field("parent", "parent", widget=AreaInForce(Area, "code"))
    unit = Field("unit", "unit", widget=ForeignKeyWidget(Unit, "code"))

    class Meta:
        model = Area
        fields = ("code", "name", "level", "parent", "pinyin", "initials", "unit", "registered_households")
        export_order = fields
        import_id_fields = ("code",)
        skip_unchanged = True
        use_transactions = True

    def get_queryset(self):
        return super().get_queryset().filter(valid_to=None)
