"""Where conversations take place, and the links that lead there. What each module is for stands at its top."""
