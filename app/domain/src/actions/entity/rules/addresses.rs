//! IP addresses and ranges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::core::canonical;
use crate::core::refang::refang_link;

/// Wider ranges are not blocked: a typing error would take everybody off the network.
const WIDEST_IPV4: u8 = 8;
const WIDEST_IPV6: u8 = 19;

pub(super) fn check_address(text: &str) -> Result<(), String> {
    if let Some(canonical) = canonical::address(text) {
        return match canonical.rsplit_once('/') {
            Some((_, "0")) => Err("is every address there is; name a smaller range".to_owned()),
            _ => Ok(()),
        };
    }
    if let Some(plain) = refang_link(text).filter(|plain| canonical::address(plain).is_some()) {
        return Err(format!("is defanged; send {plain}"));
    }
    if let Some((first, range)) = range_of(text) {
        return Err(format!(
            "is a range that begins elsewhere; send {range} for the range, or {first} for one address"
        ));
    }
    let parts = text.split([',', ';', ' ', '\n', '\r', '\t']).filter(|part| !part.is_empty());
    if parts.filter(|part| plain_address(part).is_some()).count() > 1 {
        return Err("names several addresses; one address or range an action".to_owned());
    }
    Err(plain_address(text).map_or_else(
        || {
            "must be an IPv4 or IPv6 address like 203.0.113.7 or 2001:db8::7, or a range like 203.0.113.0/24"
                .to_owned()
        },
        |plain| format!("must be the address or range alone; send {plain}"),
    ))
}

/// What holds every address of IPv4 in one of IPv6 (RFC 6052).
const TRANSLATED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// The range of IPv4 that one of its translation to IPv6 holds.
fn translated(net: &IpNet) -> Option<IpNet> {
    let IpNet::V6(net) = net else { return None };
    let length = net.prefix_len().checked_sub(TRANSLATED.prefix_len())?;
    if !TRANSLATED.contains(net) {
        return None;
    }
    let [.., a, b, c, d] = net.addr().octets();
    Ipv4Net::new(Ipv4Addr::new(a, b, c, d), length).ok().map(IpNet::from)
}

/// Whether nobody can mean to block it: what every network needs, and more than anyone means.
pub(super) fn check_blockable(text: &str) -> Result<(), String> {
    let Some(net) = canonical::address(text).and_then(|address| net(&address)) else { return Ok(()) };
    if net.contains(&IpNet::V6(TRANSLATED)) {
        return Err("holds every address of IPv4, translated (NAT64); name smaller ranges".to_owned());
    }
    let net = translated(&net).unwrap_or(net);
    let widest = if net.addr().is_ipv4() { WIDEST_IPV4 } else { WIDEST_IPV6 };
    if net.prefix_len() < widest {
        return Err(format!("is wider than a /{widest}, which nobody means to block; name smaller ranges"));
    }
    let special: [(IpNet, &str); 5] = [
        (Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 8).into(), "is no address of a host (unspecified)"),
        (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128).into(), "is no address of a host (unspecified)"),
        (Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(), "is each device itself (loopback)"),
        (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(), "is each device itself (loopback)"),
        (Ipv4Net::new_assert(Ipv4Addr::BROADCAST, 32).into(), "is every device of a network (broadcast)"),
    ];
    match special.into_iter().find(|(other, _)| other.contains(&net) || net.contains(other)) {
        Some((other, reason)) if other.contains(&net) => Err(format!("{reason}; it can't be blocked")),
        Some((other, reason)) => Err(format!("holds {}, which {reason}; name smaller ranges", other.addr())),
        None => Ok(()),
    }
}

