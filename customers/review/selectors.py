"""What others read of the review."""

from __future__ import annotations

from customers.review.figures import decisions_as_truth

__all__ = ["decisions_as_truth"]
