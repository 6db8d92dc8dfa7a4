"""Pictures with curl_cffi under a browser's guise, one session. Usage: fetch_curl_cffi.py URLS BROWSER"""

import sys
from pathlib import Path

from curl_cffi import requests  # type: ignore[import-not-found]

with requests.Session(impersonate=sys.argv[2]) as session:
    for url in Path(sys.argv[1]).read_text().split():
        session.get(url, timeout=30)
