"""The places of the frame: which a person sees on the left, at the bottom of a phone and in the palette."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.conf import settings
from django.db import connection
from django.urls import Resolver404, get_script_prefix, resolve
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches import proposals
from branches.choices import PostCode, UnitKind

LEFT_PLACES = 7
BOTTOM_PLACES = 4

FIELD = {PostCode.LOAN_OFFICER, PostCode.CUSTOMER_MANAGER, PostCode.LOAN_GROUP}
COUNTER = {PostCode.CASHIER, PostCode.ACCOUNTANT}
DIRECTORS = {PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR}
UNION = {PostCode.UNION_CREDIT, PostCode.UNION_RISK, PostCode.UNION_COMMITTEE, PostCode.HEAD_OFFICE}
COMMITTEE = {PostCode.UNION_COMMITTEE}
BUSINESS = FIELD | COUNTER | DIRECTORS | UNION


@dataclass(frozen=True)
class Place:
    """A page that people go to by name; ``pinyin`` finds it in the palette, ``posts`` empty means everybody.

    Pages below ``also`` belong to the place too.
    """

    path: str
    icon: str
    label: str
    pinyin: str
    posts: frozenset[str] = frozenset()
    also: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address below the prefix that the site is served under."""
        return get_script_prefix() + self.path.lstrip("/")

    @cached_property
    def names(self) -> str:
        """The label in every language of the product, in small letters: people type the one they think in."""
        found = []
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                found.append(str(self.label).lower())
        return "\n".join(found)

    def is_open_to(self, posts: frozenset[str]) -> bool:
        """Whether one of these posts works here."""
        return not self.posts or not self.posts.isdisjoint(posts)


PLACES = (
    Place(
        "/",
        "calendar-check",
        _("My day"),
        "wo de yi tian jin ri shou ye",
        also=("/tasks/", "/cases/", "/reminders/"),
    ),
    Place(
        "/customers/",
        "users",
        _("Customers"),
        "ke hu",
        frozenset(BUSINESS | {PostCode.AUDITOR}),
        ("/households/", "/portfolios/", "/handovers/"),
    ),
    Place("/visits/", "map-pin", _("Visits"), "zou fang xia cun", frozenset(FIELD | DIRECTORS)),
    Place(
        "/review/",
        "git-merge",
        _("Duplicates"),
        "chong fu he bing fu he",
        frozenset(BUSINESS - FIELD - COMMITTEE),
        ("/merges/",),
    ),
    Place(
        "/loans/",
        "cash",
        _("Credit"),
        "xin dai dai kuan shou xin",
        frozenset(BUSINESS | {PostCode.AUDITOR}),
        ("/ratings/",),
    ),
    Place(
        "/ledgers/",
        "book-2",
        _("Ledgers"),
        "tai zhang dao ru",
        frozenset(COUNTER | DIRECTORS | UNION - COMMITTEE),
    ),
    Place(
        "/figures/",
        "chart-bar",
        _("Figures"),
        "zhi biao bao biao kao he",
        frozenset(BUSINESS | {PostCode.AUDITOR}),
        ("/tiers/",),
    ),
    Place(
        "/audit/", "shield-check", _("Audit trail"), "liu hen ji he shen ji", frozenset({PostCode.AUDITOR})
    ),
    Place(
        "/jobs/", "stack-2", _("Jobs"), "ren wu jin du", frozenset({PostCode.AUDITOR, PostCode.ADMINISTRATOR})
    ),
    Place(
        "/organisation/",
        "building-bank",
        pgettext_lazy("units and staff", "Organisation"),
        "zu zhi ji gou yuan gong wang dian",
        frozenset({PostCode.AUDITOR, PostCode.ADMINISTRATOR, PostCode.HEAD_OFFICE}),
    ),
    Place("/admin/", "settings", _("Back office"), "hou tai guan li", frozenset({PostCode.ADMINISTRATOR})),
)

