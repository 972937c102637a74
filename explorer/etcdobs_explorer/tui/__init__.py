"""The terminal interface: screens and widgets over the model; nothing here talks to a cluster."""
