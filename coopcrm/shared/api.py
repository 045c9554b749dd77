"""How the API speaks: signed cursors, problem+json with a stable code, known parameters only, counted callers."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers, status
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback
from rest_framework.viewsets import GenericViewSet

from coopcrm.shared import idempotency
from coopcrm.shared.errors import DomainError, PermissionRefused
from coopcrm.shared.forms import flat_copy
from coopcrm.shared.paging import MOST_ROWS, BadCursor, Keyset

PROBLEM = "application/problem+json"
RETRY_SECONDS = 5
BIGGEST_ID = 2**63 - 1
KEY_PATTERN = r"^[A-Za-z0-9._:-]{8,100}$"


class Cursor(BasePagination):
    """``limit`` rows after the ``cursor`` of the answer before; ``next`` is null at the end."""

    def paginate_queryset(self, queryset, request, view=None) -> list:
        given = view.parameters
        try:
            page = view.keyset.page(queryset, after=given.get("cursor", ""), size=given.get("limit", 50))
        except (BadCursor, DataError, ValueError) as error:
            raise exceptions.ValidationError(
                {"cursor": [_("This cursor was not given out by this list.")]}
            ) from error
        self.next_cursor = page.next_cursor
        return page.rows

    def get_paginated_response(self, data) -> Response:
        return Response({"next": self.next_cursor, "results": data})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        """Describe the envelope for the OpenAPI document."""
        following = {
            "type": ["string", "null"],
            "description": "Send it as `cursor` for the next rows; null at the end of the list.",
        }
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": following, "results": schema},
        }


class Parameters(serializers.Serializer):
    """Query parameters of a list; a name that is not here is refused, so that a typing error is seen."""

    cursor = serializers.CharField(required=False, max_length=600, help_text="`next` of the answer before.")
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_ROWS, default=50, help_text="Rows of one answer."
    )

    def to_internal_value(self, data):
        unknown = {name: [_("There is no such parameter.")] for name in sorted(set(data) - set(self.fields))}
        doubled = {
            name: [_("Give this parameter once.")]
            for name in data
            if hasattr(data, "getlist") and len(data.getlist(name)) > 1
        }
        if unknown or doubled:
            raise serializers.ValidationError({**unknown, **doubled})
        return super().to_internal_value(data)


class NoParameters(Parameters):
    """A single row takes no parameters."""

    cursor = limit = None


class Body(serializers.Serializer):
    """The body of a call; a field that is not here is refused, so that a typing error is seen."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """The declared fields for this call: binding is all that changes a field, so a flat copy does for a plain one.

        The framework makes each anew from its arguments, which costs more than judging what was sent.
        """
        return {name: _copied(field) for name, field in self._declared_fields.items()}

    def to_internal_value(self, data):
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else ()
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such field.")] for name in unknown})
        return super().to_internal_value(data)


def _copied(field: serializers.Field) -> serializers.Field:
    """A field to bind; one that holds others is copied with them."""
    if isinstance(field, serializers.BaseSerializer) or hasattr(field, "child"):
        return copy.deepcopy(field)
    return flat_copy(field)


class Out(serializers.ModelSerializer):
    """What is told of a row. A code that may be empty is documented as such, which read-only fields forget."""

    @cached_property
    def _readable_fields(self) -> list[serializers.Field]:
        """The fields of an answer, gathered once and not for each of its rows."""
        return [field for field in self.fields.values() if not field.write_only]

    def include_extra_kwargs(self, kwargs, extra_kwargs):
        may_be_empty = kwargs.get("allow_blank", False) and "choices" in kwargs
        kwargs = super().include_extra_kwargs(kwargs, extra_kwargs)
        return {**kwargs, "allow_blank": True} if may_be_empty else kwargs


def id_parameter(help_text: str) -> serializers.IntegerField:
    """An id among the query parameters."""
    return serializers.IntegerField(required=False, min_value=1, max_value=BIGGEST_ID, help_text=help_text)


class ReadOnly(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Lists by cursor and single rows, for staff as their posts allow.

    ``rows(staff)`` returns what the person may see, ``narrow`` maps parameters to filters, ``keyset`` is the order.
    """

    keyset: Keyset
    parameters_class: type[Parameters] = Parameters
    narrow: dict[str, str] = {}
    pagination_class = Cursor
    lookup_value_converter = "int"
    parameters: dict = {}

    def rows(self, staff):
        """Rows that ``staff`` may see."""
        raise NotImplementedError

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action != "list" and not request.query_params:
            return
        given = (self.parameters_class if self.action == "list" else NoParameters)(data=request.query_params)
        given.is_valid(raise_exception=True)
        self.parameters = given.validated_data

    def get_queryset(self):
        found = self.rows(self.request.user)
        if self.action != "list":
            return found
        return found.filter(**{self.narrow[k]: v for k, v in self.parameters.items() if k in self.narrow})


