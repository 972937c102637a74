"""The views: each a screen with the same header, tabs, status line, key bar and prompt around its own body."""
