"""The models of accounts."""

from accounts.models.activity import ActivityDeletion, ActivityEntry, ActivityErasure
from accounts.models.organization import Membership, MembershipQuerySet, Organization, OrganizationQuerySet, Role, Site
from accounts.models.rate_limit import RateLimitCount
from accounts.models.user import AccountEmail, User, UserManager
