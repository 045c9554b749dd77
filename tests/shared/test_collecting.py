"""Bulk work looks for no garbage; whatever happens in it, the search goes on afterwards."""

import gc

import pytest

from coopcrm.shared.collecting import collector_paused


@collector_paused()
def is_searching():
    return gc.isenabled()


def test_the_search_pauses_within_a_function_and_goes_on_after_it():
    assert not is_searching()
    assert gc.isenabled()


def test_blocks_within_blocks_and_errors_leave_it_as_it_was():
    with collector_paused():
        assert not is_searching()
        assert not gc.isenabled()
    with pytest.raises(ValueError, match="damaged"), collector_paused():
        raise ValueError("damaged")
    assert gc.isenabled()
