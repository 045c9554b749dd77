"""Who may do what in the registry, one sentence each. Services and pages ask the same functions."""

from __future__ import annotations

from branches.choices import PostCode
from branches.models import StaffMember, Unit
from customers.choices import RequestKind
from customers.models import (
    Customer,
    Household,
    LedgerUpload,
    ListView,
    RightsRequest,
    Sharing,
    VisitNote,
)
from customers.querysets import SEE_LOCKED

FIELD = (PostCode.LOAN_OFFICER, PostCode.CUSTOMER_MANAGER)
DIRECTORS = (PostCode.DIRECTOR, PostCode.DEPUTY_DIRECTOR)
COUNTER = (PostCode.CASHIER, PostCode.ACCOUNTANT)
UNION_DESKS = (PostCode.UNION_CREDIT, PostCode.UNION_RISK, PostCode.HEAD_OFFICE)


def works_at(staff: StaffMember, branch_id: int | None) -> bool:
    """A post at the branch or below it."""
    return branch_id in staff.scope.branch_ids


def may_read_fully(staff: StaffMember, thing: Customer | Household) -> bool:
    """The managing branch, head office and audit read the whole record; everybody else sees the masked card.

    Of a locked person only those who keep the record for the law.
    """
    if getattr(thing, "is_locked", False) and not may_see_locked(staff):
        return False
    return staff.scope.sees_union or works_at(staff, thing.branch_id)


def may_register_somewhere(staff: StaffMember) -> bool:
    """Counter, field and directors register customers; head office, audit and administrators do not."""
    return staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS)


def may_register(staff: StaffMember, branch: Unit) -> bool:
    """Customers are registered at one's own branch."""
    return may_register_somewhere(staff) and works_at(staff, branch.pk)


def may_check_slips(staff: StaffMember) -> bool:
    """Everybody who works with customers asks whether a slip is genuine; auditors too."""
    return staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_visit_somewhere(staff: StaffMember) -> bool:
    """Loan officers, customer managers and directors visit households."""
    return staff.scope.holds(*FIELD, *DIRECTORS)


def may_record_visit(staff: StaffMember, household: Household) -> bool:
    """Households of one's own branch are visited."""
    return may_visit_somewhere(staff) and works_at(staff, household.branch_id)


def may_correct_visit(staff: StaffMember, visit: VisitNote) -> bool:
    """Its author, while in the field at the branch, or a director of the branch writes the correction beside a note."""
    visits_here = may_record_visit(staff, visit.household)
    return visits_here and (visit.officer_id == staff.pk or staff.scope.holds(*DIRECTORS))


def may_record_facts(staff: StaffMember, household: Household) -> bool:
    """Who visits may record what was seen; the accountant what a document shows."""
    knows = staff.scope.holds(*FIELD, *DIRECTORS, PostCode.ACCOUNTANT)
    return knows and works_at(staff, household.branch_id)


def may_reveal(staff: StaffMember, customer: Customer) -> bool:
    """Counter, field and directors read a full number of their branch's people; so do the union's desks and audit."""
    if staff.scope.holds(*UNION_DESKS, PostCode.AUDITOR):
        return True
    return may_register_somewhere(staff) and works_at(staff, customer.branch_id)


def may_see_readings(staff: StaffMember) -> bool:
    """Audit and head office see who read how many numbers."""
    return staff.scope.holds(PostCode.AUDITOR, PostCode.HEAD_OFFICE)


def may_ask_elsewhere(staff: StaffMember, customer: Customer) -> bool:
    """Counter, field and directors ask for sharing or transfer of a person whom another branch manages."""
    return may_register_somewhere(staff) and not may_read_fully(staff, customer)


def may_answer_elsewhere(staff: StaffMember, branch_id: int | None) -> bool:
    """Directors of the managing branch answer."""
    return staff.scope.holds(*DIRECTORS) and works_at(staff, branch_id)


def may_end_sharing(staff: StaffMember, sharing: Sharing) -> bool:
    """Directors of the branch that shares, and the counter, field and directors of the branch that reads."""
    gives = may_answer_elsewhere(staff, sharing.household.branch_id)
    return gives or (may_register_somewhere(staff) and works_at(staff, sharing.branch_id))


def may_see_ledgers(staff: StaffMember) -> bool:
    """Everybody who works with customers sees what came in from the ledgers of their branches."""
    return staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_import_ledgers(staff: StaffMember) -> bool:
    """Counter and directors bring in ledgers of their branch, the union's desks those of every branch."""
    return staff.scope.holds(*COUNTER, *DIRECTORS, *UNION_DESKS)


def may_import_at(staff: StaffMember, branch_id: int) -> bool:
    """Ledgers of this branch."""
    return staff.scope.holds(*UNION_DESKS) or (
        staff.scope.holds(*COUNTER, *DIRECTORS) and works_at(staff, branch_id)
    )


