#!/usr/bin/env bash
# otupy 1.1.46 (PyPI, an implementation of OpenC2 in Python): a consumer acknowledges a command and never carries it out.
#
# Expected: the argument `response_requested` of OpenC2 v1.0 says which answer the producer wants: `none`, `ack` (that the
# command arrived), `status` (how far it is) or `complete` (its result). It does not say whether the command is carried
# out; a consumer that answers 102 (Processing) to `ack` or `status` is at work on it.
#
# Instead: the consumer answers `ack` and `status` with 102 and drops the command. The actuator is never called, and no
# later answer says so. `none`, which asks for no answer, is carried out and answered.
#
# Seen: the same command with each value, whether the actuator was called, and the status of the answer.
#     complete  carried out      OK
#     none      carried out      OK
#     ack       not carried out  PROCESSING
#     status    not carried out  PROCESSING
#
# For us: our commands leave the argument out, which means `complete`. A 102 is no proof that anything
# happens: the outcome stays uncertain, the command is repeated under its id, and in the end a person looks.
#
# Exits with 0 if the behaviour is the same, with 1 if it changed, with 2 if that could not be found out.
set -uo pipefail

cannot() { echo "could not find out: $1" >&2; exit 2; }

folder=$(mktemp -d) || cannot "no temporary folder"
trap 'rm -rf "$folder"' EXIT
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || cannot "Python 3.11 or newer is needed"
python3 -m venv "$folder/venv" || cannot "Python's venv is missing"
# Without its dependencies: most of them are for actuators, and one needs a C library.
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  otupy==1.1.46 aenum==3.1.16 blinker==1.9.0 boolean.py==5.0 cassidy==0.1.4 cbor2==5.6.5 certifi==2025.8.3 \
  charset-normalizer==3.4.3 click==8.2.1 cyclonedx-python-lib==11.6.0 defusedxml==0.7.1 dnspython==2.7.0 \
  email-validator==2.2.0 enumb==0.1.5 expo==0.1.2 flask==3.1.2 fqdn==1.5.1 gunicorn==25.1.0 idna==3.10 itsdangerous==2.2.0 jinja2==3.1.6 \
  license-expression==30.4.4 macaddress==2.0.2 markupsafe==3.0.2 mediatype==0.1.6 packageurl-python==0.17.6 \
  packaging==25.0 paho-mqtt==2.1.0 py-serializable==2.1.0 pyyaml==6.0.3 requests==2.32.5 rfc3987==1.3.8 \
  sortedcontainers==2.4.0 typing-extensions==4.15.0 urllib3==2.5.0 werkzeug==3.1.3 xmltodict==0.14.2 ||
  cannot "the packages could not be installed"

"$folder/venv/bin/python" - <<'PYTHON'
import logging
import sys

logging.disable(logging.CRITICAL)
try:
    import otupy
    from otupy.encoders.json import JSONEncoder
    from otupy.profiles import slpf
except ImportError as error:
    print(f"could not find out: {error}", file=sys.stderr)
    sys.exit(2)

SEEN = {"complete": (True, "OK"), "none": (True, "OK"), "ack": (False, "PROCESSING"), "status": (False, "PROCESSING")}


class Actuator:
    """Notes that it was called."""

    def __init__(self):
        self.called = False

    def run(self, command):
        self.called = True
        return otupy.Response(status=otupy.StatusCode.OK, status_text="done")


def ask(response_requested):
    actuator = Actuator()
    consumer = otupy.Consumer("consumer.example", {(slpf.Profile.nsid, "filter"): actuator}, JSONEncoder())
    command = otupy.Command(
        otupy.Actions.deny,
        otupy.IPv4Net("192.0.2.0/24"),
        slpf.Args({"response_requested": getattr(otupy.ResponseType, response_requested)}),
        actuator=slpf.Specifiers({"asset_id": "filter"}),
    )
    message = otupy.Message(command)
    message.from_, message.to = "producer.example", ["consumer.example"]
    message.content_type, message.request_id = otupy.Message.content_type, "1"
    answer = consumer.dispatch(message)
    return actuator.called, answer.content["status"].name


same = True
for response_requested, wanted in SEEN.items():
    called, status = ask(response_requested)
    same &= (called, status) == wanted
    print(f"{response_requested:9} {'carried out' if called else 'not carried out':16} {status}")
print("the behaviour is the same" if same else "the behaviour has changed")
sys.exit(0 if same else 1)
PYTHON
