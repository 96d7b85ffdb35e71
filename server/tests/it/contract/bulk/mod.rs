//! Plans and jobs that decide on many actions.

mod house;
mod jobs;
mod plans;
