"""Persons and organisations, their documents and phones."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from branches.models import Area, StaffMember, Unit
from coopcrm.shared.classification import classes
from coopcrm.shared.fields import KeyField, SealedField, SealedRow
from coopcrm.shared.models import StoredFile
from customers.choices import (
    CustomerKind,
    CustomerState,
    DocumentKind,
    DocumentState,
    DocumentWarning,
    FactSource,
    PhoneEnded,
    PhoneKind,
    PhotoSide,
    RetiredBecause,
    Sex,
)
from customers.homes.choices import MarriageEnd
from customers.persons.choices import ContactHours, ContactLanguage, Education
from customers.querysets import CustomerQuerySet, DocumentPhotoQuerySet, DocumentQuerySet


class Customer(models.Model):
    """One person or organisation, whichever branch met them first.

    ``name`` is written as on the document. ``name_key`` (normalised), ``given_key`` (without the surname), ``pinyin``
    (toneless, joined), ``initials`` and ``given_pinyin`` are what search reads; services keep them in step.
    """

    classification = classes(
        C1="kind state identity_conflict disputed is_locked source registered_on verified_on form_key created_at",
        C2=(
            "name name_key given_key pinyin initials given_pinyin sex birth_date group_no address occupation "
            "deceased_on education residence contact_language contact_hours"
        ),
    )

    kind = models.CharField(_("kind"), max_length=12, choices=CustomerKind, default=CustomerKind.PERSON)
    name = models.CharField(_("name"), max_length=100)
    name_key = models.CharField(max_length=100, db_collation="C", editable=False)
    given_key = models.CharField(max_length=100, db_collation="C", blank=True, editable=False)
    pinyin = models.CharField(max_length=200, db_collation="C", blank=True, editable=False)
    initials = models.CharField(max_length=60, db_collation="C", blank=True, editable=False)
    given_pinyin = models.CharField(
        max_length=200, db_collation="C", blank=True, editable=False, db_default=""
    )
    sex = models.CharField(_("sex"), max_length=1, choices=Sex, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    branch = models.ForeignKey(
        Unit,
        models.PROTECT,
        related_name="customers",
        verbose_name=_("managing branch"),
        db_index=False,  # the indexes below begin with it
    )
    village = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="customers",
        db_index=False,  # as the branch
    )
    group_no = models.CharField(_("village group"), max_length=10, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    occupation = models.CharField(_("occupation"), max_length=60, blank=True)
    education = models.CharField(
        _("education"), max_length=12, choices=Education, blank=True, default="", db_default=""
    )
    residence = models.CharField(_("usual residence"), max_length=200, blank=True, default="", db_default="")
    contact_language = models.CharField(
        _("language for contact"),
        max_length=12,
        choices=ContactLanguage,
        blank=True,
        default="",
        db_default="",
    )
    contact_hours = models.CharField(
        _("when to reach"), max_length=12, choices=ContactHours, blank=True, default="", db_default=""
    )
    state = models.CharField(max_length=10, choices=CustomerState, default=CustomerState.ACTIVE)
    deceased_on = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged_from")
    identity_conflict = models.BooleanField(default=False, help_text=_("Two persons claim one number."))
    disputed = ArrayField(
        models.CharField(max_length=20),
        default=list,
        db_default=[],
        blank=True,
        editable=False,
        help_text=_("Attributes about which statements contradict each other."),
    )
    is_locked = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text=_("Kept for the law alone: asked to be deleted before the retention was over."),
    )
    source = models.CharField(max_length=10, choices=FactSource, default=FactSource.DOCUMENT)
    registered_on = models.DateField(_("registered on"))
    registered_at = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("registered at"))
    registered_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    verified_on = models.DateField(_("last verified on"), null=True, blank=True)
    form_key = models.UUIDField(
        null=True, editable=False, help_text=_("The form that registered, sent once.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            models.Index(fields=["name_key", "id"], name="customer_name"),
            models.Index(fields=["given_key", "id"], name="customer_given_name"),
            models.Index(fields=["pinyin", "id"], name="customer_pinyin"),
            models.Index(fields=["initials", "id"], name="customer_initials"),
            models.Index(fields=["given_pinyin", "id"], name="customer_given_pinyin"),
            models.Index(fields=["birth_date", "id"], name="customer_birth_date"),
            models.Index(fields=["branch", "id"], name="customer_branch"),
            models.Index(fields=["branch", "pinyin", "id"], name="customer_branch_pinyin"),
            models.Index(fields=["branch", "registered_on", "id"], name="customer_branch_registered"),
            models.Index(
                fields=["name_key", "id"],
                name="customer_organisation",
                condition=Q(kind=CustomerKind.ORGANISATION),
            ),
            models.Index(fields=["village", "id"], name="customer_village_id"),
            models.Index(
                fields=["branch", "village", "id"], name="customer_disputed", condition=~Q(disputed=[])
            ),
            models.Index(
                fields=["id"],
                name="customer_leaving",
                condition=Q(is_locked=True) | Q(state__in=[CustomerState.CLOSED, CustomerState.DECEASED]),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="customer_has_name"),
            models.UniqueConstraint(
                fields=["form_key"], condition=~Q(form_key=None), name="customer_form_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(state=CustomerState.MERGED, merged_into__isnull=False)
                | (~Q(state=CustomerState.MERGED) & Q(merged_into=None)),
                name="customer_merged_knows_survivor",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="customer_not_merged_into_itself"),
        ]

    def __str__(self) -> str:
        return self.name


class IdentityDocument(SealedRow):
    """A number a person shows. A valid number is held once; a second claim is stored as DISPUTED.

    ``number_key`` is the keyed digest of the normalised number (of the text as typed when it is not valid),
    ``tail_key`` of its last six characters, ``core_key`` of the fifteen digits old and new numbers share. A renewed
    document is a row of its own; the one before is RETIRED and stays. The number of a household register serves a
    family, that of a marriage certificate a couple: neither is held by one person alone.
    """

    classification = classes(
        C1="kind state invalid_reason warning source recorded_on is_long_term retired_on retired_because",
        C2="issued_on expires_on issued_by retired_note",
    )

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, choices=DocumentKind)
    number = SealedField()
    number_key = KeyField()
    tail_key = KeyField(default=b"")
    core_key = KeyField(default=b"")
    state = models.CharField(max_length=10, choices=DocumentState, default=DocumentState.HELD)
    invalid_reason = models.CharField(max_length=12, blank=True)
    warning = models.CharField(max_length=12, choices=DocumentWarning, blank=True, db_default="", default="")
    issued_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    is_long_term = models.BooleanField(default=False, db_default=False)
    issued_by = models.CharField(_("issued by"), max_length=100, blank=True, default="", db_default="")
    source = models.CharField(max_length=10, choices=FactSource, default=FactSource.DOCUMENT)
    recorded_on = models.DateField()
    recorded_by = models.ForeignKey(StaffMember, models.PROTECT, null=True, blank=True, related_name="+")
    retired_on = models.DateField(null=True, blank=True)
    retired_because = models.CharField(
        max_length=10, choices=RetiredBecause, blank=True, default="", db_default=""
    )
    retired_note = models.CharField(max_length=200, blank=True, default="", db_default="")
    retired_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("identity document")
        verbose_name_plural = _("identity documents")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number_key"],
                condition=Q(state=DocumentState.HELD)
                & ~Q(kind__in=[DocumentKind.MARRIAGE, DocumentKind.HOUSEHOLD_REGISTER]),
                name="document_held_once",
            ),
            models.CheckConstraint(condition=~Q(number_key=b""), name="document_has_number"),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(is_long_term=False), name="document_expires_or_never"
            ),
            models.CheckConstraint(
                condition=Q(retired_because="") | Q(state=DocumentState.RETIRED), name="document_retired_why"
            ),
        ]
        indexes = [
            models.Index(fields=["number_key"], name="document_number"),
            models.Index(fields=["tail_key"], name="document_tail", condition=~Q(tail_key=b"")),
            models.Index(fields=["core_key"], name="document_core", condition=~Q(core_key=b"")),
            models.Index(
                fields=["expires_on", "id"],
                name="document_expiring",
                condition=Q(state=DocumentState.HELD) & ~Q(expires_on=None),
            ),
            models.Index(fields=["id"], name="document_disputed", condition=Q(state=DocumentState.DISPUTED)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class Phone(SealedRow):
    """A phone of a customer for a period; one phone may serve a whole family, so it is a hint and never a key.

    ``confirmed_on`` is the day on which the person last said that it is theirs. A number that came back is a row of
    its own beside the ended one.
    """

    classification = classes(
        C1="kind invalid_reason valid_from valid_to source is_main confirmed_on ended_because"
    )

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="phones")
    kind = models.CharField(max_length=10, choices=PhoneKind)
    number = SealedField()
    number_key = KeyField()
    tail_key = KeyField(default=b"")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=FactSource, default=FactSource.SAID)
    invalid_reason = models.CharField(max_length=12, blank=True, default="", db_default="")
    is_main = models.BooleanField(default=False, db_default=False)
    confirmed_on = models.DateField(_("confirmed on"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        StaffMember, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    ended_because = models.CharField(max_length=12, choices=PhoneEnded, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "number_key"],
                condition=Q(valid_to=None),
                name="phone_once_per_customer",
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_main=True), name="phone_main_once_per_customer"
            ),
            models.CheckConstraint(condition=Q(is_main=False) | Q(valid_to=None), name="phone_main_in_use"),
            models.CheckConstraint(
                condition=Q(ended_because="") | Q(valid_to__isnull=False), name="phone_ended_why"
            ),
        ]
        indexes = [
            models.Index(fields=["number_key"], name="phone_number"),
            models.Index(fields=["tail_key"], name="phone_tail"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class Marriage(SealedRow):
    """A marriage certificate links two persons and opens their household; it never identifies one person alone.

    ``state`` says whether the number could be checked; ``end_number`` is that of the divorce certificate. Nobody is
    married twice on a day (migration ``household_events``).
    """

    classification = classes(C1="source state", C2="valid_from valid_to ended_by")

    first = models.ForeignKey(Customer, models.PROTECT, related_name="marriages_as_first")
    second = models.ForeignKey(Customer, models.PROTECT, related_name="marriages_as_second")
    number = SealedField(default=b"")
    number_key = KeyField(default=b"")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=FactSource, default=FactSource.DOCUMENT)
    state = models.CharField(
        max_length=10, choices=DocumentState, default=DocumentState.HELD, db_default=DocumentState.HELD
    )
    ended_by = models.CharField(
        _("ended by"), max_length=10, choices=MarriageEnd, blank=True, default="", db_default=""
    )
    end_number = SealedField(default=b"", db_default=b"")
    end_number_key = KeyField(default=b"", db_default=b"")

    class Meta:
        verbose_name = _("marriage")
        verbose_name_plural = _("marriages")
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="marriage_of_two_in_order"),
            models.UniqueConstraint(
                fields=["first", "second"], condition=Q(valid_to=None), name="marriage_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} · {self.second}"


class DocumentPhoto(models.Model):
    """A photo of an identity document; a later one stands beside the earlier, the newest is shown."""

    classification = classes(C1="added_at side")

    document = models.ForeignKey(IdentityDocument, models.PROTECT, related_name="photos")
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    side = models.CharField(
        max_length=5, choices=PhotoSide, default=PhotoSide.FRONT, db_default=PhotoSide.FRONT
    )
    added_by = models.ForeignKey(StaffMember, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(db_default=Now())

    objects = DocumentPhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo of a document")
        verbose_name_plural = _("photos of documents")

    def __str__(self) -> str:
        return f"#{self.pk}"
