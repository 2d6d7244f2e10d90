"""Writing a trained set beside the old one and swapping it in.

Conventions
-----------
Nothing that answers is ever changed in place. A set grows in ``models/.new-<pid>``, is checked by
its own manifest, is renamed to ``models/<run>``, and only then one atomic rename moves the
pointer ``CURRENT``. Reports and plots are written to a staging folder and renamed into ``output/``
one by one after the swap. Whatever a killed training leaves behind starts with ``.new-`` and is
removed by the next one, which holds the lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.errors import ModelError, SettingsError
from scripts.store.catalogue import LyricRows, TreeRows, write_catalogue
from scripts.store.layout import (
    CATALOGUE,
    CURRENT,
    FORMAT,
    MANIFEST,
    SCHEMA_VERSION,
    files_of_set,
    is_run,
)
from scripts.store.reading import hash_file, verify_folder

STAGING_PREFIX = ".new-"


def to_json(document: Any) -> str:
    """Write a JSON document the same way every time: one space, keys as given, one final newline.

    Not-a-number becomes null, since JSON has no word for it.
    """
    return json.dumps(_without_nan(document), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return value


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    """Write a file beside its place, force it to disk, and move it there in one step."""
    new = path.with_name(f"{STAGING_PREFIX}{os.getpid()}-{path.name}")
    try:
        with new.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _cannot_write(output: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"{output}: cannot be written ({error.strerror}); "
        "free some space, or give a folder you may write to with --output DIR"
    )


@contextlib.contextmanager
def training_lock(output: Path) -> Iterator[None]:
    """Hold ``output`` for one training; the system frees it however the program ends.

    Raises
    ------
    SettingsError
        If another training holds it, or the folder cannot be written.
    """
    import errno
    import fcntl

    path = output / ".training.lock"
    try:
        output.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise _cannot_write(output, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise SettingsError(
                    f"{path}: cannot be locked ({error.strerror}); give a folder on a disk that "
                    "knows locks with --output DIR"
                ) from error
            file.seek(0)
            holder = file.read(20).strip() or "unknown"
            raise SettingsError(
                f"{output}: another training is writing here (process {holder}); "
                "wait for it, or give another folder with --output DIR"
            ) from error
        try:
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), f"{os.getpid()}\n".encode())
        except OSError as error:
            raise _cannot_write(output, error) from error
        yield


def new_staging(output: Path) -> Path:
    """Clear what killed trainings left, and make the folder this one writes to."""
    models = output / "models"
    models.mkdir(parents=True, exist_ok=True)
    for left in [*models.glob(f"{STAGING_PREFIX}*"), *output.glob(f"{STAGING_PREFIX}*")]:
        shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    staging = models / f"{STAGING_PREFIX}{os.getpid()}"
    staging.mkdir()
    return staging


def name_run(documents: dict[str, str], facts: dict[str, Any]) -> str:
    """Name a run after what it was made from and what it learned: twelve hexadecimal digits.

    Parameters
    ----------
    documents : dict of file name to text, in the order of ``documents_of_set``
    facts : dict
        What :func:`write_manifest` is told of the run.
    """
    told = to_json([FORMAT, SCHEMA_VERSION, facts, documents])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def write_manifest(staging: Path, run: str, facts: dict[str, Any]) -> None:
    """Describe the set's files by size and hash, and force everything to disk.

    A set with ``lyrics.json`` has the other files of lyrics too, one with ``taste.json`` that of
    its arrays.
    """
    files = {}
    for name in files_of_set({path.name for path in staging.iterdir()}):
        path = staging / name
        _sync(path)
        files[name] = {"bytes": path.stat().st_size, "sha256": hash_file(str(path))}
    manifest = {"format": FORMAT, "run": run, **facts, "files": files}
    write_text(staging / MANIFEST, to_json(manifest))
    _sync(staging)


def swap_in(output: Path, staging: Path, run: str) -> Path:
    """Check the new set and make it the one that answers.

    A set of the same name that is still whole is kept as it is. The set that answered before is
    kept too, for readers that have just looked it up; older ones are removed.

    Returns
    -------
    Path
        The folder of the set that answers now.
    """
    models = output / "models"
    verify_folder(str(staging), run)
    final = models / run
    try:
        verify_folder(str(final), run)
        shutil.rmtree(staging)
    except ModelError:  # there is none, or it was damaged
        if final.exists():
            final.rename(models / f"{STAGING_PREFIX}damaged-{run}")
        staging.rename(final)
    pointer = models / CURRENT
    before = (
        pointer.read_text(encoding="ascii", errors="replace").strip() if pointer.exists() else ""
    )
    _sync(models)
    write_text(pointer, run + "\n")
    _sync(models)
    for folder in models.iterdir():
        is_old = is_run(folder.name) and folder.name not in {run, before}
        if is_old or folder.name.startswith(STAGING_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
    return final


#: The table that only a run with lyrics leaves; that of an earlier run is removed by one without.
NOT_JOINED = "lyrics_not_joined.csv"

#: The plots a run may leave; those of an earlier run are removed where this run draws none.
PLOTS: tuple[str, ...] = (
    "kmeans_cluster_scatter.png",
    "valence_energy_plane.png",
    *(f"music_runs/{name}.png" for name in ("confusion_matrix", "misclassification_bar")),
    *(f"music_runs/{name}.png" for name in ("circumplex", "tsne_map", "cluster_count")),
    "user_behavior_runs/confusion_matrix.png",
    "user_behavior_runs/misclassification_bar.png",
    "user_behavior_runs/reliability_curve.png",
    "user_behavior_runs/scores_beside_guessing.png",
    *(
        f"spotify_statistics_visualization/{name}.png"
        for name in (
            "correlation_heatmap",
            "pairplot",
            "danceability_distribution",
            "energy_distribution",
            "loudness_distribution",
            "speechiness_distribution",
            "acousticness_distribution",
            "instrumentalness_distribution",
            "liveness_distribution",
            "valence_distribution",
            "tempo_distribution",
        )
    ),
    "lyrics/similarity_boxes.png",
    *(
        f"lyrics/{name}.png"
        for name in ("topic_count", "topic_words", "topics_by_mood", "topic_map")
    ),
    "genre_map.png",
    *(f"taste/{name}.png" for name in ("model_scores", "long_tail")),
)


def publish_reports(staging: Path, output: Path) -> None:
    """Move every report and plot of a staging folder to its place, one atomic rename each.

    Plots of an earlier run that this one did not draw are removed: they would show other models.
    So is its table of lyrics.
    """
    fresh = {path.relative_to(staging) for path in staging.rglob("*") if path.is_file()}
    for name in (*PLOTS, NOT_JOINED):
        if Path(name) not in fresh:
            (output / name).unlink(missing_ok=True)
    for path in sorted(fresh):
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        (staging / path).replace(output / path)
    shutil.rmtree(staging)


__all__ = [
    "CATALOGUE",
    "LyricRows",
    "TreeRows",
    "name_run",
    "new_staging",
    "publish_reports",
    "swap_in",
    "to_json",
    "training_lock",
    "write_catalogue",
    "write_manifest",
    "write_text",
]
