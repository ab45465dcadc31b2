"""The static files of a deployment: compressed, with a hash of the content in each name."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # It has no types.
    """Writes the hashed names into the `import` statements of JavaScript modules, too."""

    support_js_module_import_aggregation = True
    # Only in our own modules. A package's comments can have an import() of a file that doesn't exist.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
