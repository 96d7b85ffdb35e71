#!/usr/bin/env bash
# zbus 6.2.1 (crates.io) with systemd 252.39 (Debian 12): zbus reads no answer on systemd's private socket.
#
# Expected: systemd listens on a private socket (`systemd/private` in its runtime folder), where its own systemctl speaks
# D-Bus with it without a bus between them. zbus speaks D-Bus without a bus, too (`p2p`), so that a program may do the same,
# for example in an early or a small system that runs no bus.
#
# Instead: the connection is made and the call is sent, and no answer arrives. On that socket systemd names itself as the
# sender of what it sends, by its well-known name `org.freedesktop.systemd1`, since no bus is there to give it a unique one.
# D-Bus says that a sender is a unique name; zbus takes it at its word, and refuses to read such a message. libsystemd,
# which systemctl and busctl use, minds it not.
#
# Seen: the version of a manager, asked for by systemctl and by zbus on the same socket.
#     systemctl  252.39-1~deb12u2
#     zbus       an error: Invalid unique name.
#
# For us: the responder speaks with systemd over the bus alone, and a host without one has no hands for its services.
#
# It needs Debian's systemd of this version in place, as a user's manager in namespaces of its own, and cargo.
#
# Exits with 0 if the behaviour is the same, with 1 if it changed, with 2 if that could not be found out.
set -uo pipefail

cannot() { echo "could not find out: $1" >&2; exit 2; }

dpkg-query -W -f '${Version}\n' systemd 2>/dev/null | grep -q '^252\.39-' || cannot "systemd 252.39 is missing"
command -v cargo >/dev/null || cannot "cargo is missing"
folder=$(mktemp -d) || cannot "no temporary folder"
manager=
finish() {
  if [ -n "$manager" ]; then kill "$manager" 2>/dev/null; wait "$manager" 2>/dev/null; fi
  rm -rf "$folder"
}
trap finish EXIT

mkdir -p "$folder/run" "$folder/src"
chmod 700 "$folder/run"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "ask"
version = "0.0.0"
edition = "2021"

[dependencies]
tokio = { version = "1", features = ["macros", "rt", "time"] }
zbus = { version = "=6.2.1", default-features = false, features = ["p2p", "tokio"] }

[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
use std::time::Duration;

async fn ask(address: &str) -> zbus::Result<String> {
    let connection = zbus::connection::Builder::address(address).p2p().build().await?;
    let manager = ("org.freedesktop.systemd1.Manager", "Version");
    let properties = Some("org.freedesktop.DBus.Properties");
    let path = "/org/freedesktop/systemd1";
    let answer = connection.call_method(None::<&str>, path, properties, "Get", &manager).await?;
    Ok(format!("{:?}", answer.body()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = std::env::args().nth(1).expect("an address");
    match tokio::time::timeout(Duration::from_secs(10), ask(&address)).await {
        Ok(Ok(_)) => println!("an answer"),
        Ok(Err(error)) => println!("an error: {error}"),
        Err(_) => println!("no answer within 10 seconds"),
    }
}
RUST
export CARGO_TARGET_DIR="$folder/target"
cargo build --quiet --manifest-path "$folder/Cargo.toml" 2>"$folder/errors" || cannot "$(tail -3 "$folder/errors")"

# It believes that the host was started by systemd.
own=(--mount)
[ "$(id -u)" = 0 ] || own=(--mount --user --map-root-user)
start='mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec /lib/systemd/systemd --user'
export XDG_RUNTIME_DIR="$folder/run" HOME="$folder"
unshare "${own[@]}" sh -c "$start" >/dev/null 2>&1 &
manager=$!
for _ in $(seq 200); do
  [ -S "$folder/run/systemd/private" ] && break
  sleep 0.1
done
[ -S "$folder/run/systemd/private" ] || cannot "systemd did not start"

own=$(systemctl --user show --property Version --value 2>"$folder/errors") || cannot "$(cat "$folder/errors")"
other=$("$folder/target/debug/ask" "unix:path=$folder/run/systemd/private")
echo "systemctl  $own"
echo "zbus       $other"
[ -n "$own" ] && [ "$other" != "an answer" ]
