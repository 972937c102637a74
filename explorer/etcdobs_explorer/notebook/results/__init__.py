"""Decides what commands answer: values to compute with, that draw themselves as HTML and as text."""