def described(title: str, code: str, status_code: int, detail="", **more) -> Response:
    """Return a problem document (RFC 9457); ``code`` is stable, ``detail`` speaks to people."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status_code,
        "code": code,
        "detail": str(detail),
        **more,
    }
    return Response(body, status=status_code, content_type=PROBLEM)


def once(request: Request, route: str, work: Callable[[], idempotency.Answer]) -> Response:
    """Do the work of a writing call, or answer as before when the same call has been done already.

    ``route`` names the operation. The header ``Idempotency-Key`` is required; a refusal is not kept.
    """
    call = idempotency.Call(request.user.pk, route, _key_of(request), _body_of(request))
    if (before := idempotency.begin(call)) is not None:
        return Response(before.body, before.status, headers={"Idempotent-Replayed": "true"})
    answer = work()
    idempotency.keep(call, answer)
    return Response(answer.body, answer.status)


def _key_of(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not re.fullmatch(KEY_PATTERN, key):
        words = _("Send a key of your own with every call that writes: 8 to 100 letters, digits or . _ : -")
        raise exceptions.ValidationError({"Idempotency-Key": [words]})
    return key


def _body_of(request: Request) -> bytes:
    try:
        return request.body
    except RequestDataTooBig as error:
        raise exceptions.ParseError(_("The body is too large.")) from error


TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    415: "Unsupported media type",
    422: "Another call",
    429: "Too many requests",
    503: "Try again",
}
CODES = {
    exceptions.ValidationError: "invalid",
    exceptions.ParseError: "malformed",
    exceptions.NotAuthenticated: "not_signed_in",
    exceptions.AuthenticationFailed: "not_signed_in",
    exceptions.PermissionDenied: "not_permitted",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.Throttled: "too_many_requests",
}


def problem(exc: Exception, context: dict) -> Response | None:
    """Answer every anticipated failure with problem+json; anything else stays an error of ours."""
    set_rollback()
    if type(exc).__name__ == "NoScope":
        return described(TITLES[403], "no_post", 403, _("You hold no post today."))
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied(*exc.args)
    if isinstance(exc, exceptions.APIException):
        return _of_framework(exc)
    if isinstance(exc, DomainError):
        code = _status_of(exc)
        answer = described(TITLES[code], exc.code, code, exc)
        if isinstance(exc, idempotency.InFlight):
            answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answer
    if isinstance(exc, IntegrityError):
        return described(
            TITLES[409], "conflict", 409, _("Somebody else has just changed this. Read it again.")
        )
    if isinstance(exc, OperationalError):
        answer = described(TITLES[503], "busy", 503, _("The database is busy. Try again in a few seconds."))
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answer
    return None


def _status_of(refusal: DomainError) -> int:
    if isinstance(refusal, PermissionRefused):
        return status.HTTP_403_FORBIDDEN
    if isinstance(refusal, idempotency.KeyReused):
        return status.HTTP_422_UNPROCESSABLE_ENTITY
    return status.HTTP_409_CONFLICT


def _of_framework(exc: exceptions.APIException) -> Response:
    title = TITLES.get(exc.status_code, "Error")
    code = CODES.get(type(exc), exc.default_code)
    if isinstance(exc, exceptions.ValidationError):
        detail, more = _("Some values are not understood; see errors."), {"errors": exc.detail}
    else:
        detail, more = exc.detail, {}
    answer = described(title, code, exc.status_code, detail, **more)
    if header := getattr(exc, "auth_header", None):
        answer.headers["WWW-Authenticate"] = header
    if wait := getattr(exc, "wait", None):
        answer.headers["Retry-After"] = str(int(wait) + 1)
    return answer


class Problem(serializers.Serializer):
    """The body of every refusal, for the OpenAPI document."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; programs decide by it.")
    detail = serializers.CharField(help_text="For people, in their language.")
    errors = serializers.DictField(
        required=False,
        child=serializers.ListField(child=serializers.CharField()),
        help_text="By parameter or field.",
    )


class Missing(APIView):
    """An address below /api/ where nothing is served."""

    schema = None

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound
