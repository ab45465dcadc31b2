"""A stage of sign-in that asks for more than a password, as allauth's second factor does."""

from __future__ import annotations

from allauth.account.stages import LoginStage
from django.http import HttpResponse


class SecondFactor(LoginStage):  # type: ignore[misc]
    key = "second-factor"

    def handle(self) -> tuple[HttpResponse, bool]:
        return HttpResponse("Enter the code of your app."), True
