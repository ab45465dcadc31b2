"""A sign-in stage that asks for more than a password, like allauth's second factor."""

from __future__ import annotations

from allauth.account.stages import LoginStage
from django.http import HttpResponse


class SecondFactor(LoginStage):  # type: ignore[misc]
    key = "second-factor"

    def handle(self) -> tuple[HttpResponse, bool]:
        return HttpResponse("Enter the code of your app."), True
