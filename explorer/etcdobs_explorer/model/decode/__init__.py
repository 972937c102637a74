"""Decides how each form of a value is recognised and laid out; `model.value` decides which of them a value has."""
