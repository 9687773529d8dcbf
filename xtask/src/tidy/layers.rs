//! Rules on who may know whom: `http -> {ingest, query} -> store -> core`.

use super::source::{Source, mentions};

/// A folder and the paths that its code must not name.
struct Layer {
    folder: &'static str,
    forbidden: &'static [&'static str],
}

const LAYERS: [Layer; 5] = [
    Layer {
        folder: "core/src/",
        forbidden: &["std::", "extern crate std", "heed", "warp", "tokio"],
    },
    Layer {
        folder: "server/src/store/",
        forbidden: &["warp", "hyper", "http::", "crate::http", "eventhub_ingest", "crate::query"],
    },
    Layer { folder: "core/ingest/src/", forbidden: &["warp", "hyper", "heed", "eventhub_server"] },
    Layer { folder: "server/src/query/", forbidden: &["warp", "hyper", "heed", "crate::http"] },
    Layer { folder: "server/src/http/", forbidden: &["heed", "crate::store"] },
];

const SERVER_FOLDERS: [&str; 4] = ["http", "import", "query", "store"];

/// Each of them trades an acknowledged event for speed.
const UNSAFE_LMDB_FLAGS: [&str; 4] = ["NO_SYNC", "NO_META_SYNC", "MAP_ASYNC", "WRITE_MAP"];

/// A layer that learns of the one above it cannot be used without it.
pub(crate) fn forbidden_imports(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for layer in &LAYERS {
        for source in sources.iter().filter(|source| source.path.starts_with(layer.folder)) {
            for (number, line) in source.product_lines() {
                let named = layer.forbidden.iter().filter(|path| mentions(line, path));
                findings.extend(named.map(|path| {
                    format!("{}:{number}: {} must not know {path}", source.path, layer.folder)
                }));
            }
        }
    }
    findings
}

/// A new room of the server is a decision about the layers, so it is made here.
pub(crate) fn unknown_server_folders(sources: &[Source]) -> Vec<String> {
    let mut folders: Vec<&str> = sources
        .iter()
        .filter_map(|source| Some(source.path.strip_prefix("server/src/")?.split_once('/')?.0))
        .filter(|folder| !SERVER_FOLDERS.contains(folder))
        .collect();
    folders.dedup();
    let names = SERVER_FOLDERS.join(", ");
    folders
        .iter()
        .map(|folder| format!("server/src/{folder}: the server's folders are {names}"))
        .collect()
}

/// The store may not be told to forget what it acknowledged.
pub(crate) fn unsafe_lmdb_flags(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("server/src/")) {
        for (number, line) in source.product_lines() {
            let flags = UNSAFE_LMDB_FLAGS.iter().filter(|flag| line.contains(**flag));
            findings.extend(
                flags.map(|flag| {
                    format!("{}:{number}: {flag} loses acknowledged events", source.path)
                }),
            );
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::source::tests::source;
    use super::*;

    #[test]
    fn an_import_against_the_direction_is_found() {
        let check = |path: &str, text: &str, expected: usize| {
            assert_eq!(forbidden_imports(&[source(path, text)]).len(), expected, "{path}: {text}");
        };
        check("core/src/a.rs", "use std::collections::HashMap;", 1);
        check("core/src/a.rs", "use core::fmt; // not std::fmt", 0);
        check(
            "core/src/a.rs",
            "use core::fmt;\n#[cfg(test)]\nmod tests {\n    use std::fmt;\n}",
            0,
        );
        check("server/src/store/a.rs", "use crate::http::Error;", 1);
        check("server/src/store/a.rs", "use http::StatusCode;", 1);
        check("server/src/store/a.rs", "use heed::Env;", 0);
        check("core/ingest/src/a.rs", "use warp::Filter;", 1);
        check("server/src/query/a.rs", "use heed::Env;", 1);
        check("server/src/http/v0/a.rs", "use crate::store::Store;", 1);
        check("server/src/http/v0/a.rs", "use crate::query::Plan;", 0);
        check("server/src/main.rs", "use heed::Env;", 0);
    }

    #[test]
    fn a_new_folder_of_the_server_is_found() {
        let found = unknown_server_folders(&[
            source("server/src/utils/a.rs", ""),
            source("server/src/utils/b.rs", ""),
            source("server/src/store/a.rs", ""),
            source("server/src/main.rs", ""),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("server/src/utils:"), "{found:?}");
    }

    #[test]
    fn a_flag_that_skips_the_sync_is_found() {
        for flag in UNSAFE_LMDB_FLAGS {
            let text = format!("options.flags(EnvFlags::{flag});");
            assert_eq!(unsafe_lmdb_flags(&[source("server/src/store/a.rs", &text)]).len(), 1);
            let comment = format!("// never {flag}");
            assert!(unsafe_lmdb_flags(&[source("server/src/store/a.rs", &comment)]).is_empty());
        }
    }
}
