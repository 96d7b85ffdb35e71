#!/usr/bin/env bash
# CrowdSec 1.4.6 (Debian 12): a client without a `User-Agent` of one slash is refused as one with a wrong password.
#
# Expected: `POST /v1/watchers/login` with a machine's name and password answers with a token. RFC 9110 says that a user
# agent should send `User-Agent`, and neither the API's description nor the answer says that it decides.
#
# Instead: without the header, or with a value that has not exactly one slash, the answer is 401 with the message of a
# wrong password. Many HTTP libraries (hyper and reqwest of Rust among them) send none unless they are told to.
#
# Seen: the status of signing in with the right password, by the header.
#     curl/7.88.1            200
#     (none)                 401
#     countersign            401
#     Mozilla/5.0 (a/b)      401
#
# For us: every request names `countersign/VERSION`.
#
# Exits with 0 if the behaviour is the same, with 1 if it changed, with 2 if that could not be found out.
set -uo pipefail

cannot() { echo "could not find out: $1" >&2; exit 2; }

folder=$(mktemp -d) || cannot "no temporary folder"
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder" || cannot "no temporary folder"
command -v curl >/dev/null || cannot "curl is missing"
apt-get download crowdsec=1.4.6-6~deb12u1+b1 >/dev/null 2>&1 || cannot "the package can't be had: this needs Debian 12"
dpkg-deb -x crowdsec_*.deb . || cannot "the package can't be unpacked"

port=$((20000 + $$ % 20000))
mkdir data hub
echo '{}' > hub/.index.json
printf 'name: default\nfilters: [ "Alert.Remediation == true" ]\ndecisions: [ { type: ban, duration: 4h } ]\non_success: break\n' > profiles.yaml
printf 'url: http://127.0.0.1:%s\nlogin: tool\npassword: secret\n' "$port" > credentials.yaml
cat > config.yaml <<YAML
common: { daemonize: false, log_media: stdout, log_level: error }
config_paths: { config_dir: $folder, data_dir: $folder/data, hub_dir: $folder/hub, index_path: $folder/hub/.index.json, notification_dir: $folder/data, plugin_dir: $folder/data }
crowdsec_service: { enable: false }
cscli: { output: raw }
db_config: { type: sqlite, db_path: $folder/data/crowdsec.db, use_wal: true }
api:
  client: { credentials_path: $folder/credentials.yaml }
  server: { log_level: error, listen_uri: "127.0.0.1:$port", profiles_path: $folder/profiles.yaml }
prometheus: { enabled: false }
YAML
usr/bin/cscli -c config.yaml machines add tool --password secret -f other.yaml >/dev/null 2>&1 || cannot "no machine"
usr/bin/crowdsec -c config.yaml -no-cs >log 2>&1 &
server=$!
for _ in $(seq 100); do
  curl -s -o /dev/null "http://127.0.0.1:$port/" && break
  sleep 0.1
done

changed=0
try() { # header, expected status
  seen=$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -H "User-Agent:${1:+ $1}" \
    -d '{"machine_id":"tool","password":"secret","scenarios":[]}' "http://127.0.0.1:$port/v1/watchers/login")
  printf '%-22s %s\n' "${1:-(none)}" "$seen"
  [ "$seen" = 000 ] && cannot "the server does not answer"
  [ "$seen" = "$2" ] || changed=1
}
try 'curl/7.88.1' 200
try '' 401
try 'countersign' 401
try 'Mozilla/5.0 (a/b)' 401
exit "$changed"
