//! Which addresses lie inside of this network.

use std::net::{IpAddr, Ipv4Addr};

/// Whether it is private, link-local, loopback, or for no single host.
pub(super) fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_internal_v4(v4),
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80
                // Addresses of IPv4 within: 6to4 and NAT64.
                || (first == 0x2002 && is_internal_v4(embedded(v6.segments()[1], v6.segments()[2])))
                || (first == 0x0064 && is_internal_v4(embedded(v6.segments()[6], v6.segments()[7])))
        }
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

fn is_internal_v4(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_unspecified()
        || v4.is_broadcast()
        || v4.is_multicast()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_inside_is_told_from_the_world() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
        ] {
            assert!(is_internal(inside.parse().unwrap()), "{inside}");
        }
        for world in ["192.0.2.1", "8.8.8.8", "2001:db8::1", "172.32.0.1", "64:ff9b::808:808"] {
            assert!(!is_internal(world.parse().unwrap()), "{world}");
        }
    }
}
