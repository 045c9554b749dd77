"""What the matrix's requests are about: things of one's own branch and the same things of another branch.

``ARGUMENTS`` says for each route with arguments which thing fills them. A route of another app adds its line here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from branches.choices import Desk, ListKind, PostCode
from branches.models import (
    Area,
    Device,
    Export,
    ListImport,
    OpeningException,
    Proposal,
    ProposalBatch,
    QuizRecord,
    StaffMember,
    Unit,
)
from branches.training.questions import questions_for
from coopcrm.shared.models import AuditEntry, AuditSeal, Job, StoredFile
from customers.choices import CustomerKind, HandoverReason, LedgerKind
from customers.counter import slips
from customers.exports import CUSTOMERS
from customers.models import (
    Campaign,
    CampaignMember,
    Case,
    CoopMember,
    Customer,
    DocumentPhoto,
    Handover,
    HandoverItem,
    Household,
    HouseholdEvent,
    HouseholdQuestion,
    IdentityDocument,
    Invitation,
    LandParcel,
    LedgerFile,
    LedgerImport,
    LedgerRow,
    LedgerUpload,
    ListView,
    Merge,
    MergeMove,
    Organisation,
    OtherName,
    PersonSkill,
    Representative,
    ReviewPair,
    RightsRequest,
    Segment,
    SegmentMember,
    SegmentVersion,
    Sharing,
    Slip,
    Statement,
    Task,
    UploadFile,
    VisitNote,
)
from customers.names import name_keys
from kpi.models import KpiSnapshot
from loans.models import Loan
from ratings.models import CreditRating, CustomerTier
from tests.book import make_contributions, make_figure, make_loan, make_rating
from tests.factories import (
    TODAY,
    hang_tag,
    make_branch,
    make_case,
    make_customer,
    make_household,
    make_invitation,
    make_pair,
    make_request,
    make_staff,
    make_task,
    make_village,
    make_visit,
    resident_number,
)

ANONYMOUS = "anonymous"
ROLES = (*PostCode.values, ANONYMOUS)
UNION_POSTS = frozenset(
    {
        PostCode.UNION_CREDIT,
        PostCode.UNION_RISK,
        PostCode.UNION_COMMITTEE,
        PostCode.HEAD_OFFICE,
        PostCode.AUDITOR,
        PostCode.ADMINISTRATOR,
    }
)
GROUPS = {
    "*": ROLES,
    "posts": tuple(PostCode.values),
    "branch_posts": tuple(code for code in PostCode.values if code not in UNION_POSTS),
    "union_posts": tuple(code for code in PostCode.values if code in UNION_POSTS - {PostCode.ADMINISTRATOR}),
}


@dataclass
class Things:
    """One branch with a thing of every kind."""

    branch: Unit
    village: Area
    officer: StaffMember
    customer: Customer
    household: Household
    visit: VisitNote
    pair: ReviewPair
    file: LedgerFile
    loan: Loan
    rating: CreditRating
    tier: CustomerTier
    figure: KpiSnapshot
    proposal: Proposal
    batch: ProposalBatch
    sharing: Sharing
    handover: Handover
    device: Device
    request: RightsRequest
    task: Task
    invitation: Invitation
    token: str
    segment: Segment
    member: CampaignMember
    case: Case
    export: Export | None = None

    @property
    def view(self) -> ListView:
        """A view of the list that the officer shares with the branch."""
        kept = {"filters": {}, "branch": self.branch}
        return ListView.objects.get_or_create(owner=self.officer, name="Round", defaults=kept)[0]

    @property
    def merge(self) -> Merge:
        """A record that was joined to the customer's."""
        found = Merge.objects.filter(survivor=self.customer).first()
        if found is None:
            joined = make_customer("张桂澜", branch=self.branch, state="merged", merged_into=self.customer)
            found = Merge.objects.create(
                kind="customer", survivor=self.customer, other=joined, state="done", asked_by=self.officer
            )
            MergeMove.objects.create(merge=found, relation="customers.Phone.customer", kind="moved", ids=[])
        return found

    @property
    def document(self) -> IdentityDocument:
        """The customer's identity document."""
        return self.customer.documents.get()

    @property
    def organisation(self) -> Customer:
        """The cooperative for which the customer acts."""
        return self.customer.represents.get().organisation


