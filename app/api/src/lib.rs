//! Server functions: what the screens ask of the server. Thin doors: extract, call the backend, wrap the error.
//!
//! They are a public POST API. Who may do what is decided behind [`domain::Backend`], the origin of a request
//! by the server's CSRF layer. Each has a fixed endpoint, so that it does not depend on the build directory.
//! One file an area; to add a function, add it there: `request` has what each does before and after its call. To add an
//! area, add its file and its line in `areas!`.
#![expect(missing_docs, reason = "`#[server]` makes public structs of the arguments")]
#![recursion_limit = "256"]

pub mod codec;
mod error;
mod load;
#[cfg(feature = "ssr")]
mod request;
#[cfg(feature = "ssr")]
mod status;

/// Declares the areas: the module of each, whose functions all stand at the root.
macro_rules! areas {
    ($(mod $area:ident;)+) => {
        $(
            mod $area;
            pub use $area::*;
        )+
    };
}

areas! {
    mod access;
    mod actions;
    mod automation;
    mod bulk;
    mod decision_times;
    mod dispatch;
    mod executors;
    mod export;
    mod factors;
    mod home;
    mod identity;
    mod investigations;
    mod notifications;
    mod policies;
    mod session;
    mod settings;
    mod take;
    mod tasks;
}

pub use error::ApiError;
pub use load::Load;
#[cfg(feature = "ssr")]
pub use request::has_recovery_codes;
