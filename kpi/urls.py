"""Addresses of figures."""

from django.urls import path, register_converter

from kpi import views
from kpi.converters import DayConverter

register_converter(DayConverter, "day")

app_name = "kpi"
urlpatterns = [
    path("figures/", views.figures, name="dashboard"),
    path("figures/<int:unit>/", views.unit_page, name="unit"),
    path("figures/<int:unit>/<str:code>/<day:day>/", views.figure_page, name="figure"),
]
