"""The candidate's wish to stop: they are asked whether that is so, and their next words answer that."""

from dataclasses import dataclass


@dataclass(slots=True)
class StopOffer:
    """The question whether to end the interview, from its being put until the interview goes on."""

    open: bool = False
    """Whether what the candidate says answers it, and no other question."""
    _answered: bool = False
    _passed: bool = False

    def make(self) -> None:
        """The candidate is asked."""
        self.open, self._answered, self._passed = True, False, False

    def drop(self) -> None:
        """The interview goes on."""
        self.open = self._answered = self._passed = False

    def interviewer_began(self) -> None:
        """The interviewer speaks: after the candidate's answer, of something else."""
        self._passed = self._answered

    def candidate_understood(self) -> None:
        """Words of the candidate's were understood: the answer, or those after it, which are of something else."""
        if self._passed:
            self.drop()
        self._answered = self.open