def make_things() -> Things:
    branch = make_branch()
    village = make_village(unit=branch)
    officer = make_staff(PostCode.LOAN_OFFICER, branch)
    numbers = {"number": resident_number(), "phone": f"139{branch.pk:08d}"}
    customer = make_customer(branch=branch, village=village, **numbers)
    household = make_household(customer)
    Statement.objects.create(
        customer=customer, attribute="sex", value="F", compared="F", source="said", observed_on=TODAY
    )
    pair = make_pair(customer, make_customer("张桂蓝", branch=branch), cluster=customer.pk)
    HouseholdQuestion.objects.create(first=pair.first, second=pair.second)
    run = LedgerImport.objects.create(as_of=TODAY)
    file = LedgerFile.objects.create(
        run=run, branch=branch, kind=LedgerKind.COUNTER_REGISTER, name="a.csv", digest=b"1"
    )
    visit = make_visit(household, officer)
    HouseholdEvent.objects.create(household=household, kind="opened", happened_on=TODAY)
    loan, rating = make_loan(household), make_rating(household)
    tier, figure = make_contributions(branch, ["120.00"])[0], make_figure(branch, "NPL_RATIO", "0.0172")
    things = (branch, village, officer, customer, household, visit, pair, file, loan, rating, tier, figure)
    proposal = make_proposal(officer, branch)
    make_organisation(branch, officer)
    make_cooperative(customer)
    signed = (proposal, make_batch(officer, proposal), make_sharing(household, officer))
    device = Device.objects.create(
        unit=branch, kind="counter", name="Counter 1", key_digest=branch.code.encode(), registered_by=officer
    )
    task = make_task(branch, customer=customer, owner=officer)
    hang_tag(customer)
    asked = make_invitation(customer, officer)
    make_staff(PostCode.DIRECTOR, branch)  # who answers the case
    return Things(
        *things,
        *signed,
        make_handover(household, officer),
        device,
        make_request(customer),
        task,
        asked.invitation,
        asked.token,
        *make_campaign(customer),
        make_case(officer, branch, customer=customer),
    )


def make_campaign(customer: Customer) -> tuple[Segment, CampaignMember]:
    """A segment of the branch with one customer, and a campaign that runs with that customer on its list."""
    segment = Segment.objects.create(name="A", branch=customer.branch)
    version = SegmentVersion.objects.create(segment=segment, number=1, filters={})
    SegmentMember.objects.create(segment=segment, customer=customer, valid_from=TODAY)
    campaign = Campaign.objects.create(
        name="A",
        branch=customer.branch,
        segment=segment,
        version=version,
        goal="More deposits",
        offer="Deposit of a year",
        channel="call",
        starts_on=TODAY,
        ends_on=TODAY,
        seed=b"1" * 16,
        state="running",
        drawn_on=TODAY,
    )
    member = CampaignMember.objects.create(
        campaign=campaign, customer=customer, branch=customer.branch, is_holdout=False
    )
    return segment, member


def make_cooperative(customer: Customer) -> None:
    """A cooperative that the customer represents and belongs to; beside it a skill and another name of the customer."""
    found = make_customer("茶叶合作社", branch=customer.branch, kind=CustomerKind.ORGANISATION)
    Organisation.objects.create(customer=found, category="farmers_cooperative", noted_on=TODAY)
    Representative.objects.create(
        organisation=found, person=customer, role="legal_representative", valid_from=TODAY
    )
    CoopMember.objects.create(organisation=found, person=customer, share_amount=2000, valid_from=TODAY)
    PersonSkill.objects.create(customer=customer, code="bees", noted_on=TODAY)
    OtherName.objects.create(
        customer=customer, kind="former", name="孙小花", **name_keys("孙小花")._asdict(), recorded_on=TODAY
    )


def make_organisation(branch: Unit, officer: StaffMember) -> None:
    """A day on which the branch differs, and a list that somebody uploaded."""
    OpeningException.objects.create(unit=branch, day=TODAY, reason="closed")
    ListImport.objects.create(kind=ListKind.CALENDAR, file_name="a.csv", as_of=TODAY, uploaded_by=officer)


def make_people(branch: Unit) -> dict[str, StaffMember]:
    """One person for each post: of the branch, or of the union where the post sits there."""
    return {code: make_staff(code, None if code in UNION_POSTS else branch) for code in PostCode.values}


