# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""Rules of tags: filters of the list of customers, signed by two people of head office, computed every night.

A rule is read as one sentence; its filters are the same functions that narrow the list, so that a rule and a list
can never disagree about who is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import connection
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from branches import proposals
from branches.choices import PostCode
from branches.models import Proposal, StaffMember
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.models import Job
from coopcrm.shared.work import NewOrder, Work, handles, order_work
from customers import registries
from customers.models import ComputedTag, Customer, Tag, TagRule
from customers.tags import policies

KIND = "tags.compute"
RULE = "tags.rule"
CHUNK = 200_000
OWN_FILTER = "tag"


def rule_filters() -> dict[str, registries.ListFilter]:
    """Filters of the list that a rule may hold; not tags themselves, which would depend on each other."""
    return {
        name: each for name, each in registries.list_filters.items() if name != OWN_FILTER and not each.is_day
    }


def who_is_meant(filters: Mapping[str, str]) -> QuerySet[Customer]:
    """Customers whom a rule means, of all branches."""
    rows, known = Customer.objects.current(), rule_filters()
    for name, code in filters.items():
        rows = known[name].narrow(rows, code)
    return rows


def check_filters(filters: Mapping[str, str]) -> None:
    """Raise ``Refused`` unless every filter and its choice are known, and at least one narrows."""
    known = rule_filters()
    for name, code in filters.items():
        if name not in known or code not in {str(each) for each, _label in known[name].choices()}:
            raise Refused(_("There is no such filter or choice."), code="unknown_filter")
    if not filters:
        raise Refused(_("A rule needs at least one filter."), code="no_filter")


def sentence(filters: Mapping[str, str]) -> str:
    """The rule in one sentence."""
    parts, known = [], rule_filters()
    for name, code in filters.items():
        if name in known:
            labels = {str(each): label for each, label in known[name].choices()}
            parts.append(f"{known[name].label}: {labels.get(code, code)}")
    return _("Everybody with %(what)s") % {"what": " · ".join(parts)}


# -- Two signatures ----------------------------------------------------------------------------------------------------


def propose_rule(*, staff: StaffMember, tag: Tag, filters: Mapping[str, str], reason: str) -> Proposal:
    """Propose a version of the rule of a tag; a second person of head office confirms it."""
    require(policies.may_sign_rules(staff), _("Head office makes the rules of tags."))
    require(tag.is_computed and tag.ended_on is None, _("This tag is hung by people."))
    require(reason.strip(), _("Say why the rule changes."), code="reason_missing")
    check_filters(filters)
    return proposals.propose(
        RULE, subject=tag, change={"filters": dict(filters)}, reason=reason, key="rule", by=staff
    )


def put_into_force(proposal: Proposal, by: StaffMember) -> TagRule:
    """End the version before today and write the new one with both signatures; tonight hangs and takes down."""
    tag, today = proposals.subject_of(proposal), timezone.localdate()
    check_filters(proposal.change["filters"])
    TagRule.objects.select_for_update().filter(tag=tag, valid_to=None).update(valid_to=today)
    last = TagRule.objects.filter(tag=tag).aggregate(version=Max("version"))["version"] or 0
    return TagRule.objects.create(
        tag=tag,
        version=last + 1,
        filters=proposal.change["filters"],
        valid_from=today,
        proposed_by=proposal.proposed_by,
        confirmed_by=by,
    )


def _may_sign(staff: StaffMember, proposal: Proposal) -> bool:
    return policies.may_sign_rules(staff)


def _lines(staff: StaffMember, proposal: Proposal) -> list[proposals.Line]:
    before = TagRule.objects.filter(tag=proposal.subject_id, valid_to=None).first()
    said = sentence(before.filters) if before else ""
    return [proposals.Line(_("Rule"), said, sentence(proposal.change["filters"]))]


def register() -> None:
    """Make rules a kind of proposal."""
    proposals.kind(
        RULE,
        title=gettext_lazy("Rule of a tag"),
        may_propose=_may_sign,
        may_confirm=_may_sign,
        apply=put_into_force,
        describe=lambda staff, proposal: str(proposals.subject_of(proposal)),
        lines=_lines,
        url=lambda proposal: reverse("customers:tag", args=[proposal.subject_id]),
        confirmers=[PostCode.HEAD_OFFICE],
    )


# -- Every night -------------------------------------------------------------------------------------------------------


def order_nightly(*, as_of: date, staff: StaffMember | None = None) -> Job:
    """Order that every rule in force hangs and takes down its tags; the same date is the same job."""
    last = Customer.objects.aggregate(last=Max("pk"))["last"] or 0
    rules = (
        TagRule.objects.filter(valid_to=None, tag__ended_on=None).order_by("pk").values_list("pk", flat=True)
    )
    orders = [
        NewOrder(KIND, key=f"{rule} {low}", payload={"rule": rule, "low": low, "high": low + CHUNK})
        for rule in rules
        for low in range(0, last + 1, CHUNK)
    ]
    return order_work(
        kind=KIND,
        key=as_of.isoformat(),
        title=gettext_noop("Tags by rule on %(day)s"),
        title_params={"day": as_of.isoformat()},
        as_of=as_of,
        orders=orders,
        started_by=staff,
    )


@handles(KIND)
def compute(work: Work) -> dict:
    """Hang and take down the tags of one rule in a range of customers; the same night twice changes nothing."""
    rule = TagRule.objects.select_related("tag").get(pk=work.payload["rule"])
    return hang(rule, as_of=work.as_of, low=work.payload["low"], high=work.payload["high"])


def hang(rule: TagRule, *, as_of: date, low: int, high: int) -> dict[str, int]:
    """Two statements, whatever the number of customers: insert who is newly meant, end who is meant no longer."""
    meant = who_is_meant(rule.filters).filter(pk__gte=low, pk__lt=high).order_by().values("pk")
    query, given = meant.query.sql_with_params()
    table = ComputedTag._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (customer_id, tag_id, rule_id, valid_from)"
            f" SELECT DISTINCT m.id, %s::bigint, %s::bigint, %s::date FROM ({query}) m (id) ORDER BY 1"
            f" ON CONFLICT (customer_id, tag_id) WHERE valid_to IS NULL DO NOTHING",
            [rule.tag_id, rule.pk, as_of, *given],
        )
        hung = cursor.rowcount
        cursor.execute(
            f"UPDATE {table} c SET valid_to = %s WHERE c.tag_id = %s AND c.valid_to IS NULL"
            f" AND c.customer_id >= %s AND c.customer_id < %s"
            f" AND NOT EXISTS (SELECT FROM ({query}) m (id) WHERE m.id = c.customer_id)",
            [as_of, rule.tag_id, low, high, *given],
        )
        return {"hung": hung, "taken_down": cursor.rowcount}
