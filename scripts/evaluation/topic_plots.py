"""Plots of the topics of lyrics: how many, their words, their moods, and a map of the songs.

Conventions
-----------
Topics have a colour and, beyond eight, a form of mark of their own; the colours (Okabe, M. & Ito,
K., 2008, "Color universal design") stay apart in the three forms of colour blindness and tell
topics, not moods. Words stand as they are sung; letters that the font lacks appear as □, and long
words are cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patheffects import Normal, Stroke

from scripts.evaluation.plot_style import (
    ACCENT,
    INK,
    PALE,
    SOFT,
    add_axes,
    house_style,
    new_figure,
    percent,
    save_figure,
)
from scripts.evaluation.topic_map import draw_topic_map
from scripts.evaluation.topic_report import MoodShares, shares_by_mood
from scripts.learning.topic_choice import CountChoice
from scripts.learning.topics import TopicModel, Topics, top_words

#: Topics in a row of the plot of words, and words of a topic.
_COLUMNS, _WORDS = 4, 10

#: Signs of a word, and of a topic's name, that are shown.
_LONGEST, _LONGEST_NAME = 16, 40

#: Share above or below the mean, in parts of all words, that gets the full colour.
_FULL = 0.15
_MORE, _LESS = np.array([0.902, 0.38, 0.004]), np.array([0.369, 0.235, 0.6])


def drawable(text: str, longest: int = _LONGEST) -> str:
    """Make a text fit for a plot: cut it, and put □ for letters that the font lacks.

    >>> drawable("corazón"), drawable("a" * 20), drawable("愛")
    ('corazón', 'aaaaaaaaaaaaaaa…', '□')
    """
    font = get_font(findfont(FontProperties(family=["DejaVu Sans"])))
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(sign if font.get_char_index(ord(sign)) else "□" for sign in text)


def topic_labels(topics: Topics) -> list[str]:
    """Name the topics for a plot: number and words."""
    return [
        f"{number + 1}  {drawable(name, _LONGEST_NAME)}" for number, name in enumerate(topics.names)
    ]


def draw_topic_plots(
    folder: Path, topics: Topics, moods: Sequence[str], *, seed: int = 0
) -> list[Path]:
    """Draw how many topics there are, their words, their moods, and a map.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files go; it is made if it is missing.
    topics : Topics
    moods : sequence of str
        One a lyric: the mood of its song, "" for none.
    seed : int
        Chooses the songs on the map, and starts it.

    Returns
    -------
    list of pathlib.Path
        The files written: none without topics; no plot by mood without moods, and none of the
        number where it was given.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    if topics.model is None:
        return []
    source = f"LDA on the words of {int(topics.shares.any(axis=1).sum()):,} lyrics"
    table = shares_by_mood(topics.shares, moods)
    labels = topic_labels(topics)
    with house_style():
        figures = {"topic_words.png": _words(topics.model, topics, source)}
        if topics.choice is not None:
            figures["topic_count.png"] = _count(topics.choice, source)
        if table.moods:
            figures["topics_by_mood.png"] = _by_mood(table, labels, source)
        written = [save_figure(figure, folder / name) for name, figure in figures.items()]
        written.append(draw_topic_map(folder / "topic_map.png", topics, labels, seed))
    return sorted(written)


