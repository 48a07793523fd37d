"""The control plane under `/__proctor/`: what a stub's state, journal, faults, clock and limits are, and how they are changed.

It stands beside the engine's APIs and behind the same adapters. Its operations, their parameters and bodies are described in
`openapi.yaml`, which it serves and holds every call against; what each does stands in the module of its noun.
"""

from __future__ import annotations

from mockserver.control.plane import Control

__all__ = ["Control"]
