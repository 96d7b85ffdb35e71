//! The pages: each turns a URL into resources and hands them to parts.

mod action_center;
mod answers;
mod detail;
mod home;
mod job;
pub(super) mod modules;
mod not_found;
mod panels;
mod plan;
mod sign_in;

pub(super) use not_found::NotFound;
