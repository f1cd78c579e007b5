"""What every message has in common."""

import pytest
from parley_protocol import RoomInputs, Turn
from pydantic import ValidationError


def test_an_error_names_the_field_and_no_value() -> None:
    with pytest.raises(ValidationError) as refusal:
        RoomInputs.model_validate({"provider": "websocket", "name": "u-1", "ticketKey2": "c2VjcmV0"})
    assert "ticketKey2" in str(refusal.value)
    assert "c2Vj" not in str(refusal.value)
    with pytest.raises(ValidationError) as refusal:
        Turn.model_validate_json(b'{"text": "what Ada said", "seq": "what Ada said"}')
    assert "Ada" not in str(refusal.value)
