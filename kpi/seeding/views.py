"""Views of the list of customers: what the branches look at every week, shared, and one of the counter's own."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import Post, in_force
from customers.choices import ListOrder
from customers.models import ListView
from kpi.seeding.plan import Plan

# name, filters, columns, order
SHARED = (
    (
        "一年没有联系",
        {"quiet": "12"},
        ["village", "customers.manager", "customers.phone", "verified"],
        ListOrder.NAME,
    ),
    ("还没有电话", {"phone": "no"}, ["village", "group", "customers.manager"], ListOrder.NAME),
    (
        "贵宾客户",
        {"tier": "vip"},
        ["village", "customers.manager", "ratings.grades", "ratings.tiers"],
        ListOrder.NAME,
    ),
)
OF_THE_COUNTER = ("同意接收信息", {"agrees": "marketing"}, ["village", "customers.phone"], ListOrder.NEWEST)


def seed_views(plan: Plan) -> int:
    """A director's views for everybody of the branch, and one that a cashier keeps alone."""
    posts = Post.objects.filter(in_force(plan.as_of), staff__is_active=True)
    directors = posts.filter(code=PostCode.DIRECTOR).order_by("unit_id", "pk").distinct("unit_id")
    cashiers = posts.filter(code=PostCode.CASHIER).order_by("unit_id", "pk").distinct("unit_id")
    rows = [_view(post, view, branch=post.unit_id) for post in directors for view in SHARED]
    rows += [_view(post, OF_THE_COUNTER) for post in cashiers]
    return len(ListView.objects.bulk_create(rows))


def _view(post: Post, view: tuple, *, branch: int | None = None) -> ListView:
    name, filters, columns, order = view
    kept = {"name": name, "filters": filters, "columns": columns, "order": order}
    return ListView(owner_id=post.staff_id, branch_id=branch, **kept)