def make_upload(things: Things, staff: StaffMember | None) -> UploadFile:
    """A ledger on its way in: of the person who asks where they work at the branch, else of somebody there."""
    works_here = (
        staff is not None and not staff.scope.sees_union and things.branch.pk in staff.scope.branch_ids
    )
    by = staff if works_here else things.officer
    if found := UploadFile.objects.filter(
        branch=things.branch, uploaded_by=by, upload__state="mapping"
    ).first():
        return found
    given = {"as_of": TODAY, "state": "mapping", "expires_at": timezone.now() + timedelta(days=1)}
    upload = LedgerUpload.objects.create(uploaded_by=by, **given)
    return UploadFile.objects.create(
        upload=upload,
        uploaded_by=by,
        branch=things.branch,
        position=1,
        name="b.csv",
        kind=LedgerKind.COUNTER_REGISTER,
        digest=b"1",
    )


def make_row(things: Things) -> LedgerRow:
    """A row of the branch's ledger, about its customer."""
    if found := LedgerRow.objects.filter(file=things.file, row_number=9).first():
        return found
    row = LedgerRow(
        file=things.file,
        branch=things.branch,
        kind=things.file.kind,
        row_number=9,
        row_key=b"row of " + str(things.branch.pk).encode(),
        outcome="matched",
        customer=things.customer,
    )
    row.seal("raw", "{}")
    row.save(force_insert=True)
    return row


def make_handover(household: Household, officer: StaffMember) -> Handover:
    people = {"taker": make_staff(PostCode.CUSTOMER_MANAGER), "supervisor": make_staff(PostCode.ACCOUNTANT)}
    handover = Handover.objects.create(
        branch=household.branch,
        giver=officer,
        created_by=officer,
        reason=HandoverReason.LEAVE,
        effective_on=TODAY,
        **people,
    )
    HandoverItem.objects.create(handover=handover, household=household)
    return handover


def make_export(staff: StaffMember) -> Export:
    """A list whose file is not there yet, with the job that writes it."""
    job = Job.objects.create(kind="export", title="List of customers", started_by=staff.pk)
    fields = {"kind": CUSTOMERS, "format": "csv", "purpose": "Round of visits", "rows_expected": 1}
    branch_id = None if staff.scope.sees_union else min(staff.scope.branch_ids, default=None)
    return Export.objects.create(ordered_by=staff, branch_id=branch_id, job=job, **fields)


def make_document_photo(things: Things) -> DocumentPhoto:
    """A photo of the customer's document whose file lies nowhere."""
    fields = {"owner": things.officer.pk, "kind": "jpeg", "purpose": "document_photo", "key_id": 1}
    file = StoredFile.objects.create(name=f"photo-{things.branch.pk}", size=1, sha256=b"1", **fields)
    return DocumentPhoto.objects.create(document=things.document, file=file, added_by=things.officer)


def make_proposal(staff: StaffMember, branch: Unit, key: str = "") -> Proposal:
    now = timezone.now()
    return Proposal.objects.create(
        kind="nothing",
        key=key or branch.code,
        branch=branch,
        proposed_by=staff,
        proposed_at=now,
        expires_at=now + timedelta(days=14),
    )


def make_sharing(household: Household, officer: StaffMember) -> Sharing:
    return Sharing.objects.create(
        household=household,
        branch=make_branch(),
        purpose="moving",
        valid_from=timezone.localdate(),
        valid_to=timezone.localdate() + timedelta(days=30),
        asked_by=make_staff(PostCode.LOAN_OFFICER),
        granted_by=officer,
    )


def make_batch(staff: StaffMember, proposal: Proposal) -> ProposalBatch:
    ids = {"proposal_ids": [proposal.pk], "sample_ids": [proposal.pk]}
    return ProposalBatch.objects.create(kind="nothing", confirmer=staff, drawn_at=timezone.now(), **ids)


def of_handover(things: Things, staff) -> dict:
    return {"pk": things.handover.pk}


def entry_about(customer: Customer) -> AuditEntry:
    return AuditEntry.objects.filter(table_name="customers_customer", key=str(customer.pk)).latest("id")


def make_seal() -> AuditSeal:
    """A seal to look at; the real ones are made by the worker in transactions of their own."""
    figures = {"from_position": 0, "to_position": 1, "after_id": 0, "upto_id": 2**63 - 1, "rows": 0}
    empty = {"sealed_at": timezone.now(), "leaves": b"", "digest": b"0" * 32}
    return AuditSeal.objects.get_or_create(number=1, defaults={**figures, **empty})[0]


