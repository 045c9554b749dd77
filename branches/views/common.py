"""What the pages of the organisation share."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

PAGE = 100


def allow_posted(request: HttpRequest) -> None:
    """The organisation is open to everybody who holds a post."""
    if not request.user.scope.posts:
        raise PermissionDenied(_("You hold no post today. Ask the administrator."))
