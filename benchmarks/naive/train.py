"""The naive way to train, with its faults kept on purpose: it is what Moodlist is measured against.

Nothing here is advice. Known faults, in the order they occur:

* the listeners' moods, several per person, are one class per combination;
* scaler and oversampling see every row *before* the split, so copies of test rows are trained on
  and the printed accuracy is a leak;
* the rules that name clusters take their thresholds from twelve centroids, not from the songs;
  the first rule that fires wins, and many moods end up with no cluster;
* the song classifier is scored against the clusters that made its labels;
* the scatter plots draw every row, whatever the table's size;
* the models are pickles.

Outputs: four pickles, ``clustered_songs.csv`` and the plots, in folders named as in Moodlist.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import joblib
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from imblearn.over_sampling import RandomOverSampler
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import PolynomialFeatures, RobustScaler, StandardScaler

from benchmarks.naive.tables import (
    LISTENER_MOOD,
    SONG_FEATURES,
    encode_listeners,
    fit_codes,
    read_listeners,
    read_songs,
)

SEED = 42
N_CLUSTERS = 12
PLOTTED = [
    "valence",
    "energy",
    "danceability",
    "acousticness",
    "instrumentalness",
    "speechiness",
    "tempo",
]

#: Name of a cluster, and the conditions that all have to hold: feature, "high" or "low".
#: The first rule that fires wins.
RULES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("happy", (("valence", "high"), ("energy", "high"))),
    ("melancholy", (("valence", "low"), ("acousticness", "high"))),
    ("party", (("energy", "high"), ("danceability", "high"))),
    ("relax", (("acousticness", "high"), ("instrumentalness", "high"))),
    ("talkative", (("speechiness", "high"),)),
    ("live", (("liveness", "high"),)),
    ("uplifting", (("valence", "high"), ("tempo", "high"))),
    ("calm", (("valence", "low"), ("energy", "low"))),
    ("deep", (("instrumentalness", "high"), ("valence", "low"))),
    ("motivating", (("tempo", "high"), ("energy", "high"))),
    ("fun", (("danceability", "high"), ("valence", "high"))),
)
OTHER = "other"


def name_clusters(centroids: np.ndarray) -> list[str]:
    """Name each centroid, shape (k, 10), by the first rule that fires.

    High is above the 75th percentile of the centroids themselves, low below the 25th.
    """
    low, high = np.percentile(centroids, [25, 75], axis=0)
    names = []
    for centroid in centroids:
        signs = {
            feature: "high" if value > above else "low" if value < below else ""
            for feature, value, below, above in zip(SONG_FEATURES, centroid, low, high, strict=True)
        }
        fired = (name for name, needs in RULES if all(signs[f] == sign for f, sign in needs))
        names.append(next(fired, OTHER))
    return names


def save_figure(figure: plt.Figure, path: Path) -> None:
    """Write a figure and forget it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)


def plot_classifier(truth: pd.Series, guess: np.ndarray, folder: Path) -> None:
    """Draw the confusion matrix, and a bar of misclassified rows per class."""
    labels = sorted(set(truth) | set(guess))
    figure, axes = plt.subplots(figsize=(12, 9))
    matrix = confusion_matrix(truth, guess, labels=labels)
    sns.heatmap(
        matrix, annot=True, fmt="d", cmap="Blues", xticklabels=labels, yticklabels=labels, ax=axes
    )
    axes.set(xlabel="predicted", ylabel="actual", title="Confusion matrix")
    save_figure(figure, folder / "confusion_matrix.png")

    figure, axes = plt.subplots(figsize=(12, 6))
    wrong = truth[truth != guess].value_counts().reindex(labels, fill_value=0)
    sns.barplot(x=wrong.index, y=wrong.to_numpy(), ax=axes)
    axes.tick_params(axis="x", rotation=90)
    axes.set(xlabel="actual class", ylabel="misclassified rows", title="Misclassified rows")
    save_figure(figure, folder / "misclassification_bar.png")


