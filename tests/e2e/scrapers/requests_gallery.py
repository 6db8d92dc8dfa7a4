"""The scraper of a thousand tutorials: fetch the page, find the pictures, save them. Runs in .venv-clients.

Usage: requests_gallery.py URL FOLDER
"""

import re
import sys
from pathlib import Path
from urllib.parse import urljoin

import requests

page_url, folder = sys.argv[1:]
page = requests.get(page_url, timeout=10)
page.raise_for_status()
for source in re.findall(r'<img[^>]+src="([^"]+)"', page.text):
    picture = requests.get(urljoin(page_url, source), timeout=10)
    picture.raise_for_status()
    Path(folder, Path(source).name).write_bytes(picture.content)
