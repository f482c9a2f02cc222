"""What is fast and how fast, against the raw limit of the same machine in the same run.

``./tillwire bench [NAME ...] [--json]``. Belongs here: everything that measures time. Tests never do.
"""


def main(names: list[str], as_json: bool) -> int:
    """Measure what is named, or everything; returns the exit status."""
    # Loaded when something is measured: bench.echo runs in this package and needs none of it.
    from bench.measurements import measure_all  # noqa: PLC0415

    return measure_all(names, as_json)
