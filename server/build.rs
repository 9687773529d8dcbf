//! Tells the crate whether there is a dashboard and a tag to build in, and packs the tag.
//!
//! Both are made by npm, the server by cargo alone: without `www/dist` and `npm/dist/eventhub.js` the server is
//! built all the same, without what is missing, and says so.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// The best that the encoders know: the tag is packed once and sent very often.
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW_BITS: u32 = 22;

fn main() -> io::Result<()> {
    println!("cargo::rustc-check-cfg=cfg(eventhub_dashboard, eventhub_tag)");
    let (www, dist) = ("../www", "../www/dist");
    if Path::new(dist).join("index.html").is_file() {
        println!("cargo::rustc-cfg=eventhub_dashboard");
        println!("cargo::rerun-if-changed={dist}");
    } else {
        println!("cargo::rerun-if-changed={www}");
    }
    let tag = Path::new("../npm/dist/eventhub.js");
    if tag.is_file() {
        println!("cargo::rustc-cfg=eventhub_tag");
        println!("cargo::rerun-if-changed={}", tag.display());
        pack(&fs::read(tag)?)
    } else {
        // A folder that is not there would have this run at every build.
        let dist = tag.parent().filter(|dist| dist.is_dir()).unwrap_or(Path::new("../npm"));
        println!("cargo::rerun-if-changed={}", dist.display());
        Ok(())
    }
}

/// Writes what `src/http/tag.rs` includes: the tag as it is and packed, and its hash.
fn pack(tag: &[u8]) -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(tag)?;
    let mut brotli =
        brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW_BITS);
    brotli.write_all(tag)?;
    fs::write(out.join("eventhub.js"), tag)?;
    fs::write(out.join("eventhub.js.gz"), gzip.finish()?)?;
    fs::write(out.join("eventhub.js.br"), brotli.into_inner())?;
    let mut hex = String::new();
    for byte in Sha256::digest(tag) {
        // Writing to a text does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    println!("cargo::rustc-env=EVENTHUB_TAG_SHA256={hex}");
    Ok(())
}
