"""The inside's certificates and the link key: made once by an idempotent Job, `python -m parley_api.certificates`.

They are never made when the chart is rendered: a second rendering would make others.
"""
