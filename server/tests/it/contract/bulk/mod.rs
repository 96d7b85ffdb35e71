//! Plans and jobs that decide on many actions.

mod jobs;
mod plans;