def _count(choice: CountChoice, source: str) -> Figure:
    best = min(choice.scores, key=lambda score: score.perplexity)
    taken = next(score for score in choice.scores if score.n_topics == choice.n_topics)
    title = f"{choice.n_topics} topics tell held-out words best"
    if taken is not best:
        title = f"{choice.n_topics} topics tell held-out words about as well as {best.n_topics} do"
    if taken.npmi == max(score.npmi for score in choice.scores):
        title += ", and cohere most"
    if best.perplexity >= choice.frequency_perplexity:
        title = "No number of topics tells held-out words better than their frequencies do"
    figure = new_figure(
        (10.2, 3.9),
        title,
        notes=(
            "Left: lower is better; the bars are one standard error of the difference to the "
            "lowest, by lyric. Right: higher is better. Taken is the most coherent number "
            "within two per cent, or one such bar, of the lowest perplexity.",
        ),
        caption=f"{source}; three folds; perplexity by completion of held-out lyrics, coherence "
        "(NPMI) of the ten first words of each topic.",
    )
    left, right = add_axes(figure, 0.85, 0.9, 4.1, 2.6), add_axes(figure, 5.85, 0.9, 4.1, 2.6)
    x = np.log2([score.n_topics for score in choice.scores])
    perplexity = np.array([score.perplexity for score in choice.scores])
    # an error of the log-perplexity is a ratio of perplexities
    error = perplexity * np.array([score.excess_error for score in choice.scores])
    _curve(left, x, perplexity, choice, (choice.frequency_perplexity, "words' frequencies alone"))
    left.vlines(x, perplexity - error, perplexity + error, color=ACCENT, linewidth=1.4)
    left.set_ylabel("perplexity of held-out words")
    npmi = np.array([score.npmi for score in choice.scores])
    _curve(right, x, npmi, choice, (choice.frequent_npmi, "the ten commonest words"))
    right.set_ylabel("coherence (NPMI)")
    return figure


