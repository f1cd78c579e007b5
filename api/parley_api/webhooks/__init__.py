"""The template's own tools: their webhooks are called here, on the bot's behalf."""

from parley_api.webhooks.addresses import GuardedNetwork, tls_context
from parley_api.webhooks.call import ToolCall, Webhooks

__all__ = ["GuardedNetwork", "ToolCall", "Webhooks", "tls_context"]
