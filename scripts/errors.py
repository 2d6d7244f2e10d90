"""The family of errors a user can meet, each with its exit code.

A message names the file, the column or row, the value seen, what is allowed, and the next
thing to try. The two programs print the message alone: a user's mistake shows no traceback.
"""

EXIT_DONE = 0
EXIT_USAGE = 2
EXIT_DATA = 3
EXIT_MODEL = 4


class MoodlistError(Exception):
    """Root of every error that Moodlist raises on purpose."""

    exit_code = 1


class SettingsError(MoodlistError):
    """A flag, a configuration key or a word that Moodlist does not know."""

    exit_code = EXIT_USAGE


class DataError(MoodlistError):
    """A table that cannot be used as it is."""

    exit_code = EXIT_DATA


class ModelError(MoodlistError):
    """A trained set that is missing, altered, foreign or of another version."""

    exit_code = EXIT_MODEL


class MissingExtraError(MoodlistError):
    """An optional package that an option needs is not installed."""

    exit_code = EXIT_USAGE


class DataWarning(UserWarning):
    """Data that is legal but suspect."""
