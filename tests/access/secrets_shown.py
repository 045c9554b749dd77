"""Values by which a page's text tells whose data it shows, and whether in full or masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from customers import masking, numbers
from customers.choices import DocumentKind
from customers.models import Customer, FactSheet, Feedback, IdentityDocument, Phone, VisitNote
from loans.models import Account, CreditLine, Loan
from ratings.models import Contribution, CreditRating, CustomerTier
from tests.access.full_world import make_everything
from tests.access.world import Things
from tests.book import make_account
from tests.factories import resident_number

FULL, MASKED, ABSENT = "full", "masked", "absent"


@dataclass(frozen=True)
class Mark:
    """A value of one field: how it reads in full, and how masked (empty when it has no masked form)."""

    full: tuple[str, ...]
    masked: tuple[str, ...] = ()

    def shown_in(self, text: str) -> str:
        if any(value in text for value in self.full):
            return FULL
        return MASKED if any(value in text for value in self.masked) else ABSENT


def money(value: str) -> Mark:
    """An amount as pages and API write it; texts are searched without their thousands separators."""
    return Mark((value,))


@dataclass(frozen=True)
class Known:
    """What is known of the customer of one branch."""

    name: str
    number: str
    phone: str
    born: date
    words: str
    amount: int  # every amount of this customer begins with these four digits

    def marks(self, account: str) -> dict[str, Mark]:
        of_number = (masking.mask_id(self.number), masking.mask_id(self.number, "detail"))
        return {
            "name": Mark((self.name,), (masking.mask_name(self.name),)),
            "number": Mark((self.number,), of_number),
            "phone": Mark((self.phone,), (masking.mask_phone(self.phone),)),
            "account": Mark((account,), (masking.mask_bank_card(account),)),
            "birth_date": Mark((self.born.isoformat(), f"{self.born:%d %b %Y}", f"{self.born:%b %d, %Y}")),
            "address": Mark((f"柳林街{self.words}号",)),
            "occupation": Mark((f"bees {self.words}",)),
            "visit": Mark((f"hives {self.words}",)),
            "feedback": Mark((f"queue {self.words}",)),
            "income": money(f"{self.amount}1"),
            "rated_limit": money(f"{self.amount}2"),
            "line": money(f"{self.amount}3"),
            "loan": money(f"{self.amount}4"),
            "balance": money(f"{self.amount}5"),
            "contribution": money(f"{self.amount}6"),
        }


OF = {
    "own": Known(
        "欧阳慧敏", resident_number("19790803", 120), "13987651234", date(1979, 8, 3), "swarm", 7316
    ),
    "other": Known(
        "司徒玉珍", resident_number("19810417", 122), "13876542345", date(1981, 4, 17), "comb", 9427
    ),
}


def rewrite(row: IdentityDocument | Phone, number: str, keys) -> None:
    """Give a sealed row another number."""
    row.seal("number", number)
    for name, value in keys._asdict().items():
        setattr(row, name, value)
    row.save()


def make_marked(whose: str) -> tuple[Things, dict[str, Mark]]:
    """Everything of one branch, with values that are found again in the text of a page."""
    known, things = OF[whose], make_everything()
    customer, household = things.customer, things.household
    Customer.objects.filter(pk=customer.pk).update(
        name=known.name,
        birth_date=known.born,
        address=f"孙铁铺镇柳林街{known.words}号",
        occupation=f"bees {known.words}",
    )
    customer.refresh_from_db()
    rewrite(customer.documents.get(), known.number, numbers.document_keys(DocumentKind.ID18, known.number))
    rewrite(customer.phones.get(), known.phone, numbers.phone_keys(known.phone))
    amount = {place: Decimal(f"{known.amount}{place}") for place in range(1, 7)}
    account = make_account(customer, balance=str(amount[5]))
    Account.objects.filter(customer=customer).update(balance=amount[5])
    VisitNote.objects.filter(household=household).update(summary=f"hives {known.words}")
    Feedback.objects.filter(customer=customer).update(words=f"queue {known.words}")
    FactSheet.objects.filter(household=household).update(net_income=amount[1])
    CreditRating.objects.filter(household=household).update(limit=amount[2])
    CreditLine.objects.filter(household=household).update(limit=amount[3])
    Loan.objects.filter(household=household).update(principal=amount[4])
    for model in (Contribution, CustomerTier):
        model.objects.filter(customer=customer).update(contribution=amount[6])
    things.tier = CustomerTier.objects.get(customer=customer)
    return things, known.marks(account.open("number"))
