"""What the kubelet and the operator may know of the bot."""

from dataclasses import dataclass


@dataclass(slots=True)
class Health:
    """`ready` once the bot is in the room and the model has answered; not any more when it is over."""

    ready: bool = False
