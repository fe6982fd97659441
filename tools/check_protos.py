"""Check the contract in `protos/`: buf's lint, and compatibility with what was committed before.

    python tools/check_protos.py                     lint
    python tools/check_protos.py --against REVISION  and no incompatible change since that git revision

buf is given descriptors made by protoc, so nothing is fetched: `google/rpc/status.proto` comes with the
installed package googleapis-common-protos.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from generate_stubs import PROTOS, ROOT, run_protoc


def describe(protos: Path, target: Path) -> Path:
    """Compile the protos of a folder into a descriptor set that buf reads, comments included."""
    options = [f"--descriptor_set_out={target}", "--include_imports", "--include_source_info"]
    run_protoc(options, protos)
    return target


def protos_of(revision: str, folder: Path) -> Path | None:
    """Unpack `protos/` as it was at a git revision; None when there was none."""
    archive = subprocess.run(
        ["git", "archive", revision, "protos"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder / "protos"


def buf(*arguments: str) -> int:
    """Run buf with our configuration and hand back its exit status."""
    return subprocess.run([Path(sys.executable).parent / "buf", *arguments], cwd=ROOT, check=False).returncode


def main() -> int:
    """0 when everything is in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", metavar="REVISION", help="a git revision to stay compatible with")
    revision = parser.parse_args().against
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        now = describe(PROTOS, folder / "now.binpb")
        status = buf("lint", str(now))
        before = protos_of(revision, folder) if revision else None
        if before is not None:
            old = describe(before, folder / "before.binpb")
            status = buf("breaking", str(now), "--against", str(old)) or status
    return status


if __name__ == "__main__":
    raise SystemExit(main())
