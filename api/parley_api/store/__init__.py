"""Where artifacts are kept: one contract, two stores (a folder, S3), and the layout of the keys.

Everything that a candidate said is in here and nowhere else, so each store is durable before it answers and erases all
that it ever held.
"""

from parley_api.store.base import Store, StoreError, StoreKeyError, StoreUnavailableError
from parley_api.store.folder import FolderStore
from parley_api.store.opening import StoreSettings, open_store
from parley_api.store.s3 import S3Store

__all__ = [
    "FolderStore",
    "S3Store",
    "Store",
    "StoreError",
    "StoreKeyError",
    "StoreSettings",
    "StoreUnavailableError",
    "open_store",
]
