"""Valid, unremarkable objects; a test states only what matters to it."""

from __future__ import annotations

from datetime import date
from itertools import count

from django.db import transaction
from django.utils import timezone

from branches.choices import AreaLevel, PostCode, UnitKind
from branches.models import Area, Post, StaffMember, Unit
from customers import numbers
from customers.cases.services import take_case
from customers.choices import (
    Channel,
    CustomerKind,
    DocumentKind,
    DocumentState,
    PhoneKind,
    Relation,
    RequestKind,
)
from customers.feedback import services
from customers.feedback.occasions import Served
from customers.identity import USCC, check_resident_id, check_uscc
from customers.models import (
    Case,
    Customer,
    CustomerTag,
    Household,
    IdentityDocument,
    Membership,
    Phone,
    ReviewPair,
    RightsRequest,
    Tag,
    Task,
    VisitNote,
)
from customers.names import name_keys, place_keys
from customers.portfolios import organisations
from customers.portfolios.services import put_under_director
from customers.tasks.services import open_task

PASSWORD = "Clear-Spring-42-Village"
TODAY = date(2026, 3, 31)
_serial = count(1)


def make_union() -> Unit:
    union, _ = Unit.objects.get_or_create(
        code="1002", defaults={"name": "光山县联社", "kind": UnitKind.UNION}
    )
    return union


def make_branch(name: str = "白雀园信用社", code: str | None = None) -> Unit:
    code = code or f"1002{next(_serial):02d}"
    return Unit.objects.create(code=code, name=name, kind=UnitKind.BRANCH, parent=make_union())


def make_staff(post: str = PostCode.CASHIER, unit: Unit | None = None, **fields) -> StaffMember:
    """A person with one post; union posts sit at the union, others at a new branch unless ``unit`` is given."""
    union_posts = {
        PostCode.UNION_CREDIT,
        PostCode.UNION_RISK,
        PostCode.UNION_COMMITTEE,
        PostCode.HEAD_OFFICE,
        PostCode.AUDITOR,
        PostCode.ADMINISTRATOR,
    }
    number = next(_serial)
    fields = {"username": f"{post}{number}", "full_name": f"李明{number}", "language": "en", **fields}
    staff = StaffMember.objects.create_user(password=PASSWORD, **fields)
    unit = unit or (make_union() if post in union_posts else make_branch())
    Post.objects.create(staff=staff, unit=unit, code=post, valid_from=date(2020, 1, 1))
    return staff


def branch_of(staff: StaffMember) -> Unit:
    """The branch of a person with one post."""
    return Unit.objects.get(pk__in=staff.scope.branch_ids)


def make_village(name: str = "孙家村", unit: Unit | None = None, township: str = "孙铁铺镇") -> Area:
    parent, _ = Area.objects.get_or_create(
        code=f"411522{100 + abs(hash(township)) % 99:03d}000",
        defaults={"name": township, "level": AreaLevel.TOWNSHIP},
    )
    pinyin, initials = place_keys(name)
    code = f"{parent.code[:9]}{200 + next(_serial) % 199:03d}"
    return Area.objects.create(
        code=code,
        name=name,
        level=AreaLevel.VILLAGE,
        parent=parent,
        pinyin=pinyin,
        initials=initials,
        unit=unit,
    )


def resident_number(born: str = "19800512", sequence: int | None = None, county: str = "411522") -> str:
    """A valid, invented identity number; an odd sequence is male, an even one female."""
    sequence = next(_serial) % 900 + 10 if sequence is None else sequence
    first = f"{county}{born}{sequence:03d}"
    return next(n for c in "0123456789X" if check_resident_id(n := first + c).valid)


