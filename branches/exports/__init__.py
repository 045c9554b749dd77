"""Lists that leave the house, of whatever app: ordered with a purpose, written by a worker, fetched for a week.

An app registers what it gives out (``kinds.kind``); the page, the second signature, the mark, the record in the ledger
and the end of the file are the same for all.
"""

from branches.exports.kinds import CONTACT, RECORDS, Kind, Table, kind
from branches.exports.services import order_export

__all__ = ["CONTACT", "RECORDS", "Kind", "Table", "kind", "order_export"]
