"""What somebody uploads, into cells as written: a workbook, or the zipped folder of an instance.

Nothing of an upload is trusted: its size, the sizes it claims to unpack to and the names in it are checked first, and
what is unpacked lies in a temporary folder under names of our own.
"""

import re
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

from planner.companions import companions
from planner.errors import InputError, Problem
from planner.read import Raw, raw
from planner.sheets import WORKBOOKS

LARGEST = 20 * 2**20
"""Bytes of an upload."""

UNPACKED = 200 * 2**20
"""Bytes that an upload may unpack to."""

MOST_FILES = 400
"""Files in a zip; a workbook of every table has about sixty."""

HEADER = "instance.toml"


def read_upload(name: str, content: bytes) -> Raw:
    """The cells of an upload.

    Args:
        name: name of the file as its owner calls it.
        content: its bytes.

    Raises:
        InputError: it is too large, damaged, or neither a workbook nor the zip of a folder with ``instance.toml``.
    """
    called = PurePosixPath(name.replace("\\", "/")).name or "upload"
    kind = PurePosixPath(called).suffix.lower()
    if len(content) > LARGEST:
        raise _refused(called, f"is larger than {LARGEST // 2**20} MB")
    if kind not in (*WORKBOOKS, ".zip"):
        raise _refused(called, "is neither a workbook (.xlsx, .ods) nor a .zip of the folder of an instance")
    stem = re.sub(r"[^\w .-]", "-", PurePosixPath(called).stem)[:80].strip(" .") or "instance"
    with tempfile.TemporaryDirectory(prefix="planner-upload-") as folder:
        file = Path(folder) / f"{stem}{kind}"
        file.write_bytes(content)
        _check_sizes(file, called)
        source = file if kind in WORKBOOKS else _unpacked(file, Path(folder) / stem, called)
        found = raw(source)
        return found if found.lost or found.unread else replace(found, beside=companions(source))


def _check_sizes(file: Path, called: str) -> None:
    """Refuse what unpacks to too much; a workbook is a zip too."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _refused(called, f"is damaged, or no {file.suffix} file: {error}") from error
    if len(members) > MOST_FILES:
        raise _refused(called, f"holds {len(members):,} files; at most {MOST_FILES} are read")
    if sum(member.file_size for member in members) > UNPACKED:
        raise _refused(called, f"unpacks to more than {UNPACKED // 2**20} MB")


def _unpacked(file: Path, folder: Path, called: str) -> Path:
    """The files beside ``instance.toml`` in a zip, written to a folder; no other file of it is."""
    folder.mkdir()
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        homes = {PurePosixPath(member.filename).parent for member in members if _name(member) == HEADER}
        if len(homes) != 1:
            raise _refused(called, f"holds {len(homes) or 'no'} {HEADER}; zip the folder of one instance")
        home = homes.pop()
        for member in members:
            beside = PurePosixPath(member.filename).parent == home
            if beside and re.fullmatch(r"[\w-]+\.(csv|toml)", _name(member)):
                try:
                    (folder / _name(member)).write_bytes(archive.read(member))
                except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
                    raise _refused(called, f"{_name(member)} in it cannot be unpacked: {error}") from error
    return folder


def _name(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).name


def _refused(called: str, why: str) -> InputError:
    return InputError(called, [Problem("upload", None, "", called, f"{called} {why}", "upload")])
