"""What axe is asked on every page, it finds: in each scheme, on each width, and outside of what is excluded."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.axe import NARROW, WIDE, examine_and_leave, examine_in

FAULTS = """<!DOCTYPE html>
<html lang="en">
  <title>Faults</title>
  <style>
    body { background: white; color: black }
    @media (prefers-color-scheme: dark) {
      body { background: black; color: white }
      #dark { color: #222 }
    }
    @media (max-width: 320px) { #wide { width: 400px; height: 1px } .text { display: none } }
    @media (prefers-color-scheme: light) { #light { color: #eee } }
  </style>
  <main>
    <h1>Faults</h1>
    <p id="dark">Faint in the dark</p>
    <p id="light">Faint in the light</p>
    <button id="narrow"><span class="text">Name</span></button>
    <div id="wide"></div>
    <div id="frame"><button id="framed"></button></div>
  </main>
</html>
"""


def test_faults_are_found_in_the_looks_that_have_them(page: Page) -> None:
    page.set_content(FAULTS)
    in_light = {"light 1280: about:blank button-name: #framed", "light 1280: about:blank color-contrast: #light"}
    in_dark = {"dark 320: about:blank button-name: #narrow", "dark 320: about:blank button-name: #framed"}
    in_dark |= {"dark 320: about:blank color-contrast: #dark", "dark 320: about:blank scrolls sideways"}

    assert {line.partition(" <")[0] for line in examine_in(page, WIDE, NARROW)} == in_light | in_dark
    outside = {line for line in in_light | in_dark if "#framed" not in line}
    for ends_in in (NARROW, WIDE):
        assert {line.partition(" <")[0] for line in examine_and_leave(page, exclude=["#frame"])} == outside
        assert page.viewport_size == ends_in.size
