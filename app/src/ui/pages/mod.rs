//! The pages: each turns a URL into resources and hands them to parts.

mod action_center;
mod answers;
mod detail;
mod home;
mod job;
mod not_found;
mod panels;
mod plan;
mod sign_in;

pub(super) use action_center::ActionCenter;
pub(super) use home::Home;
pub(super) use job::Job;
pub(super) use not_found::NotFound;
pub(super) use plan::Plan;
pub(super) use sign_in::SignIn;
