"""An unexpected exception of a check, in words: a traceback is nothing to show to a vendor."""

from __future__ import annotations

import traceback
from pathlib import PurePath

__all__ = ["in_words"]


def in_words(error: BaseException) -> str:
    """What went wrong and where, on one line: `a defect of the examination: KeyError: 'id' (checks/pagination.py, line 40)`."""
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "conformance" in PurePath(frame.filename).parts] or frames
    if not ours:
        return f"a defect of the examination: {said}"
    path = PurePath(ours[-1].filename)
    return f"a defect of the examination: {said} ({path.parent.name}/{path.name}, line {ours[-1].lineno})"
