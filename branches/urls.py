"""Addresses of the organisation: chart, units, areas, calendar, staff, lists; and of proposals."""

from django.urls import include, path

from branches.ledger import views as ledger
from branches.signin.urls import help_for_others
from branches.views import areas, days, exports, lists, proposals, staff, units

app_name = "branches"

organisation = [
    path("", units.units, name="units"),
    path("units/new/", units.new_unit, name="new-unit"),
    path("units/<int:pk>/", units.unit, name="unit"),
    path("units/<int:pk>/change/", units.change_unit, name="change-unit"),
    path("units/<int:pk>/close/", units.close_unit, name="close-unit"),
    path("units/<int:pk>/hours/", units.hours, name="unit-hours"),
    path("units/<int:pk>/hours/<int:exception>/drop/", units.drop_exception, name="drop-exception"),
    path("units/<int:pk>/posts/", units.planned_posts, name="planned-posts"),
    path("areas/", areas.areas, name="areas"),
    path("areas/new/", areas.new_area, name="new-area"),
    path("areas/<int:pk>/", areas.area, name="area"),
    path("areas/<int:pk>/change/", areas.change_area, name="change-area"),
    path("areas/<int:pk>/service/", areas.assign_area, name="assign-area"),
    path("areas/<int:pk>/successor/", areas.succeed_area, name="succeed-area"),
    path("calendar/", days.year, name="calendar"),
    path("calendar/clear/", days.clear_day, name="clear-day"),
    path("staff/", staff.staff, name="staff"),
    path("staff/new/", staff.new_member, name="new-member"),
    path("staff/<int:pk>/", staff.member, name="member"),
    path("staff/<int:pk>/change/", staff.change_member, name="change-member"),
    path("staff/<int:pk>/post/", staff.ask_post, name="ask-post"),
    path("posts/<int:pk>/end/", staff.end_post, name="end-post"),
    path("posts/<int:pk>/extend/", staff.extend_post, name="extend-post"),
    path("rotation/", staff.rotation, name="rotation"),
    path("lists/", lists.lists_page, name="lists"),
    path("lists/<str:kind>/new/", lists.upload, name="upload-list"),
    path("lists/<str:kind>/template/", lists.template, name="list-template"),
    path("lists/<int:pk>/", lists.preview, name="list"),
    path("lists/<int:pk>/confirm/", lists.confirm, name="confirm-list"),
]

urlpatterns = [
    path("organisation/", include(organisation)),
    path("exports/", exports.exports, name="exports"),
    path("exports/<int:pk>/", exports.export, name="export"),
    path("exports/<int:pk>/file/", exports.export_file, name="export-file"),
    path("proposals/", proposals.queue, name="proposals"),
    path("proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("proposals/together/", proposals.together, name="proposals-together"),
    path("proposals/together/<int:pk>/", proposals.batch, name="proposal-batch"),
    path("proposals/together/<int:pk>/<int:proposal>/", proposals.open_sample, name="proposal-sample"),
    *help_for_others,
    path("audit/", ledger.search, name="audit"),
    path("audit/<int:pk>/", ledger.entry, name="audit-entry"),
    path("audit/people/<int:pk>/", ledger.person, name="audit-person"),
    path("audit/seals/", ledger.seals, name="audit-seals"),
    path("audit/seals/<int:number>/", ledger.seal, name="audit-seal"),
]
