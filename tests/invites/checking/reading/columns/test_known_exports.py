"""Exports of known programs map by themselves."""

from __future__ import annotations

import io

import pytest

from invites.checking import Check
from invites.checking.reading.columns.known_exports import is_preamble, recognize_export
from tests.cases import for_each

ENTRA_CREATE = (
    "Name [displayName] Required,User name [userPrincipalName] Required,Initial password [passwordProfile] Required,"
    "Block sign in (Yes/No) [accountEnabled] Required,First name [givenName],Last name [surname],Job title [jobTitle],"
    "Department [department],Usage location [usageLocation]"
)
ENTRA_INVITE = (
    "Email address to invite [inviteeEmail] Required,Redirection url [inviteRedirectURL] Required,"
    "Send invitation message (true or false) [sendEmail],Customized invitation message [customizedMessageBody]"
)
ENTRA_DOWNLOAD = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,usageLocation"
)


# Name of the program, its columns, and the names that are taken as email, first name and last name.
EXPORTS = [
    ("Google Workspace", "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
     "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],Recovery Email,Home Secondary Email",
     "Email Address [Required],First Name [Required],Last Name [Required]"),
    ("Google Contacts", "Name,Given Name,Additional Name,Family Name,Yomi Name,Group Membership,E-mail 1 - Type,"
     "E-mail 1 - Value,E-mail 2 - Value", "E-mail 1 - Value,Given Name,Family Name"),
    ("Google Contacts", "First Name,Middle Name,Last Name,Phonetic First Name,Nickname,File As,E-mail 1 - Label,"
     "E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label", "E-mail 1 - Value,First Name,Last Name"),
    ("Microsoft Entra", ENTRA_CREATE, "User name [userPrincipalName] Required,First name [givenName],Last name [surname]"),
    ("Microsoft Entra", "Nom [displayName] Obligatoire,Nom d’utilisateur [userPrincipalName] Obligatoire,Prénom [givenName],"
     "Nom de famille [surname]", "Nom d’utilisateur [userPrincipalName] Obligatoire,Prénom [givenName],Nom de famille [surname]"),
    ("Microsoft Entra", ENTRA_DOWNLOAD, "mail,givenName,surname"),
    ("Microsoft Entra", "mail,displayName,givenName,surname", "mail,givenName,surname"),
    ("Active Directory", "mail,GivenName,Surname", "mail,GivenName,Surname"),
    ("Active Directory", "DistinguishedName,Enabled,GivenName,Name,ObjectClass,SamAccountName,Surname,UserPrincipalName",
     "UserPrincipalName,GivenName,Surname"),
    ("Active Directory", "Name,EmailAddress,GivenName,Surname,UserPrincipalName", "EmailAddress,GivenName,Surname"),
    ("Active Directory", "DN,objectClass,sn,givenName,sAMAccountName,mail", "mail,givenName,sn"),
    ("Microsoft 365", "Block credential,City,Department,Display name,First name,Last name,Title,User principal name",
     "User principal name,First name,Last name"),
    ("Microsoft 365", "Username,First name,Last name,Display name,Job title,Alternate email address",
     "Username,First name,Last name"),
    ("Okta", "login,firstName,lastName,middleName,email,title,displayName,secondEmail,mobilePhone", "email,firstName,lastName"),
    ("Salesforce", "Id,FirstName,LastName,Email,Title,AccountId", "Email,FirstName,LastName"),
    ("Salesforce", "Salutation,First Name,Last Name,Title,Account Name,Email", "Email,First Name,Last Name"),
    ("Moodle", "username,firstname,lastname,email,course1", "email,firstname,lastname"),
    ("Moodle", "First name,Surname,ID number,Institution,Department,Email address,Course total",
     "Email address,First name,Surname"),
    ("Workday", "Employee ID,Legal First Name,Legal Last Name,Preferred First Name,Preferred Last Name,Work Email",
     "Work Email,Preferred First Name,Preferred Last Name"),
    ("Workday", "Employee ID,First Name,Last Name,Email - Primary Work", "Email - Primary Work,First Name,Last Name"),
    ("Workday", "Worker,Legal Name - First Name,Legal Name - Last Name,Primary Work Email",
     "Primary Work Email,Legal Name - First Name,Legal Name - Last Name"),
    ("BambooHR", "Employee #,First Name,Last Name,Preferred Name,Job Title,Work Email,Home Email",
     "Work Email,First Name,Last Name"),
    ("Outlook", "First Name,Middle Name,Last Name,Title,Suffix,E-mail Address,E-mail Display Name,E-mail 2 Address",
     "E-mail Address,First Name,Last Name"),
]  # fmt: skip


