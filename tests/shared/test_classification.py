"""Every stored field has a class of data, and numbers are sealed wherever they stand."""

from django.conf import settings
from django.db import models

from coopcrm.shared.classification import DataClass, class_of, declared, page, stored_fields
from coopcrm.shared.fields import KeyField, SealedField, SealedRow
from coopcrm.shared.models import KeptAnswer
from coopcrm.shared.rotation import columns


def names(fields) -> list[str]:
    return [f"{field.model._meta.label}.{field.name}" for field in fields]


def test_every_field_has_a_class():
    """Name the new field in its model's ``classification``, then run ``manage.py data_classes``."""
    assert names(field for field in stored_fields() if class_of(field) is None) == []


def test_no_model_classes_a_field_it_does_not_have():
    found = {field.model: set() for field in stored_fields()}
    for field in stored_fields():
        found[field.model].add(field.name)

    unknown = {model._meta.label: set(declared(model)) - fields for model, fields in found.items()}

    assert {label: extra for label, extra in unknown.items() if extra} == {}


def test_numbers_are_sealed_and_only_their_digests_stand_beside_them():
    keys = [field for field in stored_fields() if class_of(field) == DataClass.C2_KEY]

    assert names(field for field in keys if not isinstance(field, SealedField | KeyField)) == []
    beside_nothing = [field for field in keys if not issubclass(field.model, SealedRow)]
    assert {field.model for field in beside_nothing} == {KeptAnswer}, "digests of whole calls, which fade"
    assert len(keys) >= 13


def test_every_sealed_column_takes_part_in_rotations_with_all_its_digests():
    sealed = {f"{f.model._meta.db_table}.{f.name}" for f in stored_fields() if isinstance(f, SealedField)}

    assert {f"{entry.table}.{entry.column}" for entry in columns()} == sealed


def test_secrets_are_never_plain_numbers_or_dates():
    secrets = [field for field in stored_fields() if class_of(field) == DataClass.C3]

    kinds = (models.CharField, models.TextField, models.BinaryField, models.JSONField)
    assert names(field for field in secrets if not isinstance(field, kinds)) == []
    assert "branches.StaffMember.password" in names(secrets)


def test_the_page_of_classes_is_up_to_date():
    """Run ``manage.py data_classes`` after a change of a model."""
    assert (settings.BASE_DIR / "docs" / "data-classes.md").read_text(encoding="utf-8") == page()
