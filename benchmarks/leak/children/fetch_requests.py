"""Pictures with requests, one after another. Usage: fetch_requests.py URLS [USER-AGENT]"""

import sys
from pathlib import Path

import requests

with requests.Session() as session:
    if len(sys.argv) > 2:
        session.headers["User-Agent"] = sys.argv[2]
    for url in Path(sys.argv[1]).read_text().split():
        session.get(url, timeout=30)
