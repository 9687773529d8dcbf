//! The real binary over HTTP: each test starts a server on a folder and a port of its own.

mod access;
mod bad_batches;
mod bad_input;
mod clients;
mod connections;
mod crash;
mod damage;
mod demo;
mod durability;
mod established;
mod full;
mod import;
mod live;
mod memory;
mod playground;
mod real_data;
mod semantics;
mod tag;
mod tracker;
