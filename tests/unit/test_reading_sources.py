"""Sources are walked in batches of bounded size, and archives give out plain files alone."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.errors import InvalidRequest
from hartmann.library.ingest.describing import Piece, Reject
from hartmann.library.ingest.tar_files import TarFile, read_tar
from hartmann.library.ingest.unread import LONGEST_NAME, stored_name
from hartmann.library.ingest.walking import BATCH_BYTES, Known, Walk


@dataclass(frozen=True)
class Paper:
    """A file of which only the size matters."""

    name: str
    digest: str = "new"
    size: int = 1

    def describe(self) -> Piece | Reject:
        return Reject(self.name, "paper holds no music")


def test_known_files_are_passed_by_and_counted() -> None:
    walk = Walk({"a": Known("old", False), "b": Known("old", True), "c": Known("older", False)})
    files = [Paper("a", "old"), Paper("b", "old"), Paper("c", "old"), Paper("d")]
    (batch,) = walk.batches(files)
    assert list(batch.unread) == ["c", "d"]
    assert (batch.known, batch.known_refused, batch.walked) == (2, 1, 4)


def test_names_that_are_gone_are_left_over() -> None:
    walk = Walk({"a": Known("old", True), "gone": Known("", True)})
    list(walk.batches([Paper("a")]))
    assert walk.unseen.keys() == {"gone"}


def test_a_name_that_comes_again_is_refused_under_a_name_of_its_own() -> None:
    (batch,) = Walk({}).batches([Paper("a"), Paper("a"), Reject("a", "no"), Paper("b")])
    assert list(batch.unread) == ["a", "b"]
    assert [reject.id for reject in batch.refused] == ["a (2)", "a (3)"]


@given(st.lists(st.integers(1, 2 * BATCH_BYTES), max_size=40), st.integers(1, 10))
def test_batches_hold_every_file_once_and_little_more_than_their_bytes(sizes: list[int], most: int) -> None:
    files = [Paper(str(number), size=size) for number, size in enumerate(sizes)]
    batches = list(Walk({}, most).batches(files))
    assert [name for batch in batches for name in batch.unread] == [file.name for file in files]
    for batch in batches:
        held = [file.size for file in batch.unread.values()]
        assert len(held) <= most
        assert sum(held[:-1]) < BATCH_BYTES


@given(st.text(max_size=700))
def test_stored_names_fit_an_index_and_stay_what_they_are(name: str) -> None:
    stored = stored_name(name)
    assert len(stored.encode()) <= LONGEST_NAME + 50
    assert stored_name(stored) == stored
    assert "\0" not in stored


def archive(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def test_an_archive_gives_out_wanted_files_in_its_order(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "a.tar.gz",
        member("d", tarfile.DIRTYPE),
        member("./d/b.mid", size=3),
        member("d/readme", size=9),
        member("d/a.mid", size=2),
    )
    found = list(read_tar(path, wanted=lambda name: name.endswith(".mid")))
    assert found == [TarFile("d/b.mid", b"xxx"), TarFile("d/a.mid", b"xx")]


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        (member("../../etc/cron.d/x", size=1), "leads out"),
        (member("/etc/passwd", size=1), "leads out"),
        (member("a.mid", tarfile.SYMTYPE, link="/etc/passwd"), "is a link"),
        (member("a.mid", tarfile.LNKTYPE, link="../b"), "is a link"),
        (member("a.mid", tarfile.CHRTYPE), "device"),
        (member("a.mid", tarfile.FIFOTYPE), "device or pipe"),
        (member("a.mid", size=17 * 2**20), "16,777,216 are read"),
    ],
)
def test_members_that_are_no_plain_file_of_the_archive_are_refused(
    tmp_path: Path, hostile: tarfile.TarInfo, reason: str
) -> None:
    path = archive(tmp_path / "a.tar.gz", hostile, member("good.mid", size=1))
    found = list(read_tar(path, wanted=lambda _: True))
    assert isinstance(found[0], Reject)
    assert reason in found[0].reason
    assert found[1:] == [TarFile("good.mid", b"x")]


def test_an_archive_that_ends_early_gives_what_is_whole_and_then_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        for name in ("a.mid", "b.mid", "c.mid"):
            tar.addfile(member(name, size=3000), io.BytesIO(b"x" * 3000))
    path.write_bytes(path.read_bytes()[:5000])
    files = read_tar(path, wanted=lambda _: True)
    assert next(files) == TarFile("a.mid", b"x" * 3000)
    with pytest.raises(InvalidRequest, match=r"damaged or cut short after a\.mid"):
        list(files)
