"""Sites of an organization: the list, and the dialogs that add, change and delete one."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError
from accounts.htmx import asks_for_fragment
from accounts.models import Site
from accounts.organizations.access import MemberRequest, requires
from accounts.organizations.forms import SiteForm
from accounts.organizations.grants import AccessSelection, GrantableAccess
from accounts.organizations.in_use import why_in_use
from accounts.organizations.selectors import sites_of
from accounts.organizations.sites import check_can_change, delete_site, save_site, why_not_change
from accounts.organizations.views.dialogs import about, ask_to_delete, done, posted, show
from accounts.permissions import Permission

PAGE = 25

LIST, CHANGED = "organizations:sites", "sites:changed"


@requires(Permission.MANAGE_SITES)
@require_safe
def site_list(request: MemberRequest, organization: str) -> HttpResponse:
    """The sites, a page at a time. `?q=` searches in name and country."""
    # PostgreSQL accepts no NUL in text.
    search = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    page = Paginator(sites_of(request.organization, search=search), PAGE).get_page(request.GET.get("page"))
    grantable = GrantableAccess(request.membership)
    context = {
        "page": page,
        "lines": [(site, grantable.can_grant(AccessSelection(sites=(site,)))) for site in page],
        "search": search,
        "query": urlencode({"q": search}) if search else "",
        "everywhere": request.organization.memberships.not_deactivated().filter(all_sites=True).count(),
    }
    template = "organizations/sites_list.html" if asks_for_fragment(request) else "organizations/sites.html"
    return render(request, template, context)


@requires(Permission.MANAGE_SITES)
@require_http_methods(["GET", "HEAD", "POST"])
def site_new(request: MemberRequest, organization: str) -> HttpResponse:
    """Add a site."""
    return _edit(request, None)


@requires(Permission.MANAGE_SITES)
@require_http_methods(["GET", "HEAD", "POST"])
def site_edit(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Change a site's name or country. Members without access to it can only look."""
    site = _site_to_change(request, pk) if request.method == "POST" else _site(request, pk)
    return _edit(request, site)


def _edit(request: MemberRequest, site: Site | None) -> HttpResponse:
    form = SiteForm(posted(request), site=site)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_site(
                request.membership, name=form.cleaned_data["name"], country=form.cleaned_data["country"], site=site
            )
        except DomainError as broken:
            form.add_error("name" if broken.code == "name_taken" else None, broken.message)
        else:
            said = _("The site {name} was added.") if site is None else _("The site {name} was changed.")
            return done(request, said.format(name=saved.name), event=CHANGED, page=LIST)
    locked = why_not_change(request.membership, site) if site else ""
    return show(request, "organizations/site_form.html", form, site=site, why_not_change=locked)


@requires(Permission.MANAGE_SITES)
@require_http_methods(["GET", "HEAD", "POST"])
def site_delete(request: MemberRequest, organization: str, pk: int) -> HttpResponse:
    """Ask, then delete a site to which nobody is assigned."""
    site = _site_to_change(request, pk)
    return ask_to_delete(
        request,
        partial(delete_site, request.membership, site),
        in_use=why_in_use(site),
        deleted=_("The site {name} was deleted.").format(name=site.name),
        event=CHANGED,
        page=LIST,
        question=about(_("Delete {name}?"), name=site.name),
        consequence=_("Nobody is assigned to this site. Deleting it can’t be undone."),
        stay=_("Keep site"),
        button=_("Delete site"),
        kind="site",
        pk=pk,
    )


def _site(request: MemberRequest, pk: int) -> Site:
    return get_object_or_404(sites_of(request.organization), pk=pk)


def _site_to_change(request: MemberRequest, pk: int) -> Site:
    """The same, for an action: members without access to the site get 403. The service checks again."""
    site = _site(request, pk)
    check_can_change(request.membership, site)
    return site
