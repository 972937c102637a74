"""Widgets on Textual's line API, one a file. They draw from the model and never see a server's text as `str`."""