@for_each("program, names, taken", EXPORTS)
def test_recognizes_exports(program: str, names: str, taken: str) -> None:
    columns = names.split(",")
    export = recognize_export(columns)

    assert export
    assert export.name == program
    assert [columns[export.columns[key]] for key in ("email", "first_name", "last_name")] == taken.split(",")
    assert set(export.columns) == {"email", "first_name", "last_name"}
    assert export.missing == ()


@for_each("program, names, taken", EXPORTS)
def test_a_column_that_exists_twice_is_asked_about(program: str, names: str, taken: str) -> None:
    assert recognize_export([*names.split(","), taken.split(",")[1]]) is None


def test_the_template_for_invitations_has_no_names() -> None:
    export = recognize_export(ENTRA_INVITE.split(","))

    assert export
    assert (export.name, export.columns, export.missing) == (
        "Microsoft Entra",
        {"email": 0},
        ("first_name", "last_name"),
    )


def test_an_export_can_have_full_names_only() -> None:
    slack = "username,email,status,billing-active,has-2fa,has-sso,userid,fullname,displayname,expiration-timestamp"
    no_last_name = "Name [displayName],User name [userPrincipalName],First name [givenName]"
    entra = "Name [displayName] Required,User name [userPrincipalName] Required,Department [department]"

    for names, program, columns in (
        (slack, "Slack", {"email": 1, "full_name": 7}),
        (no_last_name, "Microsoft Entra", {"email": 1, "full_name": 0}),
        (entra, "Microsoft Entra", {"email": 1, "full_name": 0}),
    ):
        export = recognize_export(names.split(","))
        assert export
        assert (export.name, export.columns, export.missing) == (program, columns, ())


@for_each(
    "names",
    [
        "",
        "Email,First name,Last name",
        "Email,Given name,Surname",
        "Name,Work email",
        "First name,Last name,Work email",
        "displayName,mail",
        "GivenName,Surname",
        "E-mail cím,Teljes név",
        "Name [Nickname],Email [work]",
        "First name,Surname,Email address",
    ],
)
def test_other_files_are_no_exports(names: str) -> None:
    assert recognize_export(names.split(",")) is None


@for_each(
    "row, expected",
    [
        ("version:v1.0,,,", True), ("version:v1.0", True), ("Version: 1.0", True), ("\ufeffversion:v2.1,", True),
        ("#TYPE Selected.Microsoft.ActiveDirectory.Management.ADUser", True), ("#TYPE System.Object,", True),
        ("sep=;", True), ("sep=", True), ("SEP=|", True),
        ("version:v1.0,Email", False), ("version history", False), ("#TYPED,x", False), ("separator", False),
        ("Email,Name", False), ("", False), ("version:", False),
    ],
)  # fmt: skip
def test_knows_preambles(row: str, expected: bool) -> None:
    assert is_preamble(row.split(",")) is expected


def test_no_cells_are_no_preamble() -> None:
    assert is_preamble([]) is False


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f"version:v1.0\n{ENTRA_CREATE}\nAda Byron,ada@company.com,pw,No,,\nLu van Dyk,lu@company.com,pw,No,,\n",
         {"full_name": 0, "email": 1}),
        (f"{ENTRA_DOWNLOAD}\nada@company.com,Ada Byron,Byron,,Ada\n", {"email": 0, "first_name": 4, "last_name": 2}),
        ("Display name,First name,Last name,User principal name\nAda Byron,,,ada@company.com\n",
         {"full_name": 0, "email": 3}),
    ],
)  # fmt: skip
def test_an_export_with_an_empty_column_is_asked_about(text: str, keys: dict[str, int]) -> None:
    check = Check(io.BytesIO(text.encode()))

    assert list(check.blocks()) == []
    assert check.report.decisions
    assert "columns" in check.report.decisions.open
    found = check.report.decisions.positions
    assert {key: found[key] for key in keys} == keys
    assert found.keys() - keys.keys() <= {"description"}
