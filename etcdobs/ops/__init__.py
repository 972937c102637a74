"""Pure builders, a file for each service: a method's arguments in, a `Call` out. Nothing here sends or waits."""
