"""Addresses of users, invitations and batches."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
