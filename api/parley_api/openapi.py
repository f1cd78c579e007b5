"""`python -m parley_api.openapi`: print the public API's OpenAPI document, from which the pages' types are made."""

import json
import sys

from pydantic import HttpUrl, SecretStr

from parley_api.app import public_app
from parley_api.settings import Settings


def main() -> None:
    """Print the document; no setting of an installation has a part in it."""
    placeholder = HttpUrl("https://parley.invalid")
    settings = Settings(
        namespace="-",
        bots_namespace="-",
        installation="-",
        link_key=SecretStr("-" * 32),
        link_base_url=placeholder,
        public_url=placeholder,
    )
    json.dump(public_app(settings).openapi(), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
