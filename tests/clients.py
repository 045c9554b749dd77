"""A test client that is signed in as somebody who has done everything sign-in asks for."""

from __future__ import annotations

from django.test import Client as DjangoClient

from branches.signin import marks


class Client(DjangoClient):
    """``force_login`` counts as password and second factor; sign-in itself has its own tests."""

    def force_login(self, user, backend=None) -> None:
        super().force_login(user, backend)
        session = self.session
        session[marks.MEANS] = marks.SECOND_FACTOR
        session.save()
