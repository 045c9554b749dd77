"""Rows of account lists become accounts: the handler that `loans` gives to the registry of ledger rows.

A row whose account number a spreadsheet destroyed stays a ledger row; an account without a number would be nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from coopcrm.shared.crypto import forms_today
from coopcrm.shared.fields import draw_ids
from customers import numbers
from customers.names import place_keys, simplified
from loans.choices import AccountState, ProductFamily
from loans.models import Account, Product

BATCH = 2_000
CODE_LENGTH = Product._meta.get_field("code").max_length
NAME_LENGTH = Product._meta.get_field("name").max_length

FAMILY_WORDS = (
    (ProductFamily.LOAN, ("贷", "loan")),
    (ProductFamily.SHARE, ("股金", "股本", "入股", "share")),
    (ProductFamily.CARD, ("卡", "card")),
    (ProductFamily.INSURANCE, ("保险",)),
    (ProductFamily.MOBILE, ("手机银行", "网银")),
)
STATE_WORDS = (
    (AccountState.CLOSED, ("销户", "注销", "结清", "关闭", "closed")),
    (AccountState.FROZEN, ("冻结", "止付", "挂失", "frozen")),
    (AccountState.DORMANT, ("睡眠", "不动", "久悬", "休眠", "dormant")),
)
NAMELESS_PRODUCT = "未注明"


class LedgerAccount(Protocol):
    """A row of an account list as the registry hands it over."""

    row_id: int
    branch_id: int
    customer_id: int
    account_number: str
    product: str
    balance: Decimal | None
    opened_on: date | None
    status: str
    as_of: date


def write_accounts(rows: Sequence[LedgerAccount]) -> None:
    """Open an account for every row with a number nobody has; a number that is known gets the newer balance."""
    usable: dict[str, LedgerAccount] = {}
    for row in rows:
        if row.account_number:
            usable.setdefault(row.account_number, row)
    keys = dict(
        zip(usable, numbers.tail_keys(numbers.ACCOUNT, numbers.ACCOUNT_TAIL, list(usable)), strict=True)
    )
    known = _known_accounts([key.number_key for key in keys.values()])
    _update_balances(
        {number: known[key.number_key] for number, key in keys.items() if key.number_key in known}, usable
    )
    fresh = [number for number, key in keys.items() if key.number_key not in known]
    products = _products([usable[number].product for number in fresh])
    accounts = []
    for number, pk in zip(fresh, draw_ids(Account, len(fresh)), strict=True):
        account = _account(pk, usable[number], products[product_key(usable[number].product)])
        account.number_key, account.tail_key = keys[number]
        account.seal("number", number)
        accounts.append(account)
    Account.objects.bulk_create(accounts, batch_size=BATCH)


def _account(pk: int, row: LedgerAccount, product: Product) -> Account:
    return Account(
        pk=pk,
        customer_id=row.customer_id,
        branch_id=row.branch_id,
        product=product,
        state=state_of(row.status),
        rate=product.rate,
        ftp_rate=product.ftp_rate,
        opened_on=row.opened_on,
        balance=row.balance or 0,
        balance_on=row.as_of if row.balance is not None else None,
        ledger_row_id=row.row_id,
    )


def _known_accounts(keys: Sequence[bytes]) -> dict[bytes, Account]:
    found: dict[bytes, Account] = {}
    today = forms_today(keys)
    for start in range(0, len(keys), BATCH):
        rows = Account.objects.filter(number_key__in=keys[start : start + BATCH]).defer("number")
        found |= {today[bytes(account.number_key)]: account for account in rows}
    return found


def _update_balances(known: dict[str, Account], rows: dict[str, LedgerAccount]) -> None:
    changed = []
    for number, account in known.items():
        row = rows[number]
        is_newer = account.balance_on is None or account.balance_on < row.as_of
        if row.balance is not None and is_newer and account.customer_id == row.customer_id:
            account.balance, account.balance_on = row.balance, row.as_of
            changed.append(account)
    Account.objects.bulk_update(changed, ["balance", "balance_on"], batch_size=BATCH)


def state_of(status: str) -> str:
    """Return the state an account list's word means; open when it says nothing else."""
    text = simplified(status).lower()
    return next(
        (state for state, words in STATE_WORDS if any(word in text for word in words)), AccountState.OPEN
    )


def family_of(product: str) -> str:
    """Return the family of a product by its name; what is neither loan, share nor service is a deposit."""
    text = simplified(product).lower()
    return next(
        (family for family, words in FAMILY_WORDS if any(w in text for w in words)), ProductFamily.DEPOSIT
    )


def product_key(name: str) -> str:
    """Return a product's name as it is compared."""
    return re.sub(r"[\s()（）·\-]", "", simplified(name)).lower() or NAMELESS_PRODUCT


def _products(names: Sequence[str]) -> dict[str, Product]:
    """Return the products of these names by their key, creating those that no name or alias covers."""
    found: dict[str, Product] = {}
    for product in Product.objects.order_by("pk"):
        for name in (product.name, *product.aliases):
            found.setdefault(product_key(name), product)
    codes = set(Product.objects.values_list("code", flat=True))
    for name in names:
        if product_key(name) not in found:
            label = name.strip() or NAMELESS_PRODUCT
            code = _free_code(place_keys(label)[1] or "product", codes)
            found[product_key(name)] = Product.objects.create(
                code=code, name=label[:NAME_LENGTH], family=family_of(label)
            )
    return found


def _free_code(wish: str, taken: set[str]) -> str:
    """Return a code nobody has: the initials of the name, numbered when they are taken."""
    code, number = wish[: CODE_LENGTH - 3], 1
    while code in taken:
        number += 1
        code = f"{wish[: CODE_LENGTH - 3]}{number}"
    taken.add(code)
    return code
