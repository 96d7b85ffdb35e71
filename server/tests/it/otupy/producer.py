"""A producer of OpenC2 that is not ours (otupy): asks for features, quarantines a file and releases it."""

import functools
import json
import logging
import sys
import uuid

import otupy
import requests
from otupy.encoders.json import JSONEncoder
from otupy.transfers.http import HTTPTransfer

logging.disable(logging.CRITICAL)
port, token, verb, path, sha256 = sys.argv[1:]

# otupy 1.1.46 can present no credentials by itself.
post = requests.post
requests.post = lambda url, headers, **more: post(
    url, headers={**headers, "Authorization": f"Bearer {token}"}, **more
)

if verb == "query":
    command = otupy.Command(otupy.Actions.query, otupy.Features([otupy.Feature.versions, otupy.Feature.pairs]))
else:
    file = otupy.File({"path": path, "hashes": otupy.Hashes({"sha256": otupy.Binaryx(bytes.fromhex(sha256))})})
    command = otupy.Command(getattr(otupy.Actions, verb), file, command_id=str(uuid.uuid4()))
producer = otupy.Producer("otupy.example", JSONEncoder(), HTTPTransfer("127.0.0.1", int(port)))
answer = producer.sendcmd(command, consumers=["responder"])
content = answer.content
print(json.dumps({"status": content["status"].value, "text": content.get("status_text"), "results": str(content.get("results"))}))