fn net(address: &str) -> Option<IpNet> {
    address.parse().ok().or_else(|| address.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The address and the range that a range with host bits may mean.
fn range_of(text: &str) -> Option<(String, String)> {
    let (first, _) = text.split_once('/')?;
    let net: IpNet = text.trim().parse().ok()?;
    Some((canonical::address(first)?, net.trunc().to_string()))
}

/// The address or range in other dress: with wide signs, a zone, a mask, brackets or a port, or as a link.
fn plain_address(text: &str) -> Option<String> {
    let narrow: String = text.trim().chars().map(narrow).collect();
    let plain = refang_link(&narrow).unwrap_or(narrow);
    let plain = match plain.split_once("://") {
        Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or(rest),
        None => &plain,
    };
    let plain = plain.trim_end_matches(['.', '/']);
    let plain = plain.split_once('%').map_or(plain, |(plain, _)| plain);
    if let Some((first, mask)) = plain.split_once('/')
        && let (Ok(first), Ok(mask)) = (first.parse::<Ipv4Addr>(), mask.parse::<Ipv4Addr>())
    {
        let bits = [mask, Ipv4Addr::from_bits(!mask.to_bits())];
        let length = bits.into_iter().find_map(|mask| ipnet::ipv4_mask_to_prefix(mask).ok())?;
        return canonical::address(&Ipv4Net::new(first, length).ok()?.trunc().to_string());
    }
    let bare = plain.trim_start_matches('[');
    let bare = bare.split_once(']').map_or(bare, |(bare, _)| bare);
    let bare = bare.split_once('%').map_or(bare, |(bare, _)| bare);
    let host = bare.rsplit_once(':').map_or(bare, |(host, _)| host);
    [plain, bare, host].into_iter().find(|part| canonical::address(part).is_some()).map(str::to_owned)
}

/// A sign of East Asian keyboards as the one of ASCII that it is.
fn narrow(of: char) -> char {
    match of {
        '\u{3002}' | '\u{ff61}' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(of) - 0xfee0).unwrap_or(of),
        of => of,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused_with_the_one_that_is_meant() {
        for (text, want) in [
            ("203[.]0[.]113[.]7", "send 203.0.113.7"),
            ("2001[:]db8::7", "send 2001:db8::7"),
            ("203.0.113.7/24", "send 203.0.113.0/24 for the range, or 203.0.113.7"),
            ("203.0.113.7:443", "send 203.0.113.7"),
            ("[2001:db8::7]:443", "send 2001:db8::7"),
            ("198。51。100。7", "send 198.51.100.7"),
            ("１９８.５１.１００.７", "send 198.51.100.7"),
            ("198.51.100.7.", "send 198.51.100.7"),
            ("fe80::1%eth0", "send fe80::1"),
            ("[fe80::1%25eth0]", "send fe80::1"),
            ("http://198.51.100.7/", "send 198.51.100.7"),
            ("http://198.51.100.7:8080/a?b", "send 198.51.100.7"),
            ("hxxp://198[.]51[.]100[.]7/", "send 198.51.100.7"),
            ("198.51.100.0/255.255.255.0", "send 198.51.100.0/24"),
            ("198.51.100.7/255.255.255.0", "send 198.51.100.0/24"),
            ("198.51.100.0/0.0.0.255", "send 198.51.100.0/24"),
            ("198.51.100.7, 198.51.100.8", "one address or range an action"),
            ("0.0.0.0/0", "every address"),
            ("evil.example", "must be an IPv4"),
            ("", "must be an IPv4"),
        ] {
            let error = check_address(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
        for good in ["203.0.113.0/24", "2001:db8:aa::/48", "::ffff:192.0.2.1", "2001:DB8:0:0:0:0:0:53"] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_every_network_needs_is_not_blocked() {
        for (text, want) in [
            ("0.0.0.0", "unspecified"),
            ("::", "unspecified"),
            ("127.0.0.1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("::1", "loopback"),
            ("127.0.0.0/8", "loopback"),
            ("255.255.255.255", "broadcast"),
            ("255.255.255.0/24", "holds 255.255.255.255"),
            ("::/96", "holds ::"),
            ("0.0.0.0/1", "wider than a /8"),
            ("2000::/3", "wider than a /19"),
            ("64:ff9b::/96", "every address of IPv4"),
            ("64:ff9b::/97", "wider than a /8"),
            ("64:ff9b::/64", "every address of IPv4"),
            ("64:ff9b::127.0.0.1", "loopback"),
        ] {
            assert_eq!(check_address(text), Ok(()), "{text} is an address");
            let error = check_blockable(text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
        for good in [
            "10.0.0.0/8",
            "203.0.113.7",
            "2001:db8::/32",
            "192.168.1.1",
            "64:ff9b::203.0.113.7",
            "not an address",
        ] {
            assert_eq!(check_blockable(good), Ok(()), "{good}");
        }
    }
}
