//! The people who sign in to Countersign here: the analysts who decided, and one person for each demo sign-in button.
//!
//! None has a password: the demo signs its six in by a button, the others can't sign in until one is set.

use domain::access::Access;
use domain::{Actor, ActorKind, Permission, Role, UserId};
use jiff::Timestamp;

use super::prng::Rng;
use store::User;

use Role::{
    ActiveRemediationActions, GlobalAdministrator, SearchAndPurge, SecurityAdministrator, SecurityOperator,
    SecurityReader,
};

/// The persons behind the demo sign-in buttons.
const DEMO: &[(&str, &str, &[Role])] = &[
    ("global.administrator", "Margarethe Lindqvist", &[GlobalAdministrator]),
    ("security.administrator", "Tobias Achterberg", &[SecurityAdministrator]),
    ("security.operator", "Priya Raghunathan", &[SecurityOperator]),
    ("security.operator.mail", "Kofi Mensah", &[SecurityOperator, SearchAndPurge]),
    ("security.reader", "Elżbieta Wrona", &[SecurityReader]),
    ("remediation.technician", "Joaquín Ibarra", &[ActiveRemediationActions]),
];

/// The security team; those who decide most come first.
const TEAM: &[(&str, &str, &[Role])] = &[
    ("ines.carvalho", "Inês Carvalho", &[SecurityOperator, SearchAndPurge]),
    ("henrik.dahlgren", "Henrik Dahlgren", &[SecurityOperator]),
    ("shu.fen.lau", "Shu Fen Lau", &[SecurityOperator, SearchAndPurge]),
    ("abena.owusu", "Abena Owusu", &[SecurityOperator]),
    ("rafael.quintero", "Rafael Quintero", &[SecurityOperator, SearchAndPurge]),
    ("birgit.hollander", "Birgit Hollander", &[SecurityAdministrator, SearchAndPurge]),
    ("mihai.ionescu", "Mihai Ionescu", &[ActiveRemediationActions]),
    ("claire.beaumont", "Claire Beaumont", &[GlobalAdministrator]),
    ("dmitri.volkov", "Dmitri Volkov", &[SecurityOperator]),
    ("hana.sedlackova", "Hana Sedláčková", &[SecurityReader]),
];

/// Everybody who can sign in.
#[derive(Debug)]
pub(super) struct Users {
    pub(super) users: Vec<User>,
}

impl Users {
    pub(super) fn hire(rng: &mut Rng, now: Timestamp) -> Self {
        let users = TEAM.iter().chain(DEMO).map(|&(name, display_name, roles)| User {
            id: UserId::from(rng.uuid(now)),
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            password_hash: None,
            enabled: true,
            roles: roles.iter().copied().collect(),
            access: Access::default(),
        });
        Self { users: users.collect() }
    }

    /// Somebody of the team who holds the permission and isn't `except`.
    pub(super) fn with(&self, rng: &mut Rng, permission: Permission, except: Option<&Actor>) -> Actor {
        let able: Vec<&User> = self
            .users
            .iter()
            .take(TEAM.len())
            .filter(|user| {
                Access::of_roles(&user.roles).reach(permission).is_some()
                    && except.is_none_or(|except| user.id.to_string() != except.id)
            })
            .collect();
        // The first ones decide more than the others, but nobody nearly all.
        actor(able[rng.below(able.len()).min(rng.below(able.len()))])
    }

    /// Whether this person holds the permission.
    pub(super) fn may(&self, person: &Actor, permission: Permission) -> bool {
        self.users.iter().any(|user| {
            user.id.to_string() == person.id && Access::of_roles(&user.roles).reach(permission).is_some()
        })
    }

    /// A person by the name they sign in with.
    pub(super) fn named(&self, name: &str) -> Option<Actor> {
        self.users.iter().find(|user| user.name == name).map(actor)
    }
}

fn actor(user: &User) -> Actor {
    Actor::new(ActorKind::User, user.id.to_string(), user.display_name.clone())
}
