"""What hangs on a client: a file for each service, with its blocking and its asyncio form side by side."""
