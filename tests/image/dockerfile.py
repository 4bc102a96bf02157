"""Carries out a Dockerfile without Docker: each stage in a folder of its own, this machine for the base images."""

from __future__ import annotations

import fnmatch
import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from bottrade_server import ROOT, environment

BUILD_SECONDS = 1500


@dataclass
class Stage:
    """What the instructions of one stage left behind."""

    base: str
    root: Path
    """What its file system has besides the base image's files."""
    workdir: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    user: str | None = None
    entrypoint: list[str] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """Where a path of the stage is on this machine."""
        return self.root / os.path.normpath(f"{self.workdir}/{path}" if not path.startswith("/") else path).lstrip("/")


def instructions(text: str) -> list[tuple[str, str]]:
    """Name and rest of each instruction."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert not any(line.endswith("\\") for line in lines), "an instruction goes over several lines"
    return [(name, rest) for name, rest in (line.split(maxsplit=1) for line in lines)]


def owned_by_others() -> bool:
    """Whether this process may give files to the users of an image: not in a user namespace of one user."""
    spans = (line.split() for line in Path("/proc/self/uid_map").read_text().splitlines())
    return os.geteuid() == 0 and any(int(first) <= 10001 < int(first) + int(count) for first, _, count in spans)


class Image:
    """The stages of a Dockerfile, carried out in order on the files of a context."""

    def __init__(self, context: Path, folder: Path, warm: Path) -> None:
        self.context, self.folder, self.warm = context, folder, warm
        self.stages: dict[str, Stage] = {}
        stage: Stage | None = None
        for name, rest in instructions((context / "Dockerfile").read_text()):
            if name == "FROM":
                base, _, called = rest.partition(" AS ")
                stage = self.stages[called] = self._begin(base, called)
            else:
                assert stage is not None, "the first instruction must be FROM"
                getattr(self, f"_{name.lower()}")(stage, rest)

    def _begin(self, base: str, called: str) -> Stage:
        root = self.folder / called
        below = self.stages.get(base)
        if below is None:
            root.mkdir(parents=True)
            return Stage(base, root)
        shutil.copytree(below.root, root, symlinks=True)
        if owned_by_others():
            for path in below.root.rglob("*"):
                found = path.lstat()
                os.chown(root / path.relative_to(below.root), found.st_uid, found.st_gid, follow_symlinks=False)
        return Stage(base, root, below.workdir, {**below.env}, [*below.volumes], [*below.ports])

    def _workdir(self, stage: Stage, rest: str) -> None:
        stage.workdir = rest
        stage.inside(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, stage: Stage, rest: str) -> None:
        words = shlex.split(rest)
        flags = dict(word.removeprefix("--").split("=", 1) for word in words if word.startswith("--"))
        source, to = (word for word in words if not word.startswith("--"))
        assert set(flags) <= {"from", "chown"}, flags
        found = self.stages[flags["from"]].inside(source) if "from" in flags else self.context / source
        target = stage.inside(to)
        target.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            skipped = ignored(found) if found == self.context else None
            shutil.copytree(found, target, symlinks=True, dirs_exist_ok=True, ignore=skipped)
        else:
            shutil.copy2(found, target)
        if "chown" in flags and owned_by_others():
            os.chown(target, *map(int, flags["chown"].split(":")))

    def _run(self, stage: Stage, rest: str) -> None:
        assert stage.base.startswith("rust:"), "only what builds runs commands"
        target = stage.inside("target") / "release"
        if not target.exists():
            # Compiled dependencies are those of the tests; the program is compiled from the context.
            target.mkdir(parents=True)
            for kept in (".fingerprint", "build", "deps"):
                subprocess.run(["cp", "-al", self.warm / kept, target / kept], check=True)
        env = environment(CARGO_NET_OFFLINE="true", **stage.env)
        env.pop("CARGO_TARGET_DIR", None)
        command = ["sh", "-c", rest]
        done = subprocess.run(
            command, cwd=stage.inside("."), env=env, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
        assert done.returncode == 0, f"RUN {rest}\n{done.stdout}{done.stderr}"

    def _env(self, stage: Stage, rest: str) -> None:
        name, _, value = rest.partition("=")
        stage.env[name] = value

    def _volume(self, stage: Stage, rest: str) -> None:
        stage.volumes.append(rest)

    def _expose(self, stage: Stage, rest: str) -> None:
        stage.ports.append(rest)

    def _user(self, stage: Stage, rest: str) -> None:
        stage.user = rest

    def _entrypoint(self, stage: Stage, rest: str) -> None:
        stage.entrypoint = json.loads(rest)


def ignored(context: Path) -> object:
    """What `.dockerignore` leaves out: paths from the root, and names anywhere after `**/`."""
    lines = (context / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    def skip(folder: str, names: list[str]) -> set[str]:
        below = Path(folder).relative_to(context)
        at = {name: str(below / name) for name in names}
        return {
            name
            for name in names
            for pattern in patterns
            if fnmatch.fnmatch(at[name], pattern.lstrip("/"))
            or (pattern.startswith("**/") and fnmatch.fnmatch(name, pattern[3:]))
        }

    return skip


def checkout(folder: Path) -> Path:
    """The files of the last commit and nothing else."""
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "x"], cwd=folder, input=archive, check=True)
    return folder


def lend(root: Path, programs: list[str]) -> None:
    """Puts programs of this machine, and the libraries they load, where the base image has them."""
    for program in programs:
        path = Path(program) if program.startswith("/") else Path(shutil.which(program) or program)
        own = root / str(path).lstrip("/")
        command = ["ldd", own if own.exists() else path]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        files = [word for line in listed.splitlines() for word in line.split() if word.startswith("/")]
        for file in [*files, *([] if own.exists() else [str(path)])]:
            target = root / file.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
