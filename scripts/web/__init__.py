"""The page in the browser, and the same as JSON."""
