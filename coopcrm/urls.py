"""Addresses of the site. Pages are private by default; the open ones are named here."""

from django.contrib.auth.views import LogoutView
from django.urls import include, path

from branches.office import office
from branches.signin import urls as signin
from coopcrm import api, jobs, look, pages
from coopcrm.shared import health, metrics

look_urls = [
    path("language/", look.choose_language, name="language"),
    path("theme/", look.choose_theme, name="theme"),
    path("help/look/", look.style_page, name="components"),
]

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", pages.home, name="home"),
    path("api/v1/", include(api.urlpatterns)),
    path("sign-in/", include(signin.door)),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("admin/", office.urls),
    path("help/", include("branches.training.urls")),
    path("", include("branches.urls")),
    path("", include("customers.urls")),
    path("", include("loans.urls")),
    path("", include("ratings.urls")),
    path("", include("kpi.urls")),
    path("jobs/", include((jobs.urlpatterns, jobs.app_name))),
    path("", include((look_urls, "look"))),
]