def train_listeners(path: Path, output: Path) -> None:
    """Learn a listener's mood text from seven answers; oversampled first, split afterwards."""
    listeners = read_listeners(path)
    codes = fit_codes(listeners)
    scaler = RobustScaler()
    products = PolynomialFeatures(degree=2, interaction_only=True, include_bias=False)
    features = products.fit_transform(scaler.fit_transform(encode_listeners(listeners, codes)))
    more, moods = RandomOverSampler(random_state=SEED).fit_resample(
        features, listeners[LISTENER_MOOD]
    )
    train_x, test_x, train_y, test_y = train_test_split(
        more, moods, test_size=0.2, random_state=SEED
    )
    model = RandomForestClassifier(n_estimators=100, random_state=SEED).fit(train_x, train_y)
    guess = model.predict(test_x)
    print(f"listeners: accuracy {accuracy_score(test_y, guess):.3f} (leaked)")
    joblib.dump(model, output / "user_behavior_model.pkl")
    joblib.dump((codes, scaler, products), output / "user_behavior_encoding.pkl")
    plot_classifier(test_y, guess, output / "user_behavior_runs")


def plot_clusters(
    scaled: np.ndarray, clusters: np.ndarray, model: KMeans, names: list[str], path: Path
) -> None:
    """Scatter all songs over two principal components, with the centroids named."""
    pca = PCA(n_components=2, random_state=SEED)
    points = pca.fit_transform(scaled)
    centres = pca.transform(model.cluster_centers_)
    figure, axes = plt.subplots(figsize=(12, 9))
    axes.scatter(points[:, 0], points[:, 1], c=clusters, cmap="tab20", s=5, alpha=0.5)
    axes.scatter(centres[:, 0], centres[:, 1], c="black", marker="x", s=90)
    for name, (x, y) in zip(names, centres, strict=True):
        axes.annotate(name, (x, y), fontsize=12, fontweight="bold")
    axes.set(xlabel="component 1", ylabel="component 2", title="Clusters of songs")
    save_figure(figure, path)


def cluster_songs(songs: pd.DataFrame, output: Path) -> pd.DataFrame:
    """Cluster the songs, name the clusters and write ``clustered_songs.csv``."""
    scaler = StandardScaler()
    scaled = scaler.fit_transform(songs[SONG_FEATURES])
    model = KMeans(n_clusters=N_CLUSTERS, n_init=10, random_state=SEED)
    clusters = model.fit_predict(scaled)
    names = name_clusters(model.cluster_centers_)
    songs = songs.assign(cluster=clusters, mood=np.array(names)[clusters])
    songs.to_csv(output / "clustered_songs.csv", index=False)
    joblib.dump((scaler, model, names), output / "song_clusters.pkl")
    plot_clusters(scaled, clusters, model, names, output / "kmeans_cluster_scatter.png")
    return songs


def train_songs(songs: pd.DataFrame, output: Path) -> None:
    """Learn the cluster's name from the raw ten features."""
    train_x, test_x, train_y, test_y = train_test_split(
        songs[SONG_FEATURES],
        songs["mood"],
        test_size=0.25,
        random_state=SEED,
        stratify=songs["mood"],
    )
    model = RandomForestClassifier(n_estimators=100, random_state=SEED).fit(train_x, train_y)
    guess = model.predict(test_x)
    print(f"songs: accuracy {accuracy_score(test_y, guess):.3f} (against its own clusters)")
    joblib.dump(model, output / "music_model.pkl")
    plot_classifier(test_y, guess, output / "music_runs")


def plot_songs(songs: pd.DataFrame, folder: Path) -> None:
    """Draw the correlation heatmap, the pairplot of every row and seven histograms."""
    figure, axes = plt.subplots(figsize=(12, 9))
    sns.heatmap(songs[SONG_FEATURES].corr(), annot=True, fmt=".2f", cmap="coolwarm", ax=axes)
    save_figure(figure, folder / "correlation_heatmap.png")
    save_figure(sns.pairplot(songs[PLOTTED]).figure, folder / "pairplot.png")
    for feature in PLOTTED:
        figure, axes = plt.subplots(figsize=(10, 6))
        sns.histplot(songs[feature], kde=True, ax=axes)
        axes.set_title(f"Distribution of {feature}")
        save_figure(figure, folder / f"{feature}_distribution.png")


def main() -> None:
    """Train both models and draw everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.naive.train")
    parser.add_argument("--songs", type=Path, required=True)
    parser.add_argument("--listeners", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    mpl.use("Agg")
    options.output.mkdir(parents=True, exist_ok=True)
    train_listeners(options.listeners, options.output)
    songs = cluster_songs(read_songs(options.songs), options.output)
    train_songs(songs, options.output)
    plot_songs(songs, options.output / "spotify_statistics_visualization")


if __name__ == "__main__":
    main()
