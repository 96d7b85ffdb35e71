//! tmp
pub mod crash;
pub mod openc2;
pub mod responder;
pub mod signature;
