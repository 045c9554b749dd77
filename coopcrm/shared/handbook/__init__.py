"""The rules behind fields and refusals, a sentence each, in the language of whoever reads.

``topics`` holds the sentences; a form names the topic of a field (``topics = {"number": "identity-number"}``), a
refusal finds its own by its code. The page ``/help/rules/`` shows them all; docs/handbook.md is the whole text.
"""

from coopcrm.shared.handbook.topics import CHAPTERS, REFUSALS, TOPICS, Topic, explained, topic

__all__ = ["CHAPTERS", "REFUSALS", "TOPICS", "Topic", "explained", "topic"]
