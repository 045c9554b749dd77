"""Addresses of units, areas and staff."""

from django.urls import path

from branches.signin.urls import help_for_others
from branches.views import areas, proposals, staff, units

app_name = "branches"

urlpatterns = [
    path("units/", units.units, name="units"),
    path("units/<int:pk>/", units.unit, name="unit"),
    path("areas/", areas.areas, name="areas"),
    path("areas/<int:pk>/", areas.area, name="area"),
    path("staff/", staff.staff, name="staff"),
    path("staff/<int:pk>/", staff.member, name="member"),
    path("proposals/", proposals.queue, name="proposals"),
    path("proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("proposals/together/", proposals.together, name="proposals-together"),
    path("proposals/together/<int:pk>/", proposals.batch, name="proposal-batch"),
    path("proposals/together/<int:pk>/<int:proposal>/", proposals.open_sample, name="proposal-sample"),
    *help_for_others,
]
