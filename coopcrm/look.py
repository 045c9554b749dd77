"""How pages look to one person: theme, language, the page that shows every component, and the error pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import set_language

from branches.choices import Language
from coopcrm.shared.forms import StrictForm, takes

YEAR = 365 * 24 * 3600
THEMES = ("auto", "light", "dark")


def came_from(request: HttpRequest) -> str:
    """Return the page of this site that the form was sent from."""
    target = request.POST.get("next") or request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else "/"


@login_not_required
@require_POST
@takes("theme", "next")
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's choice in a cookie."""
    response = redirect(came_from(request))
    theme = request.POST.get("theme")
    if theme in THEMES:
        response.set_cookie(
            "theme", theme, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
        )
    return response


@login_not_required
@require_POST
@takes("language", "next")
def choose_language(request: HttpRequest) -> HttpResponse:
    """Switch the language of the pages and remember it in the profile of whoever is signed in."""
    language = request.POST.get("language")
    if request.user.is_authenticated and language in Language.values and language != request.user.language:
        request.user.language = language
        request.user.save(update_fields=["language"])
    return set_language(request)


class ProfileLanguageMiddleware:
    """Speak the language of the person's profile until another one is chosen in this browser."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class ExampleForm(StrictForm):
    """One field of each kind, for the page that shows the components."""

    number = forms.CharField(label=_("Identity number"), help_text=_("Any spacing will do."))
    name = forms.CharField(label=_("Name"))
    amount = forms.DecimalField(label=_("Amount"), min_value=0, required=False)
    born_on = forms.DateField(
        label=_("Born on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    village = forms.ChoiceField(label=_("Village"), choices=[("1", "孙家村"), ("2", "白雀园村")])
    source = forms.ChoiceField(
        label=_("Source"),
        choices=[("said", _("Said")), ("document", _("Document")), ("seen", _("Seen"))],
        widget=forms.RadioSelect,
    )
    consent = forms.BooleanField(label=_("Agrees to the contract terms"))
    note = forms.CharField(label=_("Note"), widget=forms.Textarea, required=False)
    photo = forms.FileField(label=_("Photo"), required=False)


def examples() -> dict:
    """Return invented values for every component; words are looked up now, in the language of the page."""
    branches = [
        ("砚河信用社", "92.1", "81.2", 41200),
        ("湖山信用社", "90.4", "74.0", 33100),
        ("寨河信用社", "71.3", "79.5", 18400),
        ("孙铁铺信用社", "83.0", "88.7", 27300),
    ]
    whale = [(0, 0), (0.1, 1.26), (0.3, 1.41), (0.6, 1.38), (0.8, 1.22), (0.9, 1.12), (1, 1)]
    deposits = {"砚河": 41.2, "湖山": 33.1, "寨河": 18.4, "孙铁铺": 27.3}
    hard, soft, customers = gettext("Hard score"), gettext("Soft score"), gettext("Customers")
    share, profit, millions = gettext("Share of customers"), gettext("Share of profit"), gettext("¥ million")
    branch = {"label": gettext("Branch")}
    return {
        "rows": [
            ("张桂兰", "孙家村", Decimal(60000), Decimal(20000), "AA", "normal"),
            ("王建国", "白雀园村", Decimal(100000), Decimal("99180.55"), "AAA", "special_mention"),
            ("李秀英", "孙家村", None, Decimal("-1250.40"), "C", "loss"),
        ],
        "grades": ["AAA", "AA", "A", "B", "C"],
        "classes": ["normal", "special_mention", "substandard", "doubtful", "loss"],
        "tiers": ["vip", "gold", "silver", "standard", "watch"],
        "states": ["done", "running", "waiting", "failed", "INCOMPLETE", "PENDING_PANEL", "REJECTED"],
        "series": [78, 79, 78.5, 81, 80.2, 82.9, 84.2],
        "factors": [
            {
                "label": gettext("Repayment record"),
                "points": 24,
                "most": 30,
                "evidence": gettext("ledger, 3 months old"),
            },
            {
                "label": gettext("Net income"),
                "points": 18.5,
                "most": 25,
                "evidence": gettext("seen, 12 days old"),
            },
            {
                "label": gettext("Name in the village"),
                "points": 3,
                "most": 10,
                "evidence": gettext("panel of 5"),
            },
        ],
        "steps": [
            {"label": gettext("Same number"), "value": "12.4"},
            {"label": gettext("Same name"), "value": "4.1"},
            {"label": gettext("Other village"), "value": "-3.2"},
        ],
        "facts": [
            {
                "label": gettext("Head"),
                "value": "王建国",
                "source": "document",
                "source_text": gettext("Household register"),
            },
            {
                "label": gettext("Spouse"),
                "value": "张桂兰",
                "source": "seen",
                "source_text": gettext("Seen on 2026-03-18"),
            },
            {
                "label": gettext("Pigs"),
                "value": "12",
                "source": "said",
                "source_text": gettext("Said on 2026-03-18"),
            },
            {
                "label": gettext("Deposits"),
                "value": "¥ 31,400",
                "source": "core",
                "source_text": gettext("Core banking"),
            },
            {"label": gettext("Group"), "value": None},
        ],
        "timeline": [
            {
                "at": date(2026, 3, 18),
                "icon": "map-pin",
                "title": gettext("Visit"),
                "who": "李明",
                "text": "新大棚，卖猪两头",
            },
            {
                "at": date(2026, 3, 2),
                "icon": "cash",
                "title": gettext("Draw ¥ 20,000 the same day"),
                "url": "#content",
            },
            {
                "at": date(2026, 2, 27),
                "icon": "award",
                "title": gettext("Rating AA 84.2 (was A 78.9)"),
                "url": "#content",
            },
        ],
        "scatter": {
            "kind": "scatter",
            "x": hard,
            "y": soft,
            "points": [{"name": n, "x": float(x), "y": float(y), "size": size} for n, x, y, size in branches],
        },
        "scatter_columns": [branch, {"label": hard}, {"label": soft}, {"label": customers}],
        "scatter_rows": branches,
        "whale": {"kind": "whale", "x": share, "y": profit, "points": whale},
        "whale_columns": [{"label": share}, {"label": profit}],
        "whale_rows": [(f"{x:.0%}", f"{y:.0%}") for x, y in whale],
        "bars": {
            "kind": "bar",
            "y": millions,
            "labels": list(deposits),
            "series": [{"name": gettext("This month"), "values": list(deposits.values())}],
        },
        "bar_columns": [branch, {"label": millions}],
        "bar_rows": list(deposits.items()),
    }


@require_safe
def style_page(request: HttpRequest) -> HttpResponse:
    """Show every component in every state, for the people who build pages and for the browser tests."""
    bound = ExampleForm({"number": "411522 19800512 1234", "name": "", "village": "9", "source": "said"})
    return render(request, "help/look.html", {**examples(), "form": bound})
