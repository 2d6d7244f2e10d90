"""What a training run leaves in the store of tracked runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.errors import SettingsError
from scripts.settings import TrainSettings
from scripts.store.layout import LYRICS, MANIFEST, MODEL_FILES, TASTE
from scripts.store.writing import PLOTS
from scripts.tracking import track_run


def run_files(output: Path, run: str) -> list[Path]:
    """List the files of a run that are worth keeping: models, model card, plots.

    The catalogue is left out: it is large, and what it holds follows from the models and songs.
    """
    models = output / "models" / run
    wanted = [
        *(models / name for name in (MANIFEST, *MODEL_FILES, LYRICS, TASTE)),
        output / "MODEL_CARD.md",
    ]
    return [path for path in [*wanted, *(output / name for name in PLOTS)] if path.is_file()]


def track_training(settings: TrainSettings, metrics: dict[str, Any]) -> str:
    """Keep a training run that answers by now; returns its id in the store."""
    told = {name: value for name, value in asdict(settings).items() if name != "track"}
    told["history"] = len(settings.history)  # paths may hold people's names
    files = run_files(settings.output, metrics["run"])
    try:
        return track_run(settings.output, "train", told, metrics, files)
    except SettingsError as error:
        raise SettingsError(
            f"run {metrics['run']} answers now, but it was not tracked: {error}"
        ) from error
