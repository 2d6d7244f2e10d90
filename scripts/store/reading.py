"""Opening the trained set that answers, and refusing any other.

Conventions
-----------
Paths are text (this module is on the answering path, where every import counts). Every refusal
is a :class:`~scripts.errors.ModelError` that says which file, what was seen and what to do.

Method
------
The model files are small and are checked by hash each time. The catalogue can have gigabytes: it
is checked by run, size, schema version and header, and by hash in :func:`verify_set`. The files of
lyrics and of taste are opened when they are asked for, see :mod:`scripts.store.lyrics` and
:mod:`scripts.store.taste`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3

from scripts.errors import ModelError
from scripts.store.layout import (
    APPLICATION_ID,
    CATALOGUE,
    CURRENT,
    FORMAT,
    LISTENER_MOOD,
    MANIFEST,
    MODEL_FILES,
    SCHEMA_VERSION,
    SET_FILES,
    documents_of_set,
    files_of_set,
    is_run,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RETRAIN = "train again with: python train.py"


class TrainedSet:
    """One trained set, open for reading.

    Attributes
    ----------
    run : str
    folder : str
    manifest : dict
    models : dict of file name to the JSON document in it
    catalogue : sqlite3.Connection, read-only
    """

    __slots__ = ("catalogue", "folder", "manifest", "models", "run")

    def __init__(
        self,
        run: str,
        folder: str,
        manifest: dict[str, Any],
        models: dict[str, Any],
        catalogue: sqlite3.Connection,
    ) -> None:
        self.run = run
        self.folder = folder
        self.manifest = manifest
        self.models = models
        self.catalogue = catalogue

    def close(self) -> None:
        """Close the catalogue."""
        self.catalogue.close()


def current_run(output: str) -> str:
    """Name the run that ``output`` points to."""
    pointer = os.path.join(output, "models", CURRENT)
    try:
        with open(pointer, encoding="ascii", errors="replace") as file:
            run = file.read(64).strip()
    except FileNotFoundError:
        raise ModelError(
            f"{output}: holds no trained models yet; train with: python train.py"
        ) from None
    except OSError as error:
        raise ModelError(f"{pointer}: cannot be read ({error.strerror}); {RETRAIN}") from error
    if not is_run(run):
        raise ModelError(f"{pointer}: {run!r} is not the name of a run; {RETRAIN}")
    return run


def read_manifest(folder: str, run: str) -> dict[str, Any]:
    """Read and check a set's manifest."""
    path = os.path.join(folder, MANIFEST)
    try:
        with open(path, "rb") as file:
            manifest = json.load(file)
        format_seen, run_seen, files = manifest["format"], manifest["run"], manifest["files"]
        sound = set(files) == set(files_of_set(files)) and all(
            isinstance(entry["bytes"], int)
            and 0 <= entry["bytes"] < 1 << 60
            and isinstance(entry["sha256"], str)
            for entry in files.values()
        )
    except FileNotFoundError:
        raise ModelError(f"{path}: is missing, though the set is in use; {RETRAIN}") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{path}: is no manifest of Moodlist ({error!r}); {RETRAIN}") from error
    if format_seen != FORMAT:
        raise ModelError(
            f"{path}: has format {format_seen!r}, this version reads format {FORMAT}; {RETRAIN}"
        )
    if run_seen != run:
        raise ModelError(f"{path}: belongs to run {run_seen!r}, not to {run!r}; {RETRAIN}")
    if not sound:
        raise ModelError(
            f"{path}: does not tell size and hash of just {', '.join(SET_FILES)}, with all the "
            f"files of lyrics or none of them, and of taste likewise; {RETRAIN}"
        )
    return dict(manifest)


def read_model(folder: str, name: str, entry: dict[str, Any]) -> bytes:
    path = os.path.join(folder, name)
    try:
        with open(path, "rb") as file:
            whole = os.fstat(file.fileno()).st_size == entry["bytes"]
            content = file.read() if whole else b""
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {RETRAIN}") from error
    if not whole or hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ModelError(
            f"{path}: is not the file that was trained (truncated or altered); {RETRAIN}"
        )
    return content


