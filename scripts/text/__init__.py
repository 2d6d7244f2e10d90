"""From a sentence to a mood."""