def of_case(things: Things, staff) -> dict:
    return {"pk": things.case.pk}


def of_question(things: Things, staff: StaffMember) -> dict:
    """The question who lives with whom about the thing's two customers."""
    return {"pk": HouseholdQuestion.objects.get(first=things.pair.first_id, second=things.pair.second_id).pk}


def of_task(things: Things, staff) -> dict:
    return {"pk": things.task.pk}


def of_quiz(things: Things, staff) -> dict:
    """A quiz that somebody else took."""
    return {"pk": make_quiz(things.officer).pk}


def make_quiz(staff: StaffMember) -> QuizRecord:
    codes = [question.code for question in questions_for(Desk.FIELD, "matrix")]
    answers = {"asked": codes, "chosen": [0] * len(codes), "right": len(codes), "total": len(codes)}
    return QuizRecord.objects.create(staff=staff, desk=Desk.FIELD, **answers)


def slip_of(things: Things) -> Slip:
    """The slip of the customer's registration."""
    found = Slip.objects.filter(customer=things.customer).first()
    if found is None:
        what = slips.Registered(phones=["13912345678"])
        found = slips.issue(staff=things.officer, customer=things.customer, branch=things.branch, what=what)
    return found


ARGUMENTS = {
    "customers/views/<int:pk>/": lambda things, staff: {"pk": things.view.pk},
    "help/first-day/<slug:code>/": lambda things, staff: {"code": "my-day"},
    "help/quiz/<int:pk>/": of_quiz,
    **{
        f"cases/<int:pk>/{deed}": of_case
        for deed in ("", "letter/", "answer/", "told/", "give/", "reopen/", "note/")
    },
    **{f"tasks/<int:pk>/{deed}": of_task for deed in ("", "done/", "drop/", "snooze/", "give/", "undo/")},
    **{f"handovers/<int:pk>/{step}": of_handover for step in ("", "give/", "take/", "close/", "cancel/")},
    "handovers/<int:pk>/items/<int:item>/": lambda things, staff: {
        "pk": things.handover.pk,
        "item": things.handover.items.get().pk,
    },
    "portfolios/<int:pk>/name/": lambda things, staff: {"pk": things.branch.pk},
    "portfolios/<int:pk>/hand-over/": lambda things, staff: {"pk": things.branch.pk},
    "api/v1/areas/<int:pk>/": lambda things, staff: {"pk": things.village.pk},
    "api/v1/customers/<int:pk>/": lambda things, staff: {"pk": things.customer.pk},
    "api/v1/households/<int:pk>/": lambda things, staff: {"pk": things.household.pk},
    "api/v1/kpis/<int:pk>/": lambda things, staff: {"pk": things.figure.pk},
    "api/v1/loans/<int:pk>/": lambda things, staff: {"pk": things.loan.pk},
    "api/v1/ratings/<int:pk>/": lambda things, staff: {"pk": things.rating.pk},
    "api/v1/tiers/<int:pk>/": lambda things, staff: {"pk": things.tier.pk},
    "api/v1/staff/<int:pk>/": lambda things, staff: {"pk": things.officer.pk},
    "api/v1/units/<int:pk>/": lambda things, staff: {"pk": things.branch.pk},
    "audit/<int:pk>/": lambda things, staff: {"pk": entry_about(things.customer).id},
    "audit/people/<int:pk>/": lambda things, staff: {"pk": things.customer.pk},
    "audit/seals/<int:number>/": lambda things, staff: {"number": make_seal().number},
    "customers/<int:pk>/": lambda things, staff: {"pk": things.customer.pk},
    "customers/<int:pk>/tags/": lambda things, staff: {"pk": things.customer.pk},
    "customers/<int:pk>/tags/<int:row>/end/": lambda things, staff: {
        "pk": things.customer.pk,
        "row": things.customer.tags.get().pk,
    },
    "tags/<int:pk>/": lambda things, staff: {"pk": things.customer.tags.get().tag_id},
    "tags/<int:pk>/end/": lambda things, staff: {"pk": things.customer.tags.get().tag_id},
    "customers/<int:pk>/sheet/": lambda things, staff: {"pk": things.customer.pk},
    "households/<int:pk>/sheet/": lambda things, staff: {"pk": things.household.pk},
    "customers/<int:pk>/timeline/": lambda things, staff: {"pk": things.customer.pk},
    "customers/<int:pk>/ask-missing/": lambda things, staff: {"pk": things.customer.pk},
    "customers/<int:pk>/statements/": lambda things, staff: {"pk": things.customer.pk},
    "customers/<int:pk>/statements/<int:statement>/hold/": lambda things, staff: {
        "pk": things.customer.pk,
        "statement": things.customer.statements.earliest("pk").pk,
    },
    "customers/<int:pk>/sources/<slug:attribute>/": lambda things, staff: {
        "pk": things.customer.pk,
        "attribute": "name",
    },
    "customers/<int:pk>/consents/": lambda things, staff: {"pk": things.customer.pk},
    "customers/<int:pk>/consents/<str:purpose>/": lambda things, staff: {
        "pk": things.customer.pk,
        "purpose": "marketing",
    },
    "customers/<int:pk>/numbers/<slug:what>/<int:row>/": lambda things, staff: {
        "pk": things.customer.pk,
        "what": "phone",
        "row": things.customer.phones.get().pk,
    },
    "customers/<int:pk>/ask/": lambda things, staff: {"pk": things.customer.pk},
    "customers/<int:pk>/rights/": lambda things, staff: {"pk": things.customer.pk},
    "customers/<int:pk>/unlock/": lambda things, staff: {"pk": things.customer.pk},
    "rights/<int:pk>/": lambda things, staff: {"pk": things.request.pk},
    "rights/<int:pk>/take/": lambda things, staff: {"pk": things.request.pk},
    "rights/<int:pk>/answer/": lambda things, staff: {"pk": things.request.pk},
    "rights/<int:pk>/order-copy/": lambda things, staff: {"pk": things.request.pk},
    "rights/<int:pk>/hand-over/": lambda things, staff: {"pk": things.request.pk},
    "rights/<int:pk>/copy/": lambda things, staff: {"pk": things.request.pk},
    "customers/<int:pk>/phones/": lambda things, staff: {"pk": things.customer.pk},
    "exports/<int:pk>/": lambda things, staff: {"pk": things.export.pk},
    "exports/<int:pk>/file/": lambda things, staff: {"pk": things.export.pk},
    **{
        f"customers/<int:pk>/{page}/": lambda things, staff: {"pk": things.organisation.pk}
        for page in ("organisation", "representatives", "coop-members", "manager")
    },
    **{
        f"phones/<int:pk>/{deed}/": lambda things, staff: {"pk": things.customer.phones.get().pk}
        for deed in ("confirm", "main", "end")
    },
    **{
        f"customers/<int:pk>/{page}/": lambda things, staff: {"pk": things.customer.pk}
        for page in ("particulars", "skills", "names")
    },
    "skills/<int:pk>/remove/": lambda things, staff: {"pk": things.customer.skills.get().pk},
    "names/<int:pk>/remove/": lambda things, staff: {"pk": things.customer.other_names.get().pk},
    "representatives/<int:pk>/end/": lambda things, staff: {
        "pk": things.organisation.representatives.get().pk
    },
    "coop-members/<int:pk>/end/": lambda things, staff: {"pk": things.organisation.coop_members.get().pk},
    "customers/<int:pk>/documents/": lambda things, staff: {"pk": things.customer.pk},
    **{
        f"documents/<int:pk>/{deed}/": lambda things, staff: {"pk": things.document.pk}
        for deed in ("renew", "withdraw", "settle")
    },
    "documents/<int:pk>/photo/": lambda things, staff: {"pk": things.document.pk},
    "documents/<int:pk>/photo/read/": lambda things, staff: {"pk": things.document.pk},
    "figures/<int:unit>/": lambda things, staff: {"unit": things.branch.pk},
    "figures/<int:unit>/<str:code>/<day:day>/": lambda things, staff: {
        "unit": things.branch.pk,
        "code": things.figure.code,
        "day": things.figure.as_of.isoformat(),
    },
    "households/<int:pk>/rate/": lambda things, staff: {"pk": things.household.pk},
    "loans/<int:pk>/": lambda things, staff: {"pk": things.loan.pk},
    "ratings/<int:pk>/": lambda things, staff: {"pk": things.rating.pk},
    "households/<int:pk>/timeline/": lambda things, staff: {"pk": things.household.pk},
    "households/<int:pk>/": lambda things, staff: {"pk": things.household.pk},
    "households/<int:pk>/facts/": lambda things, staff: {"pk": things.household.pk},
    **{
        f"households/<int:pk>/{page}/": lambda things, staff: {"pk": things.household.pk}
        for page in ("life", "farm", "review", "coverage")
    },
    "households/<int:pk>/life/<slug:deed>/": lambda things, staff: {
        "pk": things.household.pk,
        "deed": "head",
    },
    "households/<int:pk>/farm/<slug:part>/": lambda things, staff: {
        "pk": things.household.pk,
        "part": "land",
    },
    "households/<int:pk>/farm/<slug:part>/<int:row>/gone/": lambda things, staff: {
        "pk": things.household.pk,
        "part": "land",
        "row": LandParcel.objects.create(
            household=things.household, name="East field", mu=2, observed_on=TODAY
        ).pk,
    },
    "household-events/<int:pk>/undo/": lambda things, staff: {"pk": things.household.events.first().pk},
    "customers/together/<int:pk>/back/": lambda things, staff: {"pk": things.export.job_id},
    "jobs/<int:pk>/": lambda things, staff: {"pk": things.export.job_id},
    "jobs/<int:pk>/cancel/": lambda things, staff: {"pk": things.export.job_id},
    "jobs/<int:pk>/progress/": lambda things, staff: {"pk": things.export.job_id},
    "ledgers/<int:pk>/": lambda things, staff: {"pk": things.file.pk},
    "ledgers/rows/<int:pk>/": lambda things, staff: {"pk": make_row(things).pk},
    "ledgers/imports/<int:pk>/undo/": lambda things, staff: {"pk": things.file.run_id},
    **{
        f"ledgers/uploads/<int:pk>/{page}": lambda things, staff: {"pk": make_upload(things, staff).upload_id}
        for page in (
            "",
            "progress/",
            "check/",
            "take-in/",
            "discard/",
            "branches/",
            "areas/",
            "files/",
        )
    },
    **{
        f"ledgers/uploads/<int:pk>/files/<int:file>/{page}": lambda things, staff: {
            "pk": make_upload(things, staff).upload_id,
            "file": make_upload(things, staff).pk,
        }
        for page in ("", "columns/")
    },
    "proposals/<int:pk>/": lambda things, staff: {"pk": things.proposal.pk},
    "proposals/together/<int:pk>/": lambda things, staff: {"pk": things.batch.pk},
    "proposals/together/<int:pk>/<int:proposal>/": lambda things, staff: {
        "pk": things.batch.pk,
        "proposal": things.proposal.pk,
    },
    "reminders/<slug:source>/": lambda things, staff: {"source": "contact"},
    "rules/<slug:code>/": lambda things, staff: {"code": "tiers"},
    "review/groups/<int:cluster>/": lambda things, staff: {"cluster": things.pair.cluster},
    **{f"merges/<int:pk>/{deed}": lambda things, staff: {"pk": things.merge.pk} for deed in ("", "undo/")},
    "review/<int:pk>/moves/": lambda things, staff: {"pk": things.pair.pk},
    **{f"review/households/<int:pk>/{deed}": of_question for deed in ("", "undo/")},
    "review/<int:pk>/": lambda things, staff: {"pk": things.pair.pk},
    "sharings/<int:pk>/end/": lambda things, staff: {"pk": things.sharing.pk},
    "devices/<int:pk>/end/": lambda things, staff: {"pk": things.device.pk},
    "staff/<int:pk>/end-sessions/": lambda things, staff: {"pk": things.officer.pk},
    "staff/<int:pk>/first-password/": lambda things, staff: {"pk": things.officer.pk},
    "staff/<int:pk>/lost-factor/": lambda things, staff: {"pk": things.officer.pk},
    "staff/<int:pk>/release/": lambda things, staff: {"pk": things.officer.pk},
    "staff/<int:pk>/sign-in/": lambda things, staff: {"pk": things.officer.pk},
    "organisation/units/<int:pk>/": lambda things, staff: {"pk": things.branch.pk},
    "organisation/units/<int:pk>/change/": lambda things, staff: {"pk": things.branch.pk},
    "organisation/units/<int:pk>/close/": lambda things, staff: {"pk": things.branch.pk},
    "organisation/units/<int:pk>/posts/": lambda things, staff: {"pk": things.branch.pk},
    "organisation/units/<int:pk>/hours/": lambda things, staff: {"pk": things.branch.pk},
    "organisation/units/<int:pk>/hours/<int:exception>/drop/": lambda things, staff: {
        "pk": things.branch.pk,
        "exception": things.branch.opening_exceptions.get().pk,
    },
    "organisation/areas/<int:pk>/": lambda things, staff: {"pk": things.village.pk},
    "organisation/areas/<int:pk>/change/": lambda things, staff: {"pk": things.village.pk},
    "organisation/areas/<int:pk>/service/": lambda things, staff: {"pk": things.village.pk},
    "organisation/areas/<int:pk>/successor/": lambda things, staff: {"pk": things.village.pk},
    "organisation/staff/<int:pk>/": lambda things, staff: {"pk": things.officer.pk},
    "organisation/staff/<int:pk>/change/": lambda things, staff: {"pk": things.officer.pk},
    "organisation/staff/<int:pk>/post/": lambda things, staff: {"pk": things.officer.pk},
    "organisation/posts/<int:pk>/end/": lambda things, staff: {"pk": things.officer.posts.get().pk},
    "organisation/posts/<int:pk>/extend/": lambda things, staff: {"pk": things.officer.posts.get().pk},
    "organisation/lists/<str:kind>/new/": lambda things, staff: {"kind": "calendar"},
    "organisation/lists/<str:kind>/template/": lambda things, staff: {"kind": "calendar"},
    "organisation/lists/<int:pk>/": lambda things, staff: {"pk": ListImport.objects.latest("pk").pk},
    "organisation/lists/<int:pk>/confirm/": lambda things, staff: {"pk": ListImport.objects.latest("pk").pk},
    "feedback/<slug:code>/<int:key>/slip/": lambda things, staff: {"code": "visit", "key": things.visit.pk},
    "segments/<int:pk>/": lambda things, staff: {"pk": things.segment.pk},
    "segments/<int:pk>/count/": lambda things, staff: {"pk": things.segment.pk},
    "segments/<int:pk>/end/": lambda things, staff: {"pk": things.segment.pk},
    "campaigns/<int:pk>/": lambda things, staff: {"pk": things.member.campaign_id},
    "campaigns/<int:pk>/work/": lambda things, staff: {"pk": things.member.campaign_id},
    "campaigns/<int:pk>/start/": lambda things, staff: {"pk": things.member.campaign_id},
    "campaigns/<int:pk>/stop/": lambda things, staff: {"pk": things.member.campaign_id},
    "campaigns/<int:pk>/extend/": lambda things, staff: {"pk": things.member.campaign_id},
    "campaigns/people/<int:pk>/outcome/": lambda things, staff: {"pk": things.member.pk},
    "say/<slug:token>/": lambda things, staff: {"token": things.token},
    "customers/new/draft/<uuid:form_key>/discard/": lambda things, staff: {"form_key": uuid.uuid4()},
    "slips/<int:pk>/": lambda things, staff: {"pk": slip_of(things).pk},
    "slips/<int:pk>/print/": lambda things, staff: {"pk": slip_of(things).pk},
    "visits/<int:pk>/": lambda things, staff: {"pk": things.visit.pk},
    "visits/<int:pk>/correct/": lambda things, staff: {"pk": things.visit.pk},
}

QUERIES = {
    "visits/new/": lambda things, staff: {"household": things.household.pk},
    "merges/new/": lambda things, staff: {"first": things.pair.first_id, "second": things.pair.second_id},
}
"""Routes whose thing stands in the query string."""


def own_visit(things: Things, staff) -> dict:
    return {"pk": make_visit(things.household, staff).pk if staff else things.visit.pk}


def own_proposal(things: Things, staff) -> dict:
    return {"pk": make_proposal(staff, things.branch, staff.username).pk if staff else things.proposal.pk}


def own_quiz(things: Things, staff) -> dict:
    return {"pk": make_quiz(staff or things.officer).pk}


CASES = {
    "help/quiz/<int:pk>/": own_quiz,
    "visits/<int:pk>/": own_visit,
    "visits/<int:pk>/correct/": own_visit,
    "proposals/<int:pk>/": own_proposal,
}
"""Routes whose answer may depend on who made the thing: the person's own cases, made when they are asked for."""


def has_thing(route: str) -> bool:
    """Whether the answer may depend on whose thing it is."""
    return "<" in route or route in QUERIES
