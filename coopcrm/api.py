"""Addresses of the API, its OpenAPI document and the page that explains it."""

from __future__ import annotations

from django.shortcuts import render
from django.urls import include, path, re_path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.routers import SimpleRouter

from branches.api.views import Areas, Staff, Units
from coopcrm.shared.api import Missing
from customers.api.views import Customers, Households
from kpi.api.views import Kpis
from loans.api.views import Loans
from ratings.api.views import Ratings, Tiers

router = SimpleRouter(use_regex_path=False)
router.register("customers", Customers, basename="api-customer")
router.register("households", Households, basename="api-household")
router.register("loans", Loans, basename="api-loan")
router.register("ratings", Ratings, basename="api-rating")
router.register("tiers", Tiers, basename="api-tier")
router.register("kpis", Kpis, basename="api-kpi")
router.register("units", Units, basename="api-unit")
router.register("areas", Areas, basename="api-area")
router.register("staff", Staff, basename="api-staff")


@require_safe
def documentation(request):
    """Explain every operation of the API in the words of its own OpenAPI document."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    operations = [
        {"path": address, "method": method.upper(), **operation}
        for address, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    shapes = document["components"]["schemas"]
    return render(request, "help/api.html", {"operations": [_explained(each, shapes) for each in operations]})


def _explained(operation: dict, shapes: dict) -> dict:
    """Reduce an operation to what a reader needs: parameters and the fields of a row."""
    done = next(
        operation["responses"][status] for status in ("200", "201") if status in operation["responses"]
    )
    body = done["content"]["application/json"]["schema"]
    shape = shapes.get(body.get("$ref", "").rsplit("/", 1)[-1], body)
    rows = shape.get("properties", {}).get("results", {}).get("items", {})
    row = shapes.get(rows.get("$ref", "").rsplit("/", 1)[-1], shape)
    title, _, rest = operation.get("description", "").partition("\n")
    parameters = [{**each, "type": _kind(each["schema"], shapes)} for each in operation.get("parameters", ())]
    fields = _fields(row, shapes)
    return {
        **operation,
        "title": title,
        "rest": rest,
        "given": parameters,
        "fields": fields,
        "is_list": bool(rows),
        "sent": _fields(_sent(operation, shapes), shapes),
    }


def _sent(operation: dict, shapes: dict) -> dict:
    """The shape of the body that is sent; empty where there is none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return shapes.get(content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1], {})


def _fields(shape: dict, shapes: dict) -> list[dict]:
    needed = shape.get("required", ())
    return [
        {
            "name": name,
            "type": _kind(each, shapes),
            "description": each.get("description", ""),
            "is_needed": name in needed,
        }
        for name, each in shape.get("properties", {}).items()
    ]


def _kind(schema: dict, shapes: dict) -> str:
    """Name the type of a value in words a programmer reads at once."""
    if "$ref" in schema:
        return _kind(shapes[schema["$ref"].rsplit("/", 1)[-1]], shapes)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    for several in ("oneOf", "allOf", "anyOf"):
        if several in schema:
            return " | ".join(_kind(each, shapes) for each in schema[several])
    kinds = schema.get("type", "")
    kinds = " | ".join(kinds) if isinstance(kinds, list) else kinds
    if kinds == "array":
        return f"[{_kind(schema.get('items', {}), shapes)}]"
    return f"{kinds} ({schema['format']})" if "format" in schema else kinds


urlpatterns = [
    path("schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("docs/", documentation, name="api-docs"),
    path("", include(router.urls)),
    re_path(r"^.*$", Missing.as_view(), name="api-missing"),
]
