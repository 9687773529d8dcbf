//! The machine in a simulated browser.

mod consent;
mod faults;
mod identities;
mod queues;
mod world;
