"""Addresses of roles, sites, settings and one's own account."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
