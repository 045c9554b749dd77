"""The work table (orders for background work are rows) and the ledger of deeds with its seals."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from coopcrm.shared.classification import classes
from coopcrm.shared.fields import KeyField


class Deed(models.TextChoices):
    """What a row of the ledger says was done. The first four come from triggers, the others from ``audit.record``."""

    INSERT = "insert", _("entered")
    UPDATE = "update", _("changed")
    DELETE = "delete", _("deleted")
    TRUNCATE = "truncate", _("table emptied")
    READING = "reading", _("full value read")
    EXPORT = "export", _("list exported")
    REFUSAL = "refusal", _("refused")
    SIGN_IN = "sign_in", _("signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
    SIGN_OUT = "sign_out", _("signed out")
    SESSION_ENDED = "session_ended", _("session ended")
    ROLE_CHANGE = "role_change", _("post changed")
    ERASURE = "erasure", _("content erased")
    BACKUP = "backup", _("backup made")
    KEY_ROTATION = "key_rotation", _("keys renewed")
    RUN = "run", _("results computed")
    LOAD = "load", _("table loaded")


class Outcome(models.TextChoices):
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")
    FAILED = "failed", _("failed")


class PlainJSONField(models.JSONField):
    """A ``json`` column: the text stays as it was written, which is what a digest needs."""

    def db_type(self, connection) -> str:
        return "json"

    def from_db_value(self, value, expression, connection):
        """The driver has read the JSON already."""
        return value


class JobState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


OPEN_JOB_STATES = (JobState.QUEUED, JobState.RUNNING)


class OrderState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


def in_words(text: str, params: dict) -> str:
    """Translate a stored text and fill in its figures; a text whose figures changed shape is shown as it is."""
    translated = gettext(text) if text else ""
    try:
        return translated % params if params else translated
    except (KeyError, TypeError, ValueError):
        return translated


class Job(models.Model):
    """Work people can watch: made of orders, in stages; kept after it has ended."""

    classification = classes(
        C1=(
            "kind key title title_params as_of params state stage stage_since stage_names started_by "
            "unit created_at started_at finished_at cancel_requested result error"
        ),
        C2="started_by_name",
    )

    kind = models.CharField(max_length=60)
    key = models.CharField(
        max_length=120, blank=True, help_text="The same kind and key is the same job again."
    )
    title = models.CharField(max_length=200)
    title_params = models.JSONField(default=dict, blank=True)
    as_of = models.DateField(null=True, blank=True)
    params = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    stage = models.PositiveSmallIntegerField(default=0, help_text="Orders of this stage may be claimed now.")
    stage_since = models.DateTimeField(db_default=Now())
    stage_names = models.JSONField(default=list, blank=True)
    started_by = models.BigIntegerField(
        null=True, blank=True, help_text="Id of the member of staff, or empty."
    )
    started_by_name = models.CharField(max_length=100, blank=True)
    unit = models.BigIntegerField(
        null=True, blank=True, help_text="Id of the branch that may watch, or empty."
    )
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=~Q(key=""), name="job_kind_and_key_once"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=["queued", "running"]), name="job_open"),
            models.Index(fields=["started_by", "-id"], name="job_started_by"),
        ]

    def __str__(self) -> str:
        return in_words(self.title, self.title_params)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_JOB_STATES

    @property
    def look_state(self) -> str:
        """The state under the name that the design uses."""
        return "waiting" if self.state == JobState.QUEUED else self.state

    @property
    def result_in_words(self) -> list[tuple[str, object]]:
        """The counts of the result with their translated names."""
        return [(gettext(name.replace("_", " ")), value) for name, value in self.result.items()]

    @property
    def stage_name(self) -> str:
        """The running stage in words, empty when the job has one stage only."""
        return gettext(self.stage_names[self.stage]) if self.stage < len(self.stage_names) else ""


class WorkOrder(models.Model):
    """One piece of work that commits together with its own mark of being done."""

    classification = classes(
        C1=(
            "kind key stage payload state attempts failures created_at not_before claimed_by claimed_at "
            "done_at result error"
        ),
    )

    job = models.ForeignKey(Job, models.CASCADE, null=True, blank=True, related_name="orders")
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=120, blank=True)
    stage = models.PositiveSmallIntegerField(default=0)
    payload = models.JSONField(
        default=dict, blank=True, help_text="Ids, codes and dates; never names or numbers."
    )
    state = models.CharField(max_length=10, choices=OrderState, default=OrderState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often a worker took it.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="How often the work raised an error.")
    created_at = models.DateTimeField(db_default=Now())
    not_before = models.DateTimeField(db_default=Now())
    claimed_by = models.CharField(max_length=80, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("work order")
        verbose_name_plural = _("work orders")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "key"], condition=~Q(key=""), name="order_key_once_per_job"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="queued"), name="order_queued"),
            models.Index(fields=["job", "stage", "state"], name="order_job_stage_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}".strip()


class JobErrorRow(models.Model):
    """One thing a job could not do, while it did the rest."""

    classification = classes(C1="subject reason reason_params")

    job = models.ForeignKey(Job, models.CASCADE, related_name="error_rows")
    order = models.ForeignKey(WorkOrder, models.CASCADE, null=True, blank=True, related_name="error_rows")
    subject = models.CharField(max_length=200, help_text="What it concerns, as ids or places in a file.")
    reason = models.CharField(max_length=300)
    reason_params = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("error row")
        verbose_name_plural = _("error rows")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason_in_words}"

    @property
    def reason_in_words(self) -> str:
        return in_words(self.reason, self.reason_params)


class AuditEntry(models.Model):
    """One deed: who did what to which row, on record whatever road it took. Written by database functions alone.

    ``position`` is the place of the transaction among all transactions: rows below the oldest open one are complete
    and can be sealed. ``old`` and ``new`` hold the whole row of an insert or delete and the changed columns of an
    update; ``digest`` is the SHA-256 of both, which stays when an erasure blanks them. ``subject_id`` is the person in
    the registry whom the row is about. Actor and request are what the process claims; ``db_user`` is what the
    database knows. Partitioned by month of ``at``.
    """

    classification = classes(
        C1="id at position deed table_name key subject_id actor_id request_id db_user outcome digest",
        C2="old new actor_name purpose",
    )

    pk = models.CompositePrimaryKey("id", "at")
    id = models.BigIntegerField()
    at = models.DateTimeField(_("time"))
    position = models.BigIntegerField()
    deed = models.CharField(_("deed"), max_length=20, choices=Deed)
    table_name = models.CharField(_("table"), max_length=63, blank=True)
    key = models.CharField(_("row"), max_length=200, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    old = PlainJSONField(null=True, blank=True)
    new = PlainJSONField(null=True, blank=True)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_name = models.CharField(_("who"), max_length=100, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    db_user = models.CharField(_("database role"), max_length=63)
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    digest = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger of deeds")

    def __str__(self) -> str:
        return f"{self.deed} {self.table_name} {self.key}".strip()


class AuditSeal(models.Model):
    """A link of the chain: entries with ``from_position <= position < to_position`` and ``after_id < id <= upto_id``.

    ``leaves`` holds id (8 bytes) and the first 16 bytes of the SHA-256 of each entry in order of id, so that an edited
    entry is named and not only its block; ``digest`` is the SHA-256 of the digest before, the seal's own figures and
    the leaves.
    """

    classification = classes(
        C1="number sealed_at from_position to_position after_id upto_id rows leaves digest"
    )

    number = models.BigIntegerField(_("number"), primary_key=True)
    sealed_at = models.DateTimeField(_("sealed"))
    from_position = models.BigIntegerField()
    to_position = models.BigIntegerField()
    after_id = models.BigIntegerField()
    upto_id = models.BigIntegerField()
    rows = models.IntegerField(_("entries"))
    leaves = models.BinaryField()
    digest = models.BinaryField(_("digest"), max_length=32)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}"


class FileKind(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"
    JPEG = "jpeg", "JPEG"


class StoredFile(models.Model):
    """A file that people sent in or that a job wrote: sealed, under a generated name, outside the web root.

    Who may read it is asked of the record it belongs to, on every request. Camera's time and position are claims.
    """

    classification = classes(
        C1="owner kind purpose name size sha256 key_id created_at removed_at",
        C2="taken_at latitude longitude",
    )

    owner = models.BigIntegerField(help_text="Id of the member of staff whose quota it counts to.")
    kind = models.CharField(max_length=5, choices=FileKind)
    purpose = models.CharField(max_length=40, help_text="What it is kept for, as a code.")
    name = models.CharField(max_length=40, unique=True, help_text="Generated; says nothing.")
    size = models.PositiveIntegerField(help_text="Bytes of the content, before sealing.")
    sha256 = models.BinaryField(max_length=32)
    key_id = models.PositiveSmallIntegerField(help_text="The key under which it is sealed.")
    taken_at = models.DateTimeField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="stored_file_has_content"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="stored_file_position_on_earth",
            ),
        ]
        indexes = [
            models.Index(fields=["owner"], condition=Q(removed_at=None), name="stored_file_of_owner"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class KeptAnswer(models.Model):
    """What a writing call of the API was answered, for the same call sent again; ids and codes, no names or numbers."""

    classification = classes(C1="caller route status body created_at expires_at")

    caller = models.BigIntegerField(help_text="Id of the member of staff who calls.")
    route = models.CharField(max_length=60, help_text="The operation, as the OpenAPI document names it.")
    key_digest = KeyField(help_text="Of caller, operation and Idempotency-Key.")
    body_digest = KeyField(help_text="Of the body as it was sent, bound to the key.")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [models.UniqueConstraint(fields=["key_digest"], name="kept_answer_once")]

    def __str__(self) -> str:
        return f"#{self.pk}"
