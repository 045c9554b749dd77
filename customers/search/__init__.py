"""Finding people: the ways in which a text can match (``roads``, ``numbers``), their order (``ranking``), the box."""

from customers.search.ranking import Found, Hit, search
from customers.search.roads import Road

__all__ = ["Found", "Hit", "Road", "search"]
