"""What goes wrong while a file is read is the file's: it is refused, and nothing else stops for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from mediflow_assets.errors import DeliveryRefused, MediFlowError

_PANIC = "PanicException"
"""What the libraries in Rust raise where they meet what they do not expect; it is no Exception."""


@contextmanager
def refusing(sentence: str | None = None) -> Iterator[None]:
    """Turns whatever is raised meanwhile into a refusal that carries no path and no value.

    Only reading belongs inside: a disk that is full while something is written is no fault of a file. Memory that does
    not suffice is: such a file would stop every landing from then on, and may be delivered again.
    """
    try:
        yield
    except MediFlowError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        told = sentence or f"it cannot be read ({type(error).__name__}). Deliver it again, or export it as plain CSV."
        raise DeliveryRefused(told) from None
