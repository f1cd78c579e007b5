"""The pipecat pipeline between a room and the model. Importing it imports pipecat, which takes a second or two."""