DEEDS = (
    Place(
        "/tasks/",
        "list-check",
        _("See the tasks"),
        "dai ban ren wu wo de dai ban",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place(
        "/cases/",
        "message",
        _("See complaints and requests"),
        "tou su su qiu biao yang yi jian",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place(
        "/reminders/",
        "bell",
        _("See the reminders"),
        "ti xing gui ze",
        frozenset(DIRECTORS | {PostCode.HEAD_OFFICE, PostCode.AUDITOR}),
    ),
    Place(
        "/customers/new/",
        "user-plus",
        _("Register a customer"),
        "xin jian deng ji ke hu jian dang",
        frozenset(COUNTER | FIELD | DIRECTORS) - {PostCode.LOAN_GROUP},
    ),
    Place(
        "/records/",
        "list-check",
        _("See the records to complete"),
        "dang an bu quan shu ju zhi liang zheng yi",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place(
        "/portfolios/",
        "users",
        _("Portfolios and handovers"),
        "guan hu yi jiao",
        frozenset(FIELD | DIRECTORS | UNION | {PostCode.ACCOUNTANT, PostCode.AUDITOR})
        - {PostCode.LOAN_GROUP, PostCode.UNION_COMMITTEE},
    ),
    Place(
        "/feedback/",
        "message",
        _("See what customers say"),
        "man yi du fan kui ping jia yi jian",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place(
        "/campaigns/",
        "message",
        _("See the campaigns"),
        "ying xiao huo dong tui jie",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place(
        "/segments/",
        "users",
        _("See the segments"),
        "ke qun fen qun",
        frozenset(DIRECTORS | UNION | {PostCode.AUDITOR}) - COMMITTEE,
    ),
    Place("/organisation/", "building-bank", _("See the organisation"), "zu zhi ji gou yuan gong wang dian"),
    Place("/organisation/staff/", "users", _("See the staff"), "yuan gong ming ce tong shi"),
    Place("/organisation/areas/", "map-pin", _("See the areas"), "qu hua xiang zhen cun"),
    Place("/organisation/calendar/", "calendar", _("See the calendar"), "ri li jie jia ri"),
    Place("/proposals/", "gavel", _("Second signatures"), "fu he shen pi qian zi"),
    Place(
        "/rules/", "scale", _("Rules"), "gui ze ping fen ka zhi biao", frozenset(UNION | {PostCode.AUDITOR})
    ),
    Place(
        "/audit/readings/",
        "eye",
        _("Who read numbers"),
        "hao ma cha kan ji lu",
        frozenset({PostCode.AUDITOR, PostCode.HEAD_OFFICE}),
    ),
    Place(
        "/rights/",
        "shield-check",
        _("See requests about data"),
        "ge ren xin xi quan li qing qiu cha yue fu zhi geng zheng shan chu",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place(
        "/review/households/",
        "home",
        _("Say who lives with whom"),
        "tong hu hu kou jia ting cheng yuan wen ti",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place(
        "/matching/",
        "git-merge",
        _("See the weights of matching"),
        "pi pei quan zhong mo xing",
        frozenset(DIRECTORS | UNION | {PostCode.AUDITOR}) - COMMITTEE,
    ),
    Place(
        "/review/scans/",
        "git-merge",
        _("See the comparison of the registry"),
        "pi pei sao miao cha chong bi dui",
        frozenset(DIRECTORS | UNION | {PostCode.AUDITOR}) - COMMITTEE,
    ),
    Place("/jobs/", "stack-2", _("See the jobs"), "ren wu jin du"),
    Place("/exports/", "download", _("See the lists taken out"), "dao chu qing dan ming dan"),
    Place(
        "/tags/",
        "star",
        _("See the tags"),
        "biao qian",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place(
        "/slips/",
        "file-text",
        _("Check a slip"),
        "he dui hui dan ping zheng",
        frozenset(BUSINESS | {PostCode.AUDITOR}) - {PostCode.LOAN_GROUP} - COMMITTEE,
    ),
    Place("/help/", "help-circle", _("Read the help"), "bang zhu shou ce"),
    Place("/help/rules/", "scale", _("Read the rules in sentences"), "bang zhu gui ze shuo ming"),
    Place("/help/first-day/", "calendar-check", _("First day"), "di yi tian xin yuan gong ru zhi"),
    Place("/help/quiz/", "circle-check", _("Take the quiz"), "ce yan kao shi zhi shi wen da"),
)


@lru_cache(maxsize=128)
def is_served(path: str) -> bool:
    """Whether a page answers at this path; places of parts that are not installed are left out."""
    try:
        resolve(get_script_prefix() + path.lstrip("/"))
    except Resolver404:
        return False
    return True


def is_current(place: Place, path: str) -> bool:
    """Whether the page at ``path`` belongs to the place; of the home page only itself and what stands in ``also``."""
    below = place.also if place.path == "/" else (place.url, *place.also)
    return path == place.url or path.startswith(below)


def open_places(places: tuple[Place, ...], posts: frozenset[str]) -> list[Place]:
    """Return the places that are served and open to these posts."""
    return [place for place in places if place.is_open_to(posts) and is_served(place.path)]


@lru_cache(maxsize=256)
def places_for(posts: frozenset[str]) -> tuple[Place, ...]:
    """The places on the left for these posts."""
    return tuple(open_places(PLACES, posts)[:LEFT_PLACES])


def union_name() -> str:
    """The name of the union on top; empty before there is one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM branches_unit WHERE kind = %s ORDER BY id LIMIT 1", [UnitKind.UNION])
        row = cursor.fetchone()
    return row[0] if row else ""


def frame(request) -> dict:
    """Give every page its places, the chosen look and the density of the person's desk."""
    staff = getattr(request, "user", None)
    theme = request.COOKIES.get("theme")
    context = {
        "theme": theme if theme in ("light", "dark") else "auto",
        "density": "comfortable",
        "union_name": SimpleLazyObject(union_name),  # parts of pages do not ask for it
    }
    if staff is None or not staff.is_authenticated:
        return context
    posts = staff.scope.posts
    places = places_for(posts)
    context |= {
        "density": "comfortable" if posts and posts <= FIELD else "counter",
        "places": places,
        "bottom_places": places[:BOTTOM_PLACES],
        "current_place": next((place for place in places if is_current(place, request.path)), None),
        "palette": SimpleLazyObject(lambda: palette(posts, translation.get_language(), get_script_prefix())),
        "jobs_are_served": is_served("/jobs/"),
        "session_seconds": getattr(request.session, "seconds_left", 0),
        "waiting_signatures": SimpleLazyObject(lambda: proposals.count_waiting(staff)),
    }
    return context


@lru_cache(maxsize=256)
def palette(posts: frozenset[str], language: str, prefix: str) -> SafeString:
    """What the palette can go to and do for these posts, as the element of the page that its script reads.

    Every page carries it and it changes with nothing but the posts, the language and the prefix of the site.
    """
    entries = [(place, _("Go to")) for place in places_for(posts)]
    entries += [(deed, _("Do")) for deed in open_places(DEEDS, posts)]
    told = [
        {
            "label": str(place.label),
            "kind": str(kind),
            "url": place.url,
            "keys": place.pinyin,
            "names": place.names,
        }
        for place, kind in entries
    ]
    return json_script(told, "palette-entries")
