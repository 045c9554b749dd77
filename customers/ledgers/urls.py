"""Addresses of the ledgers: what came in, and what is on its way."""

from django.urls import path

from customers.ledgers import quality_views, views

urlpatterns = [
    path("ledgers/", views.ledgers, name="ledgers"),
    path("ledgers/quality/", quality_views.quality_report, name="ledger-quality"),
    path("ledgers/quality/rows/", quality_views.rows, name="ledger-quality-rows"),
    path("ledgers/templates/", quality_views.templates, name="ledger-templates"),
    path("ledgers/templates/file/", quality_views.template_file, name="ledger-template"),
    path("ledgers/<int:pk>/", views.ledger_file, name="ledger-file"),
    path("ledgers/rows/<int:pk>/", views.ledger_row, name="ledger-row"),
    path("ledgers/imports/<int:pk>/undo/", views.undo_import, name="undo-ledger-import"),
    path("ledgers/new/", views.new_upload, name="new-ledgers"),
    path("ledgers/uploads/<int:pk>/", views.upload, name="ledger-upload"),
    path("ledgers/uploads/<int:pk>/progress/", views.upload_progress, name="ledger-upload-progress"),
    path("ledgers/uploads/<int:pk>/check/", views.check_upload, name="check-ledger-upload"),
    path("ledgers/uploads/<int:pk>/take-in/", views.take_in_upload, name="take-in-ledger-upload"),
    path("ledgers/uploads/<int:pk>/discard/", views.discard_upload, name="discard-ledger-upload"),
    path("ledgers/uploads/<int:pk>/branches/", views.open_branches, name="open-ledger-branches"),
    path("ledgers/uploads/<int:pk>/areas/", views.load_areas, name="load-ledger-areas"),
    path("ledgers/uploads/<int:pk>/files/", views.place_files, name="place-ledger-files"),
    path("ledgers/uploads/<int:pk>/files/<int:file>/", views.upload_file, name="ledger-upload-file"),
    path(
        "ledgers/uploads/<int:pk>/files/<int:file>/columns/",
        views.upload_columns,
        name="ledger-upload-columns",
    ),
]
