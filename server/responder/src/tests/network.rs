//! Blocks and isolation in two network namespaces that are made for the test and joined by a cable: one is the host,
//! the other the world. What gets through is seen from outside of the responder. Needs root, `ip` and `nft`; where one
//! is missing the tests say so and pass, but in CI (`CI` is set) they fail.

use std::process::Command;

use jiff::SignedDuration;

use super::acts::{Estate, act};
use super::*;
use crate::act;

struct Cable {
    host: String,
    world: String,
}

impl Drop for Cable {
    fn drop(&mut self) {
        for name in [&self.host, &self.world] {
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

fn ip(args: &str) -> bool {
    let output = Command::new("ip").args(args.split_whitespace()).output();
    output.is_ok_and(|output| output.status.success())
}

/// Two namespaces with 10.77.0.1 and 10.77.0.2 to .4; none where this machine can't have them.
fn cable() -> Option<Cable> {
    let id = &Uuid::new_v4().simple().to_string()[..8];
    let cable = Cable { host: format!("cs-h-{id}"), world: format!("cs-w-{id}") };
    let (host, world) = (&cable.host, &cable.world);
    let made = ip(&format!("netns add {host}"))
        && ip(&format!("netns add {world}"))
        && ip(&format!("-n {host} link add eth0 type veth peer name eth0 netns {world}"))
        && [(host, vec![1]), (world, vec![2, 3, 4])].into_iter().all(|(name, addresses)| {
            ip(&format!("-n {name} link set lo up"))
                && ip(&format!("-n {name} link set eth0 up"))
                && addresses.iter().all(|last| ip(&format!("-n {name} addr add 10.77.0.{last}/24 dev eth0")))
                && ip(&format!("-n {name} addr add fd77::{}/64 dev eth0 nodad", addresses[0]))
        })
        && Command::new("nft").arg("--version").output().is_ok();
    if !made {
        assert!(std::env::var_os("CI").is_none(), "CI needs root, iproute2 and nftables");
        eprintln!("skipped: network namespaces need root, iproute2 and nftables");
        return None;
    }
    Some(cable)
}

impl Cable {
    fn estate(&self, more: &[&str]) -> Estate {
        Estate::new(&[&["--netns", self.host.as_str()], more].concat())
    }

    /// Whether the host reaches an address of the world.
    fn reaches(&self, address: &str) -> bool {
        ping(&self.host, address)
    }

    /// What the kernel has of our table, as `nft` lists it.
    fn table(&self) -> String {
        let output = Command::new("ip")
            .args(["netns", "exec", &self.host, "nft", "list", "table", "inet", "countersign"])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A datagram there and back through the echo of the kernel: TCP to a closed port, whose refusal is an answer.
fn ping(namespace: &str, address: &str) -> bool {
    use std::os::fd::AsFd as _;
    let file = fs::File::open(format!("/run/netns/{namespace}")).unwrap();
    let address: std::net::IpAddr = address.parse().unwrap();
    std::thread::spawn(move || {
        let kind = rustix::thread::LinkNameSpaceType::Network;
        rustix::thread::move_into_link_name_space(file.as_fd(), Some(kind)).unwrap();
        let timeout = std::time::Duration::from_millis(700);
        match std::net::TcpStream::connect_timeout(&(address, 9).into(), timeout) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        }
    })
    .join()
    .unwrap()
}

fn block(net: &str, until: Option<Timestamp>) -> Order {
    act(act::Task::Block { net: net.parse().unwrap(), until })
}

fn unblock(net: &str) -> Order {
    act(act::Task::Unblock { net: net.parse().unwrap() })
}

#[test]
fn what_is_blocked_is_not_reached_until_it_is_unblocked() {
    let Some(cable) = cable() else { return };
    let estate = cable.estate(&[]);
    let engine = estate.engine();
    let pairs = engine.host.pairs();
    assert!(pairs.contains(&("deny", "ipv4_net")) && pairs.contains(&("contain", "device")), "{pairs:?}");
    let reached = || ["10.77.0.2", "10.77.0.3", "10.77.0.4", "fd77::2"].map(|address| cable.reaches(address));
    assert_eq!(reached(), [true; 4]);
    assert_eq!(cable.table(), "");

    reported(&engine.perform(&block("10.77.0.3/32", None)), 200, Outcome::Completed);
    assert_eq!(reached(), [true, false, true, true]);
    reported(&engine.perform(&block("10.77.0.3/32", None)), 200, Outcome::Skipped);
    // A range around it, and one of the other family: each has its own end.
    reported(&engine.perform(&block("10.77.0.2/31", None)), 200, Outcome::Completed);
    reported(&engine.perform(&block("fd77::/64", None)), 200, Outcome::Completed);
    assert_eq!(reached(), [false, false, true, false]);
    reported(&engine.perform(&unblock("10.77.0.3/32")), 200, Outcome::Completed);
    assert_eq!(reached(), [false, false, true, false], "the range still stands");
    reported(&engine.perform(&unblock("10.77.0.2/31")), 200, Outcome::Completed);
    reported(&engine.perform(&unblock("fd77::/64")), 200, Outcome::Completed);
    assert_eq!(reached(), [true; 4]);
    assert_eq!(cable.table(), "", "nothing of ours is left");
    reported(&engine.perform(&unblock("10.77.0.3/32")), 200, Outcome::Skipped);
}

#[test]
fn a_block_ends_by_itself_in_the_kernel() {
    let Some(cable) = cable() else { return };
    let estate = cable.estate(&[]);
    let engine = estate.engine();
    let until = clock() + SignedDuration::from_secs(2);
    reported(&engine.perform(&block("10.77.0.3/32", Some(until))), 200, Outcome::Completed);
    assert!(!cable.reaches("10.77.0.3"));
    drop(engine);
    let started = std::time::Instant::now();
    while !cable.reaches("10.77.0.3") {
        assert!(started.elapsed().as_secs() < 20, "the block never ended");
    }
    let over = block("10.77.0.3/32", Some(clock() - SignedDuration::from_secs(1)));
    assert_eq!(
        reported(&estate.engine().perform(&over), 400, Outcome::Failed).reason.as_deref(),
        Some("malformed")
    );
}

#[test]
fn an_isolated_host_reaches_its_server_only_and_is_given_back() {
    let Some(cable) = cable() else { return };
    let estate = cable.estate(&["--keep", "10.77.0.4:9"]);
    let engine = estate.engine();
    let reached = || ["10.77.0.2", "10.77.0.4", "fd77::2", "127.0.0.1"].map(|address| cable.reaches(address));
    assert_eq!(reached(), [true; 4]);
    let isolate = act(act::Task::Isolate { until: None });
    reported(&engine.perform(&isolate), 200, Outcome::Completed);
    assert_eq!(reached(), [false, true, false, true]);
    assert!(!ping(&cable.world, "10.77.0.1"), "nor is it reached");
    let blocked = engine.perform(&block("10.77.0.0/29", None));
    assert_eq!(reported(&blocked, 403, Outcome::Failed).reason.as_deref(), Some("vital"));
    let release = act(act::Task::Release);
    reported(&engine.perform(&release), 200, Outcome::Completed);
    assert_eq!(reached(), [true; 4]);
    assert!(ping(&cable.world, "10.77.0.1"));
    reported(&engine.perform(&act(act::Task::Release)), 200, Outcome::Skipped);
}

#[test]
fn isolation_with_an_end_ends_without_us() {
    let Some(cable) = cable() else { return };
    let estate = cable.estate(&[]);
    let until = Some(clock() + SignedDuration::from_secs(2));
    let response = estate.engine().perform(&act(act::Task::Isolate { until }));
    reported(&response, 200, Outcome::Completed);
    assert!(!cable.reaches("10.77.0.2"));
    let started = std::time::Instant::now();
    while !cable.reaches("10.77.0.2") {
        assert!(started.elapsed().as_secs() < 20, "the isolation never ended");
    }
}

/// The kernel forgets its rules when the host starts anew; what stands is put in force again.
#[test]
fn what_stands_is_in_force_again_after_a_new_start() {
    let Some(cable) = cable() else { return };
    let estate = cable.estate(&[]);
    reported(&estate.engine().perform(&block("10.77.0.3/32", None)), 200, Outcome::Completed);
    let flush = ["netns", "exec", &cable.host, "nft", "flush", "ruleset"];
    assert!(Command::new("ip").args(flush).status().unwrap().success());
    assert!(cable.reaches("10.77.0.3"));
    estate.engine().recover().unwrap();
    assert!(!cable.reaches("10.77.0.3"));
}

#[test]
fn the_hosts_own_network_is_left_alone_unless_it_is_allowed() {
    let estate = Estate::new(&[]);
    let pairs = estate.engine().host.pairs();
    assert!(!pairs.iter().any(|(_, target)| target.ends_with("_net")), "{pairs:?}");
    assert!(!pairs.contains(&("contain", "device")), "{pairs:?}");
}
