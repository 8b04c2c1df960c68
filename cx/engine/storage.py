"""A folder of this machine or of a bucket, as both this process and the engine's workers reach it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from pyarrow import fs

from cx.engine.errors import OutOfTouch
from cx.formats.reading import readable
from cx.words import t


@dataclass(frozen=True, slots=True)
class Export:
    """A file of raw exports: its place below the folder, its whole address, bytes, and time of last change (UTC)."""

    name: str
    address: str
    size: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A folder by its address: a path, or s3://bucket/folder (also written s3a://, as some engines want it)."""

    address: str

    @classmethod
    def at(cls, address: str) -> Place:
        """The place of an address; a path is made whole, so that it means the same to every process."""
        return cls(address.rstrip("/") if "://" in address else str(Path(address).resolve()))

    def below(self, *names: str) -> Place:
        """A place inside it."""
        return Place("/".join((self.address, *names)))

    @property
    def local(self) -> Path | None:
        """Its path, where it is of this machine."""
        return None if "://" in self.address else Path(self.address)

    def _opened(self) -> tuple[Any, str]:
        try:
            found: tuple[Any, str] = fs.FileSystem.from_uri(self.address.replace("s3a://", "s3://", 1))
        except (OSError, ValueError) as error:
            raise self._trouble(error) from error
        return found

    def _trouble(self, error: Exception) -> OutOfTouch:
        if isinstance(error, PermissionError) or "ACCESS_DENIED" in str(error).upper().replace(" ", "_"):
            return OutOfTouch(t("There is no right to read or write {place}. Change its rights, or the account.",
                                place=self.address))  # fmt: skip
        return OutOfTouch(t("{place} cannot be reached: {reason}", place=self.address, reason=error))

    def exports(self) -> list[Export]:
        """Every file below that is of a kind that can be read, by name. Raises OutOfTouch."""
        files, root = self._opened()
        try:
            found = files.get_file_info(fs.FileSelector(root, recursive=True))
        except OSError as error:
            raise self._trouble(error) from error
        told = [self._export(one, root) for one in found if one.type == fs.FileType.File]
        return sorted((one for one in told if _of_interest(one.name)), key=lambda one: one.name)

    def _export(self, info: Any, root: str) -> Export:
        name = str(PurePosixPath(info.path).relative_to(root))
        changed = datetime.fromtimestamp(info.mtime_ns // 1000 / 1e6, UTC).replace(tzinfo=None)
        return Export(name, f"{self.address}/{name}", info.size, changed)

    def names(self) -> list[str]:
        """The folders directly inside, by name; none where it is not there."""
        files, root = self._opened()
        found = files.get_file_info(fs.FileSelector(root, allow_not_found=True))
        return sorted(one.base_name for one in found if one.type == fs.FileType.Directory)

    def weighs(self) -> dict[str, int]:
        """Bytes of the Parquet files below each folder directly inside, by its name. Raises OutOfTouch."""
        files, root = self._opened()
        try:
            found = files.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
        except OSError as error:
            raise self._trouble(error) from error
        weighs: dict[str, int] = {}
        for one in found:
            if one.path.endswith(".parquet"):
                name = PurePosixPath(one.path).relative_to(root).parts[0]
                weighs[name] = weighs.get(name, 0) + one.size
        return weighs

    def tell(self, name: str, told: dict[str, Any]) -> None:
        """Write a small file whole or not at all. Raises OutOfTouch."""
        content = json.dumps(told, ensure_ascii=False, indent=1).encode()
        files, root = self._opened()
        try:
            if self.local is None:  # an object of a bucket appears at one stroke
                with files.open_output_stream(f"{root}/{name}") as out:
                    out.write(content)
                return
            self.local.mkdir(parents=True, exist_ok=True)
            draft = self.local / f".{name}.{os.getpid()}"
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.local / name)
        except OSError as error:
            raise self._trouble(error) from error

    def told(self, name: str) -> dict[str, Any] | None:
        """What a small file says; None where it is not there."""
        files, root = self._opened()
        try:
            with files.open_input_stream(f"{root}/{name}") as file:
                told: dict[str, Any] = json.loads(file.read())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise self._trouble(error) from error
        return told

    def remove(self) -> None:
        """Delete it with all that is inside; nothing where it is not there."""
        if self.local is not None:
            shutil.rmtree(self.local, ignore_errors=True)
            return
        files, root = self._opened()
        files.delete_dir_contents(root, missing_dir_ok=True)

    def parquet(self) -> Any:
        """The rows of the Parquet files inside, as batches of Arrow; None where there are none."""
        from pyarrow import dataset

        files, root = self._opened()
        found = files.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
        paths = [one.path for one in found if one.path.endswith(".parquet") and one.size]
        return dataset.dataset(paths, filesystem=files, format="parquet") if paths else None


def _of_interest(name: str) -> bool:
    hidden = any(part.startswith((".", "_")) for part in name.split("/"))
    return not hidden and readable(Path(name))


@contextmanager
def fetched(address: str) -> Iterator[Path]:
    """A file of this machine with what is at an address; one of a bucket is a copy that leaves afterwards."""
    if "://" not in address:
        yield Path(address)
        return
    place, _, name = address.rpartition("/")
    files, root = Place(place)._opened()
    with TemporaryDirectory(prefix="cx-export-") as folder:
        path = Path(folder) / name
        with files.open_input_stream(f"{root}/{name}") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield path
