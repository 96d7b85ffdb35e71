//! Who may do what: people, roles, device groups, tokens and sessions. For tokens with the scope `access:administer`, whose
//! owners administer.

mod credentials;
mod device_groups;
mod factors;
mod people;
mod roles;

use super::ApiArea;

pub(super) fn routes() -> ApiArea {
    let routes = [
        people::routes(),
        factors::routes(),
        roles::routes(),
        device_groups::routes(),
        credentials::routes(),
    ];
    ApiArea::of(routes.into_iter().flatten().collect())
        .tagged("access", "Who may do what: people, roles, device groups, tokens and sessions")
}
