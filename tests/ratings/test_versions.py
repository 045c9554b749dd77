"""Rules are put into force by two persons of head office, on a day to come."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from branches import proposals
from branches.choices import PostCode, ProposalState
from branches.models import Proposal
from coopcrm.shared.errors import PermissionRefused
from kpi.models import IndicatorSet
from kpi.selectors import DEFAULT_TARGETS, targets_in_force
from ratings import selectors
from ratings.models import RuleSet
from ratings.versions import FAMILIES
from tests.factories import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(client):
    staff = make_staff(PostCode.HEAD_OFFICE)
    client.force_login(staff)
    return staff


@pytest.fixture
def tomorrow():
    return timezone.localdate() + timedelta(days=1)


TIERS = {
    "code": "TR-2",
    "cuts": [["vip", 5], ["gold", 20], ["silver", 50], ["standard", 100]],
    "floors": [["vip", "600"], ["gold", "250"], ["silver", "60"]],
    "cumulative": [],
}


def propose(client, day, *, code="tiers", data=None, version="TR-2", reason="Fewer VIP customers."):
    data = {
        "version": version,
        "valid_from": day.isoformat(),
        "reason": reason,
        "data": json.dumps(data or TIERS),
    }
    return client.post(reverse("ratings:rules", args=[code]), data)


def test_a_version_is_in_force_from_its_day_after_the_second_signature(client, first, tomorrow):
    RuleSet.objects.create(
        kind="tiers", version="TR-1", data={**TIERS, "code": "TR-1"}, valid_from="2020-01-01"
    )
    propose(client, tomorrow)
    proposal = Proposal.objects.get()
    assert RuleSet.objects.count() == 1
    shown = client.get(reverse("branches:proposal", args=[proposal.pk])).content.decode()
    assert "TR-2" in shown

    second = make_staff(PostCode.HEAD_OFFICE)
    confirmed = proposals.confirm(proposal, by=second)

    assert confirmed.state == ProposalState.CONFIRMED
    assert selectors.tier_rule(timezone.localdate()).code == "TR-1"
    assert selectors.tier_rule(tomorrow).code == "TR-2"
    new = RuleSet.objects.get(version="TR-2")
    assert (new.proposed_by, new.confirmed_by) == (first, second)


def test_one_person_never_changes_a_rule(client, first, tomorrow):
    propose(client, tomorrow)
    proposal = Proposal.objects.get()

    response = client.post(reverse("branches:proposal", args=[proposal.pk]), {"deed": "confirm"})
    with pytest.raises(PermissionRefused):
        proposals.confirm(proposal, by=make_staff(PostCode.UNION_RISK))
    with pytest.raises(IntegrityError, match="rule_set_two_persons"), transaction.atomic():
        RuleSet.objects.create(
            kind="tiers",
            version="X",
            data={},
            valid_from=tomorrow,
            proposed_by=first,
            confirmed_by=first,
        )

    assert response.status_code == 403
    assert not RuleSet.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": {"code": "TR-2", "cuts": "all"}},
        {"data": {**TIERS, "code": "other"}},
        {"day": -1},
        {"reason": " "},
    ],
)
def test_a_version_that_does_not_stand_is_not_proposed(client, first, tomorrow, wrong):
    day = tomorrow + timedelta(days=wrong.pop("day", 0))

    assert propose(client, day, **wrong).status_code == 200

    assert not Proposal.objects.exists()


def test_targets_of_indicators_take_the_same_road(client, first, tomorrow):
    target, floor, weight = DEFAULT_TARGETS["NPL_RATIO"]
    data = {"indicators": {"NPL_RATIO": {"target": "0.01", "floor": floor, "weight": str(weight)}}}
    propose(client, tomorrow, code="indicators", data=data, version="KI-2")

    proposals.confirm(Proposal.objects.get(), by=make_staff(PostCode.HEAD_OFFICE))

    assert targets_in_force(tomorrow).items["NPL_RATIO"]["target"] == "0.01"
    assert targets_in_force(timezone.localdate()).items["NPL_RATIO"]["target"] == target
    assert IndicatorSet.objects.get().version == "KI-2"


def test_branches_see_no_rules_and_the_desks_change_none(client, tomorrow):
    client.force_login(make_staff(PostCode.DIRECTOR))
    assert client.get(reverse("ratings:rules")).status_code == 403
    client.force_login(make_staff(PostCode.UNION_RISK))

    assert client.get(reverse("ratings:rules")).status_code == 200
    assert propose(client, tomorrow).status_code == 403
    assert set(FAMILIES) == {"scorecard", "contribution", "tiers", "indicators", "sources", "matching"}
