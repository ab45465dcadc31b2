"""The product's settings with one language that nobody speaks. PSEUDO_LOCALE is the directory of its catalogs."""

import os
from pathlib import Path

from config.harness.settings import *  # noqa: F403

LANGUAGE_CODE = "en-xa"
LANGUAGES = [("en-xa", "Pseudo")]
LOCALE_PATHS = [Path(os.environ["PSEUDO_LOCALE"])]
