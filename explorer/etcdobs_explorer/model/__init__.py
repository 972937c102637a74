"""What the explorer knows, as plain Python: no terminal, no notebook, no client is imported in this package."""
