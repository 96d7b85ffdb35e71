#!/usr/bin/env bash
# Dovecot 2.3.19.1 with Pigeonhole 0.5.19 (Debian 12): `doveadm sieve list` does not list a script that is in force.
#
# Expected: the list of a user's Sieve scripts names the active one, whichever way it came there.
#
# Instead: a script that somebody wrote by hand (`~/.dovecot.sieve` as a file, not as the link that ManageSieve makes) is
# carried out at each delivery and is not listed, by doveadm, by its HTTP API and by ManageSieve. It shows only once
# another script is activated: then it is renamed to `dovecot.orig`.
#
# Seen: the list before, and after another script was activated.
#     before  (nothing)
#     after   dovecot.orig; other ACTIVE
#
# For us: that no script is listed is no proof that a mailbox forwards nothing. One of ours is activated to see, what
# shows is read, and put back in force if it forwards nothing outside.
#
# It needs Debian's dovecot-core and dovecot-sieve of this version in place, since doveadm looks for its parts at fixed
# paths; it starts no server and uses a folder of its own.
#
# Exits with 0 if the behaviour is the same, with 1 if it changed, with 2 if that could not be found out.
set -uo pipefail

cannot() { echo "could not find out: $1" >&2; exit 2; }

for package in dovecot-core dovecot-sieve; do
  dpkg-query -W -f '${Version}\n' "$package" 2>/dev/null | grep -q '^1:2\.3\.19\.1' || cannot "$package 2.3.19.1 is missing"
done
folder=$(mktemp -d) || cannot "no temporary folder"
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/home/sieve"
cat > "$folder/conf" <<CONF
base_dir = $folder/run
ssl = no
mail_home = $folder/home
mail_location = maildir:$folder/home/Maildir
first_valid_uid = 1
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
CONF
echo 'redirect "somebody@elsewhere.example";' > "$folder/home/.dovecot.sieve"
echo 'keep;' > "$folder/other"
run=()
name=$(id -un)
if [ "$(id -u)" = 0 ]; then
  # Mail is never root's.
  chown -R 65534:65534 "$folder"
  run=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  name=nobody
fi
doveadm() { "${run[@]}" env HOME="$folder/home" USER="$name" doveadm -c "$folder/conf" "$@" 2>"$folder/home/errors"; }

before=$(doveadm sieve list) || cannot "$(cat "$folder/home/errors")"
doveadm sieve put -a other "$folder/other" || cannot "$(cat "$folder/home/errors")"
after=$(doveadm sieve list | sed 's, *$,,' | sort | tr '\n' ';')
echo "before  ${before:-(nothing)}"
echo "after   $after"
[ -z "$before" ] && [ "$after" = 'dovecot.orig;other ACTIVE;' ]
