//! Packs the dashboard and the tag and tells the crate what there is to build in.
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

/// The best that the encoders know: a file is packed once and sent very often.
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW_BITS: u32 = 22;

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut code = String::from("static DASHBOARD: &[(&str, Packed)] = &[\n");
    let (www, dist) = (Path::new("../www"), Path::new("../www/dist"));
    if dist.join("index.html").is_file() {
        rerun_if_changed(dist);
        for path in files_in(dist)? {
            let name = path.strip_prefix(dist).map_err(io::Error::other)?.display().to_string();
            let packed = pack(&fs::read(&path)?, &out)?;
            code += &format!("    ({name:?}, {packed}),\n");
        }
    } else {
        rerun_if_changed(www);
    }
    code += "];\n";
    let tag = Path::new("../npm/dist/eventhub.js");
    if tag.is_file() {
        rerun_if_changed(tag);
        code += &format!("static TAG: Option<Packed> = Some({});\n", pack(&fs::read(tag)?, &out)?);
    } else {
        // A folder that is not there would have this run at every build.
        let dist = tag.parent().filter(|dist| dist.is_dir()).unwrap_or(Path::new("../npm"));
        rerun_if_changed(dist);
        code += "static TAG: Option<Packed> = None;\n";
    }
    fs::write(out.join("built_in.rs"), code)
}

fn rerun_if_changed(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

/// All files in a folder and those within it, in order.
fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_in(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a content packed both ways, and gives the code of the `Packed` that includes them.
fn pack(content: &[u8], out: &Path) -> io::Result<String> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    let mut brotli =
        brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW_BITS);
    brotli.write_all(content)?;
    let mut sha256 = String::new();
    for byte in Sha256::digest(content) {
        // Writing to a text does not fail.
        let _ = write!(sha256, "{byte:02x}");
    }
    let (gz, br) = (out.join(format!("{sha256}.gz")), out.join(format!("{sha256}.br")));
    fs::write(&gz, gzip.finish()?)?;
    fs::write(&br, brotli.into_inner())?;
    Ok(format!(
        "Packed {{ brotli: include_bytes!({br:?}), gzip: include_bytes!({gz:?}), sha256: {sha256:?} }}"
    ))
}
