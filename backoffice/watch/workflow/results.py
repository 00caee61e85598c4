"""What may become of a message that is handed over."""


class NotTaken(Exception):
    """It was surely not taken; another time it may be."""


class Refused(Exception):
    """It was surely not taken, and trying again is of no use before somebody changes something."""


class Unclear(Exception):
    """Nobody can say whether it was taken."""
