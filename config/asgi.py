"""The ASGI application that uvicorn serves."""

import os
import warnings
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# whitenoise serves files by synchronous iterators. There are few, and browsers cache them. The streams and downloads of
# the product are asynchronous.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

_django = get_asgi_application()

from config.charsets import ReadAsUtf8  # noqa: E402 - needs the settings
from config.headers import NameNoServer  # noqa: E402 - as above
from config.limits import Application, LimitBody  # noqa: E402 - as above

application = NameNoServer(ReadAsUtf8(LimitBody(cast(Application, _django))))
