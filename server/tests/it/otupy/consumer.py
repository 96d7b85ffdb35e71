"""A consumer of OpenC2 that is not ours (otupy): it says where it listens, and writes each command that it carries out."""

import json
import logging
import socket
import sys

import otupy
import otupy.profiles.dumb
from otupy.encoders.json import JSONEncoder
from otupy.transfers.http import HTTPTransfer

logging.disable(logging.CRITICAL)
carried_out = sys.argv[1]


class Actuator:
    """Does nothing but note it."""

    def run(self, command):
        target = command.target.getObj()
        with open(carried_out, "a", encoding="utf-8") as file:
            note = {"action": command.action.name, "path": str(target["path"]), "id": str(command.command_id)}
            file.write(json.dumps(note) + "\n")
        return otupy.Response(status=otupy.StatusCode.OK, status_text="done by otupy")


# A port that was free a moment ago: the transfer takes no socket.
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
print(f"listening on http://127.0.0.1:{port}", flush=True)
actuators = {(otupy.profiles.dumb.Profile.nsid, "any"): Actuator()}
# The framework's reloader would start this file twice.
import flask

run = flask.Flask.run
flask.Flask.run = lambda self, debug=None, **more: run(self, debug=False, **more)
otupy.Consumer("otupy.example", actuators, JSONEncoder(), HTTPTransfer("127.0.0.1", port)).run()