def _check_catalogue_header(path: str, entry: dict[str, Any]) -> None:
    try:
        size = os.stat(path).st_size
        with open(path, "rb") as file:
            header = file.read(100)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {RETRAIN}") from error
    if size != entry["bytes"]:
        raise ModelError(
            f"{path}: has {size:,} bytes, the manifest says {entry['bytes']:,}; {RETRAIN}"
        )
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    if (
        header[:16] != b"SQLite format 3\0"
        or int.from_bytes(header[28:32], "big") * page_size != size
    ):
        raise ModelError(f"{path}: is no whole SQLite file; {RETRAIN}")
    schema = int.from_bytes(header[60:64], "big")
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID or schema != SCHEMA_VERSION:
        raise ModelError(
            f"{path}: is no catalogue of this version (schema {schema}, "
            f"this version reads {SCHEMA_VERSION}); {RETRAIN}"
        )


def open_catalogue(path: str, run: str) -> sqlite3.Connection:
    """Open a catalogue read-only and check that it belongs to the run."""
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    if quoted.startswith("/"):
        quoted = "//" + quoted  # an empty host, or SQLite takes //folder/file for host and file
    catalogue = None
    try:
        catalogue = sqlite3.connect(f"file:{quoted}?mode=ro&immutable=1", uri=True)
        (seen,) = catalogue.execute("SELECT run FROM meta").fetchone() or (None,)
    except (sqlite3.Error, UnicodeError) as error:
        if catalogue is not None:
            catalogue.close()
        raise ModelError(f"{path}: cannot be read ({error}); {RETRAIN}") from error
    if seen != run:
        catalogue.close()
        raise ModelError(f"{path}: belongs to run {seen!r}, not to {run!r}; {RETRAIN}")
    return catalogue


def open_set(output: str) -> TrainedSet:
    """Open the set that ``output`` points to.

    A set is kept until the second swap after it; should both happen while it is being opened,
    the one that answers by then is opened instead.

    Raises
    ------
    ModelError
        If there is none, or if any file is missing, truncated, altered, foreign, of another run
        or of another version.
    """
    run = current_run(output)
    while True:
        try:
            return _open_run(output, run)
        except ModelError:
            looked_up, run = run, current_run(output)
            if run == looked_up:
                raise


def _open_run(output: str, run: str) -> TrainedSet:
    folder = os.path.join(output, "models", run)
    manifest = read_manifest(folder, run)
    files = manifest["files"]
    models = {name: json.loads(read_model(folder, name, files[name])) for name in MODEL_FILES}
    path = os.path.join(folder, CATALOGUE)
    _check_catalogue_header(path, files[CATALOGUE])
    return TrainedSet(run, folder, manifest, models, open_catalogue(path, run))


def hash_file(path: str) -> str:
    """Return a file's SHA-256 in hexadecimal, reading it in parts."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def verify_folder(folder: str, run: str) -> dict[str, Any]:
    """Check every file of one set by its hash, the manifest by the run's name.

    The name is a hash of the models and of what the manifest says they were made from; sizes and
    hashes of files are held against the files. The manifest's bytes must be those that Moodlist
    itself would write, so nothing in it can change unseen.
    """
    from scripts.store.writing import name_run, to_json

    manifest = read_manifest(folder, run)
    # first, so that a set of another version is told as such
    _check_catalogue_header(os.path.join(folder, CATALOGUE), manifest["files"][CATALOGUE])
    path = os.path.join(folder, MANIFEST)
    with open(path, "rb") as file:
        canonical = file.read() == to_json(manifest).encode()
    for name, entry in manifest["files"].items():
        file_path = os.path.join(folder, name)
        try:
            seen = hash_file(file_path)
        except OSError as error:
            raise ModelError(
                f"{file_path}: cannot be read ({error.strerror}); {RETRAIN}"
            ) from error
        if seen != entry["sha256"]:
            raise ModelError(f"{file_path}: SHA-256 is {seen}, not {entry['sha256']}; {RETRAIN}")
    documents = {
        name: read_model(folder, name, manifest["files"][name]).decode()
        for name in documents_of_set(manifest["files"])
    }
    facts = {key: manifest[key] for key in manifest if key not in {"format", "run", "files"}}
    if not canonical or name_run(documents, facts) != run:
        raise ModelError(f"{path}: is not the manifest of run {run!r} (altered); {RETRAIN}")
    open_catalogue(os.path.join(folder, CATALOGUE), run).close()
    return manifest


def verify_set(output: str) -> str:
    """Check every file of the set that answers by its SHA-256; returns the run's name."""
    run = current_run(output)
    verify_folder(os.path.join(output, "models", run), run)
    return run


__all__ = ["LISTENER_MOOD", "TrainedSet", "current_run", "open_set", "verify_folder", "verify_set"]
