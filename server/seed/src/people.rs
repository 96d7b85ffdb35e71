//! The people of the fictional company Northwind Marine, and their mailboxes.

use std::collections::HashSet;

use domain::Criticality;

use super::names;
use super::prng::Rng;

/// The company's domain: reserved for examples (RFC 2606), so that no address reaches anybody.
pub(super) const DOMAIN: &str = "northwind-marine.example";

/// An office, by the code that host names begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) code: &'static str,
    pub(super) region: &'static str,
}

pub(super) const SITES: &[Site] = &[
    Site { code: "ham", region: "EMEA" },
    Site { code: "rtm", region: "EMEA" },
    Site { code: "osl", region: "EMEA" },
    Site { code: "gdn", region: "EMEA" },
    Site { code: "pir", region: "EMEA" },
    Site { code: "los", region: "EMEA" },
    Site { code: "sin", region: "APAC" },
    Site { code: "bom", region: "APAC" },
    Site { code: "mnl", region: "APAC" },
    Site { code: "hou", region: "Americas" },
    Site { code: "vap", region: "Americas" },
];

/// Departments, most people first, and how much depends on their accounts.
const DEPARTMENTS: &[(&str, Criticality)] = &[
    ("Fleet Operations", Criticality::High),
    ("Crewing", Criticality::Medium),
    ("Port Agency", Criticality::Medium),
    ("Chartering", Criticality::High),
    ("Technical Management", Criticality::Medium),
    ("Finance", Criticality::High),
    ("Claims and Insurance", Criticality::Medium),
    ("Human Resources", Criticality::Medium),
    ("Bunkering", Criticality::Low),
    ("Legal", Criticality::High),
    ("IT Services", Criticality::VeryHigh),
    ("Management Board", Criticality::VeryHigh),
];

/// Mailboxes that a team shares.
const SHARED: &[(&str, Criticality)] = &[
    ("accounts.payable", Criticality::VeryHigh),
    ("chartering.desk", Criticality::High),
    ("crewing.manila", Criticality::Medium),
    ("bunker.orders", Criticality::High),
    ("port.agency.rotterdam", Criticality::Medium),
    ("claims", Criticality::Medium),
    ("recruitment", Criticality::Low),
    ("vessel.reporting", Criticality::High),
    ("customs.hamburg", Criticality::Medium),
    ("press", Criticality::Low),
    ("it.servicedesk", Criticality::High),
    ("board.office", Criticality::VeryHigh),
];

/// One employee.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) name: String,
    /// `heike.kessler`: account name, and the part before the @.
    pub(super) login: String,
    /// `HKESSLER`: what the asset tag of their computer ends with.
    pub(super) tag: String,
    pub(super) department: &'static str,
    pub(super) criticality: Criticality,
    pub(super) site: Site,
}

impl Person {
    /// Mail address and user principal name.
    pub(super) fn address(&self) -> String {
        format!("{}@{DOMAIN}", self.login)
    }
}

/// One mailbox, of a person or shared.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    pub(super) address: String,
    pub(super) criticality: Criticality,
}

/// Draws so many people, each with a login of their own.
pub(super) fn draw(rng: &mut Rng, count: usize) -> Vec<Person> {
    let mut logins = HashSet::new();
    let mut tags = HashSet::new();
    (0..count)
        .map(|_| {
            // Namesakes get a number, as in any directory; a few fresh draws come first.
            let (mut given, mut family) = names::draw(rng);
            for _ in 0..8 {
                if !logins.contains(&login(given, family)) {
                    break;
                }
                (given, family) = names::draw(rng);
            }
            let login = unique(login(given, family), &mut logins);
            let initial: String = names::plain(given).chars().take(1).collect();
            let tag = unique(format!("{initial}{}", names::plain(family)).to_uppercase(), &mut tags);
            let &(department, criticality) = &DEPARTMENTS[rng.skewed(DEPARTMENTS.len())];
            let site = *rng.pick(SITES);
            Person { name: format!("{given} {family}"), login, tag, department, criticality, site }
        })
        .collect()
}

/// The mailboxes that receive most of the mail: the shared ones, and those of the first people.
pub(super) fn mailboxes(people: &[Person], count: usize) -> Vec<Mailbox> {
    let shared = SHARED
        .iter()
        .map(|&(name, criticality)| Mailbox { address: format!("{name}@{DOMAIN}"), criticality });
    let personal =
        people.iter().map(|person| Mailbox { address: person.address(), criticality: person.criticality });
    shared.chain(personal).take(count).collect()
}

fn login(given: &str, family: &str) -> String {
    format!("{}.{}", names::plain(given), names::plain(family))
}

fn unique(wanted: String, taken: &mut HashSet<String>) -> String {
    let mut free = wanted.clone();
    let mut number = 2;
    while !taken.insert(free.clone()) {
        free = format!("{wanted}{number}");
        number += 1;
    }
    free
}
