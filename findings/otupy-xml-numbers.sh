#!/usr/bin/env bash
# otupy 1.1.46 (PyPI, an implementation of OpenC2 in Python): text that reads like a number changes in XML.
#
# Expected: a command that is encoded and decoded again is the same command, in each of the four encodings that otupy
# offers (JSON, CBOR, YAML, XML). A file's name is a string in OpenC2 v1.0, whatever characters it has.
#
# Instead: the XML encoding turns each text that Python's `int` accepts into a number, and "true" into a truth value, before
# it is read as a string again. Nothing is reported, and the decoded command names another file.
#
# Seen: the names below, sent and received. The first three encodings keep all of them.
#     0042        -> 42
#     1_000       -> 1000
#     true        -> 1
#     report.txt  -> report.txt
#
# For us: OpenC2 messages are JSON. An adapter to a consumer that is built on otupy never chooses XML.
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
  otupy==1.1.46 aenum==3.1.16 cassidy==0.1.4 cbor2==5.6.5 certifi==2025.8.3 charset-normalizer==3.4.3 dnspython==2.7.0 \
  email-validator==2.2.0 enumb==0.1.5 expo==0.1.2 fqdn==1.5.1 idna==3.10 macaddress==2.0.2 mediatype==0.1.6 pyyaml==6.0.3 \
  requests==2.32.5 rfc3987==1.3.8 urllib3==2.5.0 xmltodict==0.14.2 ||
  cannot "the packages could not be installed"

"$folder/venv/bin/python" - <<'PYTHON'
import sys

try:
    import otupy
    from otupy.encoders.cbor import CBOREncoder
    from otupy.encoders.json import JSONEncoder
    from otupy.encoders.xml import XMLEncoder
    from otupy.encoders.yaml import YAMLEncoder
except ImportError as error:
    print(f"could not find out: {error}", file=sys.stderr)
    sys.exit(2)

SEEN = {"0042": "42", "1_000": "1000", "true": "1", "report.txt": "report.txt"}


def through(encoder, name):
    command = otupy.Command(otupy.Actions.deny, otupy.File(name=name))
    decoded = encoder.decode(encoder.encode(command), otupy.Command)
    return decoded.target.getObj()["name"]


same = True
for name, in_xml in SEEN.items():
    for encoder in (JSONEncoder, CBOREncoder, YAMLEncoder, XMLEncoder):
        wanted = in_xml if encoder is XMLEncoder else name
        received = through(encoder, name)
        same &= received == wanted
        print(f"{encoder.encoder_type:5} {name:11} -> {received}")
print("the behaviour is the same" if same else "the behaviour has changed")
sys.exit(0 if same else 1)
PYTHON
