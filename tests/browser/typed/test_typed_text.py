"""The page shows exactly what was typed, in every place that shows data, in real Chromium."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from lib.settings import PROJECT
from tests.browser.conftest import settled, until
from tests.browser.typed.texts import TEXTS
from tests.server import _free_port as free_port

pytestmark = pytest.mark.browser
PAGE = Path(__file__).with_name("page.py")
READ = """
key => [...document.querySelectorAll(`.st-key-${key} :is([data-testid=stMarkdownContainer],
    [data-testid=stCaptionContainer])`)].map(one => one.textContent)
"""
LINKS = "document.querySelectorAll('.st-key-table a').length"
CELLS = "[...document.querySelectorAll('.st-key-table td')].map(one => one.textContent)"


@pytest.fixture(scope="module")
def typed_page():
    port = free_port()
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    quiet = ["--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"]
    command = [sys.executable, "-m", "streamlit", "run", str(PAGE), *options, *quiet]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])}
    server = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if requests.get(f"{url}/_stcore/health", timeout=1).ok:
                    break
            except requests.RequestException:
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def test_every_text_is_shown_as_it_was_typed(typed_page, _browser):
    context = _browser.new_context()
    page = context.new_page()
    page.goto(typed_page)
    until(page, f"{CELLS}.length >= {len(TEXTS)}")
    settled(page)
    # The code that draws emojis and formulas is loaded later, where it is needed.
    page.wait_for_load_state("networkidle")
    shown = {
        key: page.evaluate(READ, key) for key in ("markdown", "caption", "warning", "button", "checkbox", "expander")
    }
    shown["heading"] = page.evaluate("[...document.querySelectorAll('.st-key-heading h3')].map(one => one.textContent)")
    shown["table"] = page.evaluate(CELLS)
    shown["inside"] = [text.removeprefix("14:02:33 ").removesuffix(" mail") for text in page.evaluate(READ, "inside")]
    links = page.evaluate(LINKS)
    context.close()
    assert {place: len(texts) for place, texts in shown.items()} == dict.fromkeys(shown, len(TEXTS))
    for place, texts in shown.items():
        wrong = [(typed, seen) for typed, seen in zip(TEXTS, texts, strict=True) if seen.strip() != typed]
        assert wrong == [], place
    assert links == 0
