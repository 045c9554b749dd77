"""Model fields for values that a stolen dump must not give away."""

from __future__ import annotations

from django.db import connections, models, router
from django.db.models import lookups

from coopcrm.shared import crypto
from coopcrm.shared.classification import DataClass


class SealedField(models.BinaryField):
    """The stored, encrypted form of a number; open it with :meth:`SealedNumber.open` of its model."""

    description = "AES-256-GCM ciphertext bound to table, column and row"
    classification = DataClass.C2_KEY


class KeyField(models.BinaryField):
    """A keyed digest by which a number or a part of it is found; empty stands for "no such part"."""

    description = "HMAC-SHA-256 (16 bytes)"
    classification = DataClass.C2_KEY

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", crypto.DIGEST_BYTES)
        super().__init__(*args, **kwargs)


@KeyField.register_lookup
class SameText(lookups.Exact):
    """Equal under any of the keys in use."""

    def as_sql(self, compiler, connection):
        if hasattr(self.rhs, "as_sql"):  # the column of another row, compared as it stands
            return super().as_sql(compiler, connection)
        forms = crypto.forms(self.rhs)
        if len(forms) == 1:
            return super().as_sql(compiler, connection)
        column, params = self.process_lhs(compiler, connection)
        marks = ", ".join(["%s"] * len(forms))
        return f"{column} IN ({marks})", [*params, *map(connection.Database.Binary, forms)]


@KeyField.register_lookup
class SameTextAsOne(lookups.In):
    """One of several, under any of the keys in use."""

    def __init__(self, lhs, rhs):
        if isinstance(rhs, list | tuple | set | frozenset):
            rhs = [form for digest in rhs for form in crypto.forms(digest)]
        super().__init__(lhs, rhs)


class SealedRow(models.Model):
    """A row with sealed columns: draws its id before insert, because a sealed value binds to it."""

    class Meta:
        abstract = True

    def draw_id(self) -> int:
        """Give the row its primary key now and return it."""
        if self.pk is None:
            self.pk = draw_ids(type(self), 1)[0]
        return self.pk

    def seal(self, column: str, text: str) -> None:
        """Encrypt ``text`` into ``column``; draws the id first when the row is new."""
        setattr(self, column, crypto.seal(text, table=self._meta.db_table, column=column, row=self.draw_id()))

    def open(self, column: str) -> str:
        """Decrypt ``column``; empty when nothing is stored."""
        stored = getattr(self, column)
        if not stored:
            return ""
        return crypto.unseal(stored, table=self._meta.db_table, column=column, row=self.pk)


def draw_ids(model: type[models.Model], count: int) -> list[int]:
    """Draw ``count`` primary keys of ``model`` from its sequence, ready for COPY or bulk inserts."""
    connection = connections[router.db_for_write(model)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [_sequence_of(model, cursor), count]
        )
        return [row[0] for row in cursor.fetchall()]


def draw_keys(*kinds: type[models.Model]) -> list[int]:
    """Draw one primary key of each of these models, by one statement."""
    with connections[router.db_for_write(kinds[0])].cursor() as cursor:
        names = [_sequence_of(model, cursor) for model in kinds]
        cursor.execute(f"SELECT {', '.join(['nextval(%s::regclass)'] * len(names))}", names)
        return list(cursor.fetchone())


_sequences: dict[type[models.Model], str] = {}


def _sequence_of(model: type[models.Model], cursor) -> str:
    """The sequence of a table, looked up once in each process."""
    if model not in _sequences:
        asked = [model._meta.db_table, model._meta.pk.column]
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", asked)
        _sequences[model] = cursor.fetchone()[0]
    return _sequences[model]
