"""A real S3 store on a machine beside the clusters: OpenStack Swift behind TLS. Pure."""

from tuchanka.topology.archive import BUCKET

__all__ = ["ACCESS_KEY", "BUCKET", "PORT", "REGION", "SECRET"]

ACCESS_KEY = "archive:writer"
"""The access key: Swift's account and user."""
SECRET = "store"  # noqa: S105 - the name of a secret
"""The name of the secret that is its secret key."""
PORT = 443
REGION = "us-east-1"
"""The region, unless the archive that uses the store has another."""
