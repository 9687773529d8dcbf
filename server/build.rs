//! Tells the crate whether there is a dashboard to build in.
//!
//! The dashboard is made by npm, the server by cargo alone: without `www/dist` the server is built all the
//! same, without dashboard and tag, and says so.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(eventhub_dashboard)");
    let (www, dist) = ("../www", "../www/dist");
    if Path::new(dist).join("index.html").is_file() {
        println!("cargo::rustc-cfg=eventhub_dashboard");
        println!("cargo::rerun-if-changed={dist}");
    } else {
        println!("cargo::rerun-if-changed={www}");
    }
}
