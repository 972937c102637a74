"""Decides how a watch is followed in a notebook: what is kept, what is drawn, and when it stops."""
