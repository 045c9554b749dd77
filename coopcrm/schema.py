"""How the OpenAPI document of the API is made."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from coopcrm.shared.api import Problem

REFUSALS = {
    "400": "A parameter is unknown or has no sense (`invalid`, `malformed`).",
    "401": "Nobody is signed in (`not_signed_in`).",
    "403": "The person holds no post today (`no_post`) or may not do this (`not_permitted`).",
    "404": "There is no such row, or it is not yours to see (`not_found`).",
    "429": "Too many calls a minute (`too_many_requests`); `Retry-After` says when (seconds).",
    "503": "The database is busy (`busy`); `Retry-After` says when (seconds).",
}

OF_BODIES = {
    "415": "The body is no JSON (`unsupported_media_type`).",
}
OF_WRITES = {
    "409": "A rule says no (its `code` names it), or the same call runs right now (`in_flight`).",
    "422": "The `Idempotency-Key` was sent before with another body (`idempotency_mismatch`).",
}


class SessionScheme(OpenApiAuthenticationExtension):
    """The browser's session, as the document names it."""

    target_class = "coopcrm.shared.callers.Authentication"
    name = "session"

    def get_security_definition(self, auto_schema) -> dict:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class Schema(AutoSchema):
    """Adds the query parameters of a list and the refusals that every operation shares."""

    def get_override_parameters(self) -> list:
        of_list = getattr(self.view, "parameters_class", None)
        return [of_list] if of_list and self._is_list_view() else []

    def get_filter_backends(self) -> list:
        return []

    def _get_paginator(self):
        return None if not self._is_list_view() else super()._get_paginator()

    def _get_response_bodies(self, direction="response") -> dict:
        bodies = super()._get_response_bodies(direction)
        reference = self.resolve_serializer(Problem, "response").ref
        for status, description in self._refusals().items():
            content = {"application/problem+json": {"schema": reference}}
            bodies.setdefault(status, {"description": description, "content": content})
        return bodies

    def _refusals(self) -> dict[str, str]:
        """Every operation's refusals, those of a body, and those of a call that writes."""
        of_body = OF_BODIES if self.method == "POST" else {}
        of_write = OF_WRITES if getattr(self.view, "action", "") == "create" else {}
        return {**REFUSALS, **of_body, **of_write}

    def _get_parameters(self) -> list:
        return [given for given in super()._get_parameters() if given["name"] != "format"]
