"""The one template engine: every variable must exist, and blocks leave no blank lines."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment(package: str) -> Environment:
    # Nothing here is HTML, so nothing is escaped; what may stand in a file is checked when the topology is read.
    return Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - see above
    )


def fill(package: str, template: str, **values: object) -> str:
    """Return the template of the package's folder ``templates`` with the values filled in."""
    return _environment(package).get_template(template).render(values)
