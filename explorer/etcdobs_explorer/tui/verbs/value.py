"""Decides what can be done with the value under the cursor."""

from .verb import Verb

VERBS = (Verb("copy-value", "copy the value", lambda view, _: view.copy_value(), "Y", scope="keys"),)
