"""What a host needs before a lab can be built on it, and the command that installs what it lacks.

``requirements`` reads the list that the scripts share, ``probes`` looks at the host, ``findings`` words what was
seen (pure), ``examination`` puts them together, ``require`` refuses a host that lacks something.
"""

from tuchanka.doctor.examination import examine
from tuchanka.doctor.require import require_host
from tuchanka.providers.host import HostCheck

__all__ = ["HostCheck", "examine", "require_host"]
