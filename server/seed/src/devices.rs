//! The company's computers: laptops of people, servers of sites, consoles of ships, and what nobody manages.

use domain::{Asset, AssetKind, Criticality};

use super::people::{Person, SITES};
use super::prng::Rng;

/// What runs on a device; it decides which paths and which persistence make sense there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Windows,
    Linux,
}

/// One computer.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) name: String,
    pub(super) platform: Platform,
    /// The account whose profile its paths lie in.
    pub(super) login: String,
    criticality: Criticality,
    group: Option<&'static str>,
}

impl Device {
    pub(super) fn asset(&self) -> Asset {
        Asset {
            kind: AssetKind::Device,
            name: self.name.clone(),
            criticality: Some(self.criticality),
            device_group: self.group.map(str::to_owned),
        }
    }
}

/// Role of a server, its platform, how many stand at a big site, how much depends on it, its group.
type Role = (&'static str, Platform, usize, Criticality, &'static str);

const SERVERS: &[Role] = &[
    ("dc", Platform::Windows, 2, Criticality::VeryHigh, "Domain controllers"),
    ("fs", Platform::Windows, 3, Criticality::High, "Servers"),
    ("sql", Platform::Windows, 2, Criticality::VeryHigh, "Servers"),
    ("ts", Platform::Windows, 2, Criticality::Medium, "Servers"),
    ("web", Platform::Linux, 2, Criticality::High, "Servers"),
    ("edi", Platform::Linux, 2, Criticality::High, "Servers"),
    ("git", Platform::Linux, 1, Criticality::High, "Servers"),
    ("bkp", Platform::Linux, 1, Criticality::VeryHigh, "Servers"),
];
/// The data centre and the sites with a machine room.
const MACHINE_ROOMS: &[&str] = &["fra", "ham", "sin"];
const SHIPS: &[&str] = &["solvind", "havorn", "castor", "perla", "njord", "amihan"];
const CONSOLES: &[(&str, Criticality)] = &[("ecdis", Criticality::VeryHigh), ("cargo", Criticality::High)];
const UNMANAGED: &[&str] = &[
    "DESKTOP-7QK2M1P",
    "LAPTOP-R3V09DTC",
    "npi-4c81b2",
    "ip-cam-quay-3",
    "raspberrypi",
    "nas-crewing-old",
    "DESKTOP-M4F8ZZK",
    "hmi-crane-11",
];

/// Computers that run our agent: one for most people, then servers, ships and the lab, in random order.
pub(super) fn managed(rng: &mut Rng, people: &[Person], count: usize) -> Vec<Device> {
    let mut devices = Vec::with_capacity(count);
    devices.extend(servers());
    devices.extend(ships());
    for number in 1..=3 {
        devices.push(Device {
            name: format!("ham-lab-{number:02}"),
            platform: if number == 3 { Platform::Linux } else { Platform::Windows },
            login: "svc-detonation".to_owned(),
            criticality: Criticality::Low,
            group: Some("Security lab"),
        });
    }
    let personal = people.iter().take(count.saturating_sub(devices.len())).map(|person| laptop(rng, person));
    devices.extend(personal.collect::<Vec<_>>());
    // A big estate has more servers than people with laptops.
    for number in devices.len()..count {
        let site = SITES[number % SITES.len()];
        devices.push(server(site.code, &SERVERS[number % SERVERS.len()], 10 + number / SITES.len()));
    }
    rng.shuffle(&mut devices);
    devices
}

/// What is on the network and in nobody's inventory.
pub(super) fn unmanaged() -> Vec<Device> {
    UNMANAGED
        .iter()
        .map(|name| Device {
            name: (*name).to_owned(),
            platform: Platform::Linux,
            login: "admin".to_owned(),
            criticality: Criticality::Low,
            group: None,
        })
        .collect()
}

fn servers() -> impl Iterator<Item = Device> {
    MACHINE_ROOMS.iter().enumerate().flat_map(|(rank, site)| {
        SERVERS.iter().flat_map(move |role| {
            // The data centre has all of them, the other rooms one of each.
            let count = if rank == 0 { role.2 } else { 1 };
            (1..=count).map(move |number| server(site, role, number))
        })
    })
}

fn server(site: &str, role: &Role, number: usize) -> Device {
    let &(name, platform, _, criticality, group) = role;
    let login = match platform {
        Platform::Windows => "svc-deploy",
        Platform::Linux => "deploy",
    };
    Device {
        name: format!("{site}-{name}-{number:02}"),
        platform,
        login: login.to_owned(),
        criticality,
        group: Some(group),
    }
}

fn ships() -> impl Iterator<Item = Device> {
    SHIPS.iter().flat_map(|ship| {
        CONSOLES.iter().map(move |&(console, criticality)| Device {
            name: format!("mv-{ship}-{console}"),
            platform: Platform::Windows,
            login: "watch".to_owned(),
            criticality,
            group: Some("Vessel systems"),
        })
    })
}

fn laptop(rng: &mut Rng, person: &Person) -> Device {
    let group = match person.site.region {
        "EMEA" => "Workstations EMEA",
        "APAC" => "Workstations APAC",
        _ => "Workstations Americas",
    };
    let kiosk = person.department == "Port Agency" && rng.chance(50);
    Device {
        name: if kiosk {
            format!("{}-TERM-{}", person.site.code.to_uppercase(), person.tag)
        } else {
            format!("LT-{}", person.tag)
        },
        platform: if person.department == "IT Services" && rng.chance(40) {
            Platform::Linux
        } else {
            Platform::Windows
        },
        login: person.login.clone(),
        criticality: match person.criticality {
            Criticality::VeryHigh => Criticality::High,
            Criticality::High | Criticality::Medium => Criticality::Medium,
            Criticality::Low => Criticality::Low,
        },
        // Some laptops match no rule: "Ungrouped devices".
        group: (!rng.chance(6)).then_some(if kiosk { "Terminal operations" } else { group }),
    }
}
