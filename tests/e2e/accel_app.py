"""A gallery whose originals nginx sends: ``python accel_app.py ROOT SOCKET CONFIG``."""

import sys
from pathlib import Path

from guardware import GuardMiddleware
from guardware.config import load
from guardware.forward_auth.accel import Accel
from guardware.proxy.edge import Edge
from guardware.proxy.gallery import gallery
from guardware.proxy.listen import listen_unix
from guardware.proxy.reload import Reloader
from guardware.proxy.serving import Server, serve_until_stopped
from guardware.proxy.settings import uvicorn_settings

if __name__ == "__main__":
    root, config = Path(sys.argv[1]), load(Path(sys.argv[3]))
    shown = Accel(gallery(root, title="Gallery"), root, config.forward_auth.accel)
    edge = Edge(GuardMiddleware(shown, config))
    settings = uvicorn_settings(edge, log_level="warning")
    serve_until_stopped(Server(settings, edge, lambda: None), [listen_unix(sys.argv[2])], Reloader([]))
