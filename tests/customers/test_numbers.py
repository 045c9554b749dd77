"""The keys by which numbers are found."""

from customers import numbers
from customers.choices import DocumentKind

OLD, NEW = "629901800512003", "629901198005120032"


def test_old_and_new_number_share_their_core():
    assert numbers.core_of(OLD) == numbers.core_of(NEW)
    assert (
        numbers.document_keys(DocumentKind.ID18, OLD).core_key
        == numbers.document_keys(DocumentKind.ID18, NEW).core_key
    )


def test_bulk_keys_equal_single_keys():
    assert numbers.resident_keys([NEW]) == [numbers.document_keys(DocumentKind.ID18, NEW)]
    phones = ["19900001234", "09310000123"]
    assert numbers.tail_keys(numbers.PHONE, numbers.PHONE_TAIL, phones) == [
        numbers.phone_keys(phone) for phone in phones
    ]


def test_equal_tails_of_different_kinds_of_numbers_have_different_keys():
    assert numbers.phone_keys("120032").tail_key != numbers.account_keys("120032").tail_key


def test_a_passport_has_neither_tail_nor_core():
    assert numbers.document_keys(DocumentKind.PASSPORT, "E12345678")[1:] == (b"", b"")
