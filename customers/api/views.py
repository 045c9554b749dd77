"""Customers and households through the API."""

from __future__ import annotations

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from coopcrm.shared.api import KEY_PATTERN, PROBLEM, TITLES, ReadOnly, described, once
from coopcrm.shared.errors import Refused, require
from coopcrm.shared.idempotency import Answer
from coopcrm.shared.paging import Keyset
from customers import duplicates, policies, readings, reveal
from customers.api import cards
from customers.api.bodies import CustomerBody, MatchBody, SearchBody
from customers.api.serializers import (
    CustomerOut,
    CustomerParameters,
    FoundOut,
    HouseholdOut,
    HouseholdPageOut,
    HouseholdParameters,
    MatchesOut,
    MatchOut,
    MatchProblem,
    RegisteredOut,
)
from customers.counter import services
from customers.counter.known import note_matches
from customers.models import Customer, Household, Membership
from customers.search import ranking
from customers.search.record import note_lookup

MOST_MATCHES = 8
KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": KEY_PATTERN},
    OpenApiParameter.HEADER,
    required=True,
    description="A key of your own for this call; the same key and body are answered as the first time.",
)


class Customers(ReadOnly):
    """The registry: everybody's card, masked outside the managing branch."""

    queryset = Customer.objects.none()
    serializer_class = CustomerOut
    parameters_class = CustomerParameters
    keyset = Keyset("api-customers", ("id",))
    narrow = {"branch": "branch", "village": "village__code", "kind": "kind", "state": "state"}

    def rows(self, staff):
        return cards.rows_of(Customer.objects.visible_to(staff))

    def list(self, request: Request, *args, **kwargs) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(cards.cards(page, request.user.scope))

    def retrieve(self, request: Request, *args, **kwargs) -> Response:
        return Response(cards.cards([self.get_object()], request.user.scope)[0])

    @extend_schema(
        request=CustomerBody,
        parameters=[KEY],
        responses={
            201: OpenApiResponse(RegisteredOut, "Registered."),
            200: OpenApiResponse(RegisteredOut, "The number is registered under this name already."),
            (409, PROBLEM): OpenApiResponse(
                MatchProblem,
                "Probably registered (`likely_known`), the number is held under another name (`number_taken`) or by a"
                " locked record (`person_locked`), or the same call runs right now (`in_flight`, `try_again`).",
            ),
        },
    )
    def create(self, request: Request) -> Response:
        """Register a customer as the counter does: number judged, duplicates looked for, everything in one piece.

        A probable duplicate or a number held under another name is refused with the matches until `reason` says why
        this is another person; then both are shown to the reviewers.
        """
        self._may_register()
        try:
            return once(request, "customers.create", lambda: self._register(request))
        except (services.LikelyKnown, services.NumberTaken, services.HolderLocked) as refusal:
            return self._refuse(request, refusal)

    def _register(self, request: Request) -> Answer:
        body = self._body(CustomerBody)
        agrees_to = body.validated_data.get("agrees_to", ())
        done = services.register_customer(
            staff=request.user, as_of=timezone.localdate(), agrees_to=agrees_to, **body.deed()
        )
        customer = done.customer
        if not done.is_new and not policies.may_read_fully(request.user, customer):
            reveal.note_search(request.user, [customer])
        told = {
            "id": customer.pk,
            "is_new": done.is_new,
            "is_disputed": done.is_disputed,
            "branch": customer.branch_id,
            "household": done.household.pk if done.household else None,
            "possible": [
                {"customer": match.customer.pk, "outcome": match.outcome, "rule": match.rule}
                for match in done.possible
                if done.is_new
            ],
        }
        return Answer(201 if done.is_new else 200, told)

    def _refuse(self, request: Request, refusal: Refused) -> Response:
        """A refusal with the people it speaks of; not raised, so that the reading stays on record."""
        matches: list[duplicates.Match] = []
        if isinstance(refusal, services.LikelyKnown):
            matches = refusal.matches
        elif isinstance(refusal, services.NumberTaken):
            matches = [duplicates.Match(refusal.holder, "CONFLICT", "R2")]
        else:
            reveal.note_search(request.user, [refusal.holder])
        note_matches(request.user, matches)
        told = MatchOut(matches, many=True, context=self.get_serializer_context()).data
        return described(TITLES[409], refusal.code, 409, refusal, matches=told)

    @extend_schema(request=MatchBody, responses=MatchesOut)
    @action(detail=False, methods=["post"])
    def match(self, request: Request) -> Response:
        """Say who may be this person already, from all branches, the likeliest first. Nothing is written."""
        self._may_register()
        claim = self._body(MatchBody).claim()
        matches = duplicates.find(claim, as_of=timezone.localdate(), limit=MOST_MATCHES)
        note_matches(request.user, matches)
        return Response(MatchesOut({"results": matches}, context=self.get_serializer_context()).data)

    @extend_schema(request=SearchBody, responses=FoundOut)
    @action(detail=False, methods=["post"])
    def search(self, request: Request) -> Response:
        """Find customers as the search box does, twenty at a time; what is looked for never stands in an address."""
        said = self._body(SearchBody).validated_data
        cursor = said.get("cursor") or ""
        if cursor and not ranking.is_cursor_of(cursor, said["q"]):
            raise exceptions.ValidationError({"cursor": [_("This cursor was not given out by this search.")]})
        found = ranking.search(request.user, said["q"], cursor=cursor)
        note_lookup(request.user, found)
        told = {
            "cursor": found.cursor or None,
            "hits": found.hits,
            "households": [household.pk for household in found.households],
        }
        return Response(FoundOut(told, context=self.get_serializer_context()).data)

    def _may_register(self) -> None:
        words = _("Customers are registered at your own branch.")
        require(policies.may_register_somewhere(self.request.user), words)

    def _body(self, shape):
        body = shape(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return body


class Households(ReadOnly):
    """Households of your branches and those shared with them, with their members one by one."""

    queryset = Household.objects.none()
    serializer_class = HouseholdOut
    parameters_class = HouseholdParameters
    keyset = Keyset("api-households", ("id",))
    narrow = {"branch": "branch", "village": "village__code"}

    def get_serializer_class(self):
        return HouseholdPageOut if self.action == "retrieve" else HouseholdOut

    def rows(self, staff):
        members = Membership.objects.select_related("customer").order_by("valid_from", "id")
        found = Household.objects.visible_to(staff).select_related("village")
        return found if self.action == "list" else found.prefetch_related(Prefetch("memberships", members))

    def get_object(self) -> Household:
        """The household asked for; the reading of another branch's is put on record."""
        household = super().get_object()
        readings.note_household(self.request.user, household)
        return household