def organisation_code(first: str = "93411522MA44XYW1") -> str:
    """A unified social credit code that stands, of the category of its first two places."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    found = (f"{first}{a}{b}" for a in letters for b in letters)
    return next(text for text in found if USCC.fullmatch(text) and check_uscc(text).org_check)


def make_customer(
    name: str = "张桂兰",
    *,
    branch: Unit | None = None,
    number: str = "",
    phone: str = "",
    village: Area | None = None,
    **fields,
) -> Customer:
    """A customer, with a held document and a phone when they are given."""
    branch = branch or make_branch()
    fields = {"registered_on": date(2024, 1, 1), "registered_at": branch, **fields}
    customer = Customer.objects.create(
        name=name, **name_keys(name)._asdict(), branch=branch, village=village, **fields
    )
    if customer.kind == CustomerKind.ORGANISATION:
        organisations.put_under_director([customer.pk])
    if number:
        add_document(customer, number)
    if phone:
        keys = numbers.phone_keys(phone)._asdict()
        row = Phone(customer=customer, kind=PhoneKind.MOBILE, valid_from=date(2024, 1, 1), **keys)
        row.seal("number", phone)
        row.save(force_insert=True)
    return customer


def add_document(
    customer: Customer, number: str, kind: str = DocumentKind.ID18, state: str = DocumentState.HELD
) -> IdentityDocument:
    keys = numbers.document_keys(kind, number)._asdict()
    document = IdentityDocument(
        customer=customer, kind=kind, state=state, recorded_on=date(2024, 1, 1), **keys
    )
    document.seal("number", number)
    document.save(force_insert=True)
    return document


def make_invitation(
    customer: Customer,
    staff: StaffMember | None = None,
    *,
    occasion: str = "registration",
    key: str = "",
    **more,
) -> services.Issued:
    """An open invitation of today, with the token of its link."""
    served = Served(customer, customer.branch_id, staff)
    on = more.pop("on", None) or timezone.localdate()
    return services.invite(served=served, occasion=occasion, key=key or str(customer.pk), on=on, **more)


def make_household(
    head: Customer | None = None, *, branch: Unit | None = None, members: tuple[Customer, ...] = (), **fields
) -> Household:
    """A household with its head and, as other relatives, its members."""
    head = head or make_customer(branch=branch)
    with transaction.atomic():
        household = Household.objects.create(
            head=head, branch=head.branch, village=head.village, **{"valid_from": date(2024, 1, 1), **fields}
        )
        put_under_director([household.pk])
    join(household, head, Relation.HEAD)
    for member in members:
        join(household, member)
    return household


def join(household: Household, customer: Customer, relation: str = Relation.OTHER) -> Membership:
    return Membership.objects.create(
        household=household, customer=customer, relation=relation, valid_from=household.valid_from
    )


def make_visit(household: Household, officer: StaffMember, **fields) -> VisitNote:
    fields = {
        "visited_on": date(2026, 3, 18),
        "summary": "New greenhouse, two pigs sold.",
        "minutes": 12,
        **fields,
    }
    return VisitNote.objects.create(household=household, officer=officer, **fields)


def make_request(customer: Customer, kind: str = RequestKind.COPY, **fields) -> RightsRequest:
    """A person's request about their data, taken in by a cashier of the branch."""
    fields = {"asked_on": TODAY, "due_on": date(2026, 4, 22), "channel": Channel.COUNTER, **fields}
    if "recorded_by" not in fields:
        fields["recorded_by"] = make_staff(unit=customer.branch)
    request = RightsRequest(customer=customer, kind=kind, **fields)
    request.draw_id()
    request.save(force_insert=True)
    return request


def make_pair(one: Customer, other: Customer, **fields) -> ReviewPair:
    first, second = sorted((one, other), key=lambda customer: customer.pk)
    return ReviewPair.objects.create(
        first=first, second=second, **{"rule": "R7", "outcome": "POSSIBLE", "weight": 4.0, **fields}
    )


def make_task(branch: Unit, **fields) -> Task:
    """A task that waits for the director of a branch."""
    given = {"kind": "call", "reason": "Ask about the new greenhouse.", "due_on": TODAY, "on": TODAY}
    return open_task(branch=branch, **{**given, **fields})


def make_case(staff: StaffMember, branch: Unit | None = None, **fields) -> Case:
    """A complaint about waiting, taken in by somebody of the branch."""
    given = {"kind": "complaint", "category": "waiting", "channel": "counter", "received_on": TODAY}
    given["words"] = "Waited for an hour."
    return take_case(staff=staff, branch=branch or branch_of(staff), **{**given, **fields})


def make_tag(label: str = "外出务工", branch: Unit | None = None, **fields) -> Tag:
    """A tag of the union, or of a branch."""
    return Tag.objects.create(
        code=f"tag-{next(_serial)}", label=f"{label} {next(_serial)}", branch=branch, **fields
    )


def hang_tag(customer: Customer, tag: Tag | None = None, **fields) -> CustomerTag:
    """A tag that hangs on a customer since today."""
    given = {"valid_from": timezone.localdate(), **fields}
    return CustomerTag.objects.create(customer=customer, tag=tag or make_tag(branch=customer.branch), **given)
