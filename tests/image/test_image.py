"""What the Dockerfile builds from a clean checkout runs as a user of its own; fly.toml fits it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from bottrade_server import ROOT, START_SECONDS, STOP_SECONDS, Binary
from dockerfile import Image, Stage, checkout, lend, owned_by_others

USER = "10001"
SERVER = "http://127.0.0.1:8080"
HEALTH = "/api/health"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture(scope="module")
def image(binary: Binary) -> Iterator[Image]:
    """Every step of the Dockerfile, on the last commit. It lies beside the compiled dependencies it borrows."""
    warm = binary.path.parent
    folder = warm.parent / f"image-{os.getpid()}"
    try:
        yield Image(checkout(folder / "context"), folder / "stages", warm)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def fly() -> dict:
    return tomllib.loads((ROOT / "fly.toml").read_text())


@contextmanager
def container(stage: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """The stage's entry point in the stage's files alone, until it answers."""
    command = ["chroot", *([f"--userspec={stage.user}"] if stage.user and owned_by_others() else []), stage.root]
    process = subprocess.Popen(
        [*command, *stage.entrypoint], env={"PATH": PATH, **stage.env}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not healthy():
            assert process.poll() is None, process.stderr.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        try:
            assert process.wait(STOP_SECONDS) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            process.stderr.close()


def healthy() -> bool:
    try:
        return httpx.get(f"{SERVER}{HEALTH}", timeout=2).json() == {"ok": True}
    except httpx.TransportError:
        return False


def status(process: subprocess.Popen[bytes]) -> dict[str, list[str]]:
    """The lines of a process's status in /proc."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}


def used(root: Path) -> set[str]:
    """The files of a stage."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_the_image_has_the_program_whom_it_believes_and_nothing_else(image: Image) -> None:
    assert list(image.stages)[-1] == "service", "what is built by default"
    stage = image.stages["service"]
    assert used(stage.root) == {"usr/local/bin/bottrade", "etc/ssl/certs/ca-certificates.crt"}
    assert stage.user == f"{USER}:{USER}"
    assert stage.volumes == ["/data"] == [stage.env["BOTTRADE_DATA_DIR"]]
    assert stage.env["BOTTRADE_LISTEN"].endswith(f":{stage.ports[0]}")


def test_the_image_is_of_the_compiler_and_the_system_it_was_built_with(image: Image) -> None:
    """Another compiler may not build it; an older system lacks the C library's symbols."""
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    build, base = image.stages["build"].base, image.stages["base"].base
    assert build.startswith(f"rust:{version}-")
    assert build.rpartition("-")[2] == base.partition(":")[2].removesuffix("-slim")


def test_the_service_runs_as_a_user_of_its_own(image: Image) -> None:
    stage = image.stages["service"]
    lend(stage.root, ["/usr/local/bin/bottrade"])
    before = used(stage.root)
    with container(stage) as process:
        if owned_by_others():
            assert set(status(process)["Uid"]) == {USER}
        key = (stage.root / "data" / "api-key").read_text().strip()
        with httpx.Client(base_url=f"{SERVER}/api/v1/", headers={"X-API-Key": key}) as rest:
            run = rest.post("runs", json={"scenario_slug": "sandbox-nov-2024"}).raise_for_status().json()["run"]
    assert all(path.startswith("data/") for path in used(stage.root) - before)
    with container(stage), httpx.Client(headers={"X-API-Key": key}) as rest:
        rest.get(f"{SERVER}/api/v1/runs/{run['id']}").raise_for_status()


def test_on_fly_a_volume_of_roots_is_taken_over(image: Image, fly: dict) -> None:
    if not owned_by_others():
        pytest.skip("a user namespace of one user has nobody to give the volume to; run it as root")
    stage = image.stages[fly["build"]["build-target"]]
    stage = replace(stage, env=stage.env | fly["env"])
    assert stage.user is None, "only root may change an owner"
    lend(stage.root, ["/usr/local/bin/bottrade", "/bin/sh", "chown", "setpriv"])
    data = stage.root / "data"
    os.chown(data, 0, 0)
    data.chmod(0o755)
    with container(stage) as process:
        found = status(process)
        assert (set(found["Uid"]), set(found["Gid"]), found["Groups"]) == ({USER}, {USER}, [])
        assert (found["NoNewPrivs"], found["CapEff"]) == (["1"], ["0" * 16])
        assert (data / "api-key").stat().st_uid == int(USER)
        skill = httpx.get(f"{SERVER}/api/agent-skills.md").raise_for_status().text
    assert f"{fly['env']['BOTTRADE_PUBLIC_URL']}/mcp" in skill


def test_fly_and_the_image_agree(image: Image, fly: dict, binary: Binary) -> None:
    stage = image.stages[fly["build"]["build-target"]]
    known = set(re.findall(r"\[env:\s+(BOTTRADE_\w+)=", binary.output("serve", "--help")))
    assert set(fly["env"]) | set(stage.env) <= known
    (mount,) = fly["mounts"]
    assert [mount["destination"]] == stage.volumes
    service = fly["http_service"]
    assert str(service["internal_port"]) in stage.ports
    assert service["auto_stop_machines"] == "off"
    assert service["min_machines_running"] == 1
    (check,) = service["checks"]
    assert (check["method"], check["path"]) == ("GET", HEALTH), "what the tests above wait for"
    seconds = int(fly["kill_timeout"].removesuffix("s"))
    assert (fly["kill_signal"], seconds > 8 + 2) == ("SIGTERM", True)
