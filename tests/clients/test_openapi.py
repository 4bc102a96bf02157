"""The OpenAPI document in the hands of others: Schemathesis tries the service against it, PyYAML reads it."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import yaml
from bottrade_server import ROOT, Server, environment

ASSETS = ROOT / "assets" / "swagger-ui"
CONFIG = Path(__file__).with_name("schemathesis.toml")
CASES_MIN = 500
SEED = int(os.environ.get("SCHEMATHESIS_SEED", "1"))
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
"""Cases of each operation in the phase that makes them up; the others add as many as the schemas have corners."""


def test_yaml_says_what_json_says(server: Server) -> None:
    text = httpx.get(f"{server.base}/api/openapi.yaml").raise_for_status().text
    assert yaml.safe_load(text) == httpx.get(f"{server.base}/api/openapi.json").json()


def test_the_vendored_files_are_the_published_ones(server: Server) -> None:
    published = dict(reversed(line.split()) for line in (ASSETS / "SHA256SUMS").read_text().splitlines())
    kept = {path.name.removesuffix(".gz"): path for path in ASSETS.iterdir()}
    assert set(published) == set(kept) - {"SHA256SUMS", "README.md"}
    for name, digest in published.items():
        data = kept[name].read_bytes()
        data = gzip.decompress(data) if kept[name].suffix == ".gz" else data
        assert hashlib.sha256(data).hexdigest() == digest, name
        if kept[name].suffix == ".gz":
            # httpx unpacks what the server says is gzip.
            assert httpx.get(f"{server.base}/api/docs/{name}").raise_for_status().content == data


def published_run(rest: httpx.Client) -> str:
    """A run that was traded, came to its end and is public."""
    run = rest.post("runs", json={"scenario_slug": "sandbox-nov-2024"}).raise_for_status().json()["run"]["id"]
    order = {"symbol": "AAPL", "side": "buy", "quantity": 10, "reasoning": "It rises."}
    for path, body in [("trades", order), ("step", {"count": 1000}), ("publish", {})]:
        rest.post(f"runs/{run}/{path}", json=body).raise_for_status()
    return run


def schemathesis(server: Server, folder: Path) -> tuple[int, str]:
    """Runs it on all operations with the keys of two accounts; its exit code and what it said."""
    shutil.copy(CONFIG, folder)
    keys = {name: server.command("key", "create", "--account", name).strip() for name in ("ada", "bob")}
    users = [{"name": name, "fixedHeaders": [{"name": "X-API-Key", "value": key}]} for name, key in keys.items()]
    (folder / "keys.yaml").write_text(yaml.safe_dump({"auth": users}))
    server.command("key", "create", "--account", "ada", "--name", "spare")
    with server.rest(keys["ada"]) as rest:
        (spare,) = [it["key_id"] for it in rest.get("keys").raise_for_status().json()["keys"] if it["name"] == "spare"]
        env = environment(PUBLISHED_RUN=published_run(rest), SPARE_KEY=spare)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG.name, "run"]
    command += [f"{server.base}/api/openapi.json", "--seed", str(SEED), "--max-examples", str(EXAMPLES)]
    command += ["--checks", "all", "--continue-on-failure", "--no-color"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=900, check=False)
    return done.returncode, done.stdout + done.stderr


def test_schemathesis_finds_nothing(server: Server, tmp_path: Path) -> None:
    """No 5xx, no status that the document does not name, no schema that is not true: all its checks."""
    code, said = schemathesis(server, tmp_path)
    print(said)
    assert code == 0, said
    cases = re.search(r"(\d+) generated", said)
    assert cases is not None and int(cases[1]) >= CASES_MIN, said
    tested = re.search(r"Operations: +(\d+) selected / (\d+) total", said)
    operations = sum(map(len, httpx.get(f"{server.base}/api/openapi.json").json()["paths"].values()))
    # It leaves out the address from which it has the document.
    assert tested is not None and int(tested[1]) == int(tested[2]) == operations - 1, said
