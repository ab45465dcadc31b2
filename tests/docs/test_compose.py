"""compose.yaml is complete: data survives restarts, services wait for each other, and nothing is exposed."""

from __future__ import annotations

import re

import pytest

from config.harness.deployment import compose
from config.harness.running import ROOT
from invites.mailing.sender import TIME_SLICE_SECONDS

OURS = ("prepare", "web", "worker", "beat")
SERVICES = compose()["services"]


def dockerfile() -> str:
    return ROOT.joinpath(SERVICES["web"]["build"]["dockerfile"]).read_text()


def test_it_has_every_service() -> None:
    assert set(SERVICES) == {"postgres", "redis", "mail", *OURS}


def test_all_processes_share_image_settings_and_data() -> None:
    for name in OURS:
        assert SERVICES[name]["environment"] == SERVICES["web"]["environment"]
        assert (SERVICES[name]["image"], SERVICES[name]["volumes"]) == ("rollcall", ["data:/data"])
    assert SERVICES["web"]["environment"]["DATA_DIR"] == "/data"
    assert set(compose()["volumes"]) == {"data", "postgres", "redis"}


def test_the_queue_survives_a_restart_and_is_never_evicted() -> None:
    command = " ".join(SERVICES["redis"]["command"])

    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql/data"]


def test_services_wait_for_what_they_need() -> None:
    waits = {name: {on: how["condition"] for on, how in SERVICES[name]["depends_on"].items()} for name in OURS}

    assert waits.pop("prepare") == {"postgres": "service_healthy", "redis": "service_healthy"}
    assert list(waits.values()) == [{"prepare": "service_completed_successfully"}] * 3
    for name in ("postgres", "redis", "web", "worker"):
        assert SERVICES[name]["healthcheck"]["test"], name


def test_only_pages_and_caught_emails_are_published_on_the_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web": ["127.0.0.1:8000:8000"], "mail": ["127.0.0.1:8025:8025"]}


def test_containers_do_not_run_as_root() -> None:
    assert re.search(r"^USER rollcall$", dockerfile(), re.MULTILINE)
    for name in OURS:
        assert (SERVICES[name]["cap_drop"], SERVICES[name]["security_opt"]) == (["ALL"], ["no-new-privileges:true"])


def test_secrets_are_set_or_generated_and_never_in_the_file() -> None:
    assert SERVICES["web"]["environment"]["SECRET_KEY"] == ""
    assert compose(SECRET_KEY="k" * 50)["services"]["worker"]["environment"]["SECRET_KEY"] == "k" * 50
    database = compose(POSTGRES_PASSWORD="other")["services"]
    assert database["postgres"]["environment"]["POSTGRES_PASSWORD"] == "other"
    assert ":other@postgres:5432/" in database["web"]["environment"]["DATABASE_URL"]


def test_a_proxy_is_trusted_only_if_it_is_set() -> None:
    assert SERVICES["web"]["environment"]["TRUST_PROXY"] == "0"
    assert compose(TRUST_PROXY="1")["services"]["web"]["environment"]["TRUST_PROXY"] == "1"


@pytest.mark.parametrize("image", [SERVICES[name]["image"] for name in ("postgres", "redis", "mail")])
def test_images_have_a_version(image: str) -> None:
    assert re.search(r":v?\d+(\.\d+)?(-\w+)?$", image)


def test_the_image_has_only_what_runs() -> None:
    copied = {line.split()[1].removeprefix("./") for line in dockerfile().splitlines() if line.startswith("COPY ")}
    sent = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()

    assert copied == {"manage.py", "requirements.txt", "config", "accounts", "invites", "locale", "templates", "static"}
    assert {line[1:] for line in sent if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
    assert "--require-hashes --requirement requirements.txt" in dockerfile()


def test_pages_come_before_work_and_stay_fast_during_imports() -> None:
    assert SERVICES["worker"]["cpu_shares"] == 1024 // 4
    assert all("cpu_shares" not in SERVICES[name] for name in SERVICES if name != "worker")
    assert "autovacuum_naptime=5s" in SERVICES["postgres"]["command"]


def test_a_worker_has_time_to_finish_its_step() -> None:
    grace = SERVICES["worker"]["stop_grace_period"]

    assert int(grace.removesuffix("s")) > 4 * TIME_SLICE_SECONDS