def _curve(
    axes: Axes, x: np.ndarray, y: np.ndarray, choice: CountChoice, level: tuple[float, str]
) -> None:
    axes.grid(axis="y")
    axes.axhline(level[0], color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    axes.text(
        0.99, level[0], level[1], transform=axes.get_yaxis_transform(), fontsize=8, ha="right",
        va="bottom",
    )  # fmt: skip
    axes.plot(x, y, "o-", color=ACCENT, linewidth=1.6, markersize=5, zorder=3)
    numbers = [score.n_topics for score in choice.scores]
    at = numbers.index(choice.n_topics)
    axes.plot(x[at], y[at], "o", color=INK, markersize=9, zorder=4)
    name = axes.annotate(
        f"taken: {choice.n_topics}",
        (x[at], y[at]),
        xytext=(8, -14 if y[at] > y.mean() else 9),
        textcoords="offset points",
        fontsize=9,
        weight="bold",
        zorder=5,
    )
    name.set_path_effects([Stroke(linewidth=2.5, foreground="white"), Normal()])
    axes.set_xticks(x, [str(number) for number in numbers])
    low, high = min(y.min(), level[0]), max(y.max(), level[0])
    room = 0.12 * max(high - low, 1e-3 * abs(high), 1e-6)
    axes.set(xlim=(x[0] - 0.3, x[-1] + 0.5), ylim=(low - room, high + room))
    axes.set_xlabel("number of topics")


def _languages(topics: Topics) -> list[str]:
    """Name each topic's language where the topics differ in it, else leave it out."""
    spoken = [next(iter(topic["languages"]), "") for topic in topics.to_numbers()["topics"]]
    return [f", {name}" if name and len(set(spoken)) > 1 else "" for name in spoken]


def _words(model: TopicModel, topics: Topics, source: str) -> Figure:
    listed = top_words(model, _WORDS)
    columns = min(_COLUMNS, len(listed))
    rows = -(-len(listed) // columns)
    share = topics.shares[topics.shares.any(axis=1)].mean(axis=0, dtype=np.float64)
    largest = drawable(topics.names[0], _LONGEST_NAME)
    lacking = any("□" in drawable(word) for words in listed for word, _ in words)
    figure = new_figure(
        (max(6.4, 2.75 * columns + 0.2), 2.75 * rows + 0.3),
        f"The largest topic, “{largest}”, holds {percent(float(share[0]))} of an average lyric",
        notes=(
            "Words by relevance to their topic. Blue: how often a word is among the topic's; "
            "grey: among all words.",
        ),
        caption=f"{source}; relevance with a weight of .6; words of function and sounds left out."
        + (" □: a letter that the font lacks." if lacking else ""),
    )
    top = max(row[1] for words in listed for row in words)
    languages = _languages(topics)
    for number, words in enumerate(listed):
        row, column = divmod(number, columns)
        # names stand to the left of the bars
        axes = add_axes(figure, 1.35 + 2.75 * column, 0.7 + 2.75 * (rows - 1 - row), 1.35, 1.95)
        _bars(axes, words, model, top)
        axes.set_title(
            f"Topic {number + 1}: {percent(float(share[number]))}{languages[number]}",
            fontsize=10,
            weight="bold",
        )
    return figure


def _bars(axes: Axes, words: list[tuple[str, float]], model: TopicModel, top: float) -> None:
    at = np.arange(len(words))
    vocabulary = model.vectorizer.vocabulary_
    axes.barh(at, [weight for _, weight in words], 0.72, color=ACCENT)
    common = [model.frequency[vocabulary[word]] for word, _ in words]
    axes.barh(at, common, 0.3, color=PALE, edgecolor=SOFT, linewidth=0.5)
    axes.set_yticks(at, [drawable(word) for word, _ in words])
    axes.set(ylim=(len(words) - 0.4, -0.6), xlim=(0, 1.05 * top))
    axes.xaxis.set_major_formatter(lambda part, _: f"{100 * part:.3g}%")
    axes.locator_params(axis="x", nbins=3)


def _by_mood(table: MoodShares, labels: Sequence[str], source: str) -> Figure:
    m, k = table.share.shape
    gap = table.share - table.overall
    cell = 1.05 if k <= 8 else 0.62
    figure = new_figure(
        (max(7.0, 2.3 + cell * k), 0.42 * (m + 1) + 2.35),
        _strongest(table, labels),
        notes=(
            "Mean share of each topic among a mood's songs. Orange: more than among all songs, "
            "violet: less. Bold: clear of the mean of all songs, all cells tested together "
            "(Bonferroni, 5%).",
        ),
        caption=f"{source}; {int(table.n_songs.sum()):,} songs by the mood that the model gives.",
    )
    axes = add_axes(figure, 1.95, 2.05, cell * k, 0.42 * (m + 1))
    depth = np.clip(np.abs(gap) / _FULL, 0, 1)[..., None] * 0.8
    image = np.ones((m + 1, k, 3))
    image[:m] = 1 - depth * (1 - np.where(gap[..., None] > 0, _MORE, _LESS))
    axes.imshow(image, aspect="auto", interpolation="nearest", extent=(0, k, m + 1, 0))
    light = image @ np.array([0.299, 0.587, 0.114])
    shown = np.vstack([table.share, table.overall])
    for row, column in np.ndindex(m + 1, k):
        axes.text(
            column + 0.5,
            row + 0.5,
            percent(float(shown[row, column])),
            ha="center",
            va="center",
            fontsize=9.5 if k <= 12 else 7.5,
            weight="bold" if row < m and table.clear[row, column] else "normal",
            color="white" if light[row, column] < 0.5 else INK,
        )
    axes.axhline(m, color=INK, linewidth=1)
    names = [f"{name} ({n:,})" for name, n in zip(table.moods, table.n_songs, strict=True)]
    axes.set_yticks(np.arange(m + 1) + 0.5, [*names, "all"])
    axes.set_xticks(np.arange(k) + 0.5, labels, rotation=35, ha="right", rotation_mode="anchor")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def _strongest(table: MoodShares, labels: Sequence[str]) -> str:
    """Say which topic sets which mood apart most."""
    gap = np.where(table.clear, table.share - table.overall, 0)
    row, column = divmod(int(gap.argmax()), gap.shape[1])
    if gap[row, column] <= 0:
        return "No topic is clearly sung more in one mood than in all"
    words = labels[column].split("  ", 1)[1]
    return (
        f"{table.moods[row].capitalize()} songs are set apart by “{words}”: "
        f"{percent(float(table.share[row, column]))} of their words, "
        f"{percent(float(table.overall[column]))} in all songs"
    )
