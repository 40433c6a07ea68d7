"""Routes parse, call one service method, and answer."""
