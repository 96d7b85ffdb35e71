"""Checks a SCIM server: python check.py URL TOKEN; writes what was found as JSON."""

import json
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

url, token = sys.argv[1:]
http = Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
results = check_server(SyncSCIMClient(http))
json.dump(
    [{"status": of.status.name, "title": of.title, "reason": of.reason, "type": of.resource_type} for of in results],
    sys.stdout,
)