def may_change_upload(staff: StaffMember, upload: LedgerUpload) -> bool:
    """Who brought files in corrects, takes in and discards them."""
    return may_import_ledgers(staff) and upload.uploaded_by_id == staff.pk


def may_undo_import(staff: StaffMember, branch_ids: set[int]) -> bool:
    """Directors take back imports of their own branch alone, head office those of every branch."""
    if staff.scope.holds(PostCode.HEAD_OFFICE):
        return True
    return staff.scope.holds(*DIRECTORS) and all(works_at(staff, branch) for branch in branch_ids)


def may_open_named_branches(staff: StaffMember) -> bool:
    """Head office takes over the branches and villages that the list in a zip names, as the command does."""
    return staff.scope.holds(PostCode.HEAD_OFFICE)


def may_export_customers(staff: StaffMember) -> bool:
    """Lists leave the house through accountants, directors, the union's desks and audit."""
    return staff.scope.holds(PostCode.ACCOUNTANT, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_change_view(staff: StaffMember, view: ListView) -> bool:
    """A view of the list is changed by its owner, a shared one also by a director of the branch."""
    return view.owner_id == staff.pk or (
        view.branch_id is not None and may_answer_elsewhere(staff, view.branch_id)
    )


def may_record_consent(staff: StaffMember, customer: Customer) -> bool:
    """Counter, field and directors of the managing branch write down what a person allows."""
    return may_register_somewhere(staff) and works_at(staff, customer.branch_id)


def may_export_numbers(staff: StaffMember) -> bool:
    """Full numbers leave the house through directors and head office alone, after a second signature."""
    return staff.scope.holds(*DIRECTORS, PostCode.HEAD_OFFICE)


def may_add_document_photo(staff: StaffMember, customer: Customer) -> bool:
    """Who registers at the branch that manages the customer photographs the documents."""
    return may_register(staff, customer.branch)


def may_read_document_photo(staff: StaffMember, customer: Customer) -> bool:
    """The photo shows the full number: for those who work with the customer, the risk department and audit."""
    works_here = staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS) and works_at(staff, customer.branch_id)
    return works_here or staff.scope.holds(PostCode.UNION_RISK, PostCode.HEAD_OFFICE, PostCode.AUDITOR)


def may_see_rights(staff: StaffMember) -> bool:
    """Everybody who works with customers sees what the customers of their branches have asked for."""
    return staff.scope.holds(*COUNTER, *FIELD, *DIRECTORS, *UNION_DESKS, PostCode.AUDITOR)


def may_take_request(staff: StaffMember, customer: Customer) -> bool:
    """Whoever a person of the branch turns to takes the request in, and so do risk and head office of the union."""
    at_branch = may_register_somewhere(staff) and works_at(staff, customer.branch_id)
    return at_branch or staff.scope.holds(PostCode.UNION_RISK, PostCode.HEAD_OFFICE)


def may_answer_requests_somewhere(staff: StaffMember) -> bool:
    """Accountants and directors answer those of their branch, risk and head office of the union all."""
    return staff.scope.holds(PostCode.ACCOUNTANT, *DIRECTORS, PostCode.UNION_RISK, PostCode.HEAD_OFFICE)


def may_answer_request(staff: StaffMember, request: RightsRequest) -> bool:
    """Accountant and directors of the managing branch answer, or risk and head office of the union.

    Who took in a deletion or an objection does not decide about it.
    """
    if request.kind in (RequestKind.DELETION, RequestKind.OBJECTION) and request.recorded_by_id == staff.pk:
        return False
    at_branch = works_at(staff, request.customer.branch_id) and staff.scope.holds(
        PostCode.ACCOUNTANT, *DIRECTORS
    )
    return at_branch or staff.scope.holds(PostCode.UNION_RISK, PostCode.HEAD_OFFICE)


def may_correct(staff: StaffMember, customer: Customer) -> bool:
    """Accountant and directors of the managing branch correct the registry with a source."""
    return staff.scope.holds(PostCode.ACCOUNTANT, *DIRECTORS) and works_at(staff, customer.branch_id)


def may_see_locked(staff: StaffMember) -> bool:
    """Who is locked is kept for the law: auditors and the union's risk desk alone see the record."""
    return staff.scope.holds(*SEE_LOCKED)


def may_unlock(staff: StaffMember) -> bool:
    """The union's risk desk lifts a lock, with a reason."""
    return staff.scope.holds(PostCode.UNION_RISK)


def may_see_erasures(staff: StaffMember) -> bool:
    """Risk, head office and audit see whose erasure comes due, and the proofs."""
    return staff.scope.holds(PostCode.UNION_RISK, PostCode.HEAD_OFFICE, PostCode.AUDITOR)


def may_order_erasure(staff: StaffMember) -> bool:
    """The union's risk desk may order what otherwise runs every night."""
    return staff.scope.holds(PostCode.UNION_RISK)
