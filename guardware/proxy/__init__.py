"""Serving: a folder of pictures, or a site behind us, through uvicorn."""
