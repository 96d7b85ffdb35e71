//! Server functions: what the screens ask of the server. Thin doors: extract, call the backend, wrap the error.
//!
//! They are a public POST API. Who may do what is decided behind [`domain::Backend`], the origin of a request
//! by the server's CSRF layer. Each has a fixed endpoint, so that it does not depend on the build directory.
//! One file an area; to add a function, add it there: `request` has what each does before and after its call.
#![expect(missing_docs, reason = "`#[server]` makes public structs of the arguments")]
#![recursion_limit = "256"]

mod access;
mod actions;
mod automation;
mod bulk;
pub mod codec;
mod dispatch;
mod error;
mod executors;
mod export;
mod factors;
mod home;
mod identity;
mod investigations;
mod load;
mod notifications;
mod policies;
#[cfg(feature = "ssr")]
mod request;
mod session;
mod settings;
#[cfg(feature = "ssr")]
mod status;
mod take;
mod tasks;

pub use access::*;
pub use actions::*;
pub use automation::*;
pub use bulk::*;
pub use dispatch::*;
pub use error::ApiError;
pub use executors::*;
pub use export::*;
pub use factors::*;
pub use home::*;
pub use identity::*;
pub use investigations::*;
pub use load::Load;
pub use notifications::*;
pub use policies::*;
#[cfg(feature = "ssr")]
pub use request::has_recovery_codes;
pub use session::*;
pub use settings::*;
pub use take::*;
pub use tasks::*;
