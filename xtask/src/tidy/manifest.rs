//! Rules on what the project depends on.

use super::source::Source;

/// Every version stands in the root manifest with the reason it is used at all.
pub(crate) fn dependencies_without_reason(sources: &[Source]) -> Vec<String> {
    let lines = workspace_dependencies(sources);
    let bare = lines.filter(|(_, line)| !line.contains("path = ") && !line.contains(" # "));
    bare.map(|(name, _)| format!("Cargo.toml: {name} has no `# reason` on its line")).collect()
}

/// The glue that xtask makes fits the module only when both come from one wasm-bindgen.
pub(crate) fn wasm_bindgen_versions(sources: &[Source]) -> Vec<String> {
    let locked = locked_versions(sources, "wasm-bindgen");
    let [version] = locked[..] else {
        return vec![format!(
            "Cargo.lock holds {} versions of wasm-bindgen, not one",
            locked.len()
        )];
    };
    let pin = format!("\"={version}\"");
    let pins = workspace_dependencies(sources)
        .filter(|(name, _)| ["wasm-bindgen", "wasm-bindgen-cli-support"].contains(name));
    pins.filter(|(_, line)| !line.contains(&pin))
        .map(|(name, _)| {
            format!("Cargo.toml: {name} must be pinned to {pin}, as Cargo.lock has it")
        })
        .collect()
}

/// No dependency brings the standard library into the core. Takes what
/// `cargo tree --edges features,normal,no-proc-macro` prints for it.
pub(crate) fn std_features(tree: &str) -> Vec<String> {
    let mut with_std: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_once(" feature \"std\""))
        .filter_map(|(before, _)| before.split_whitespace().last())
        .collect();
    with_std.sort_unstable();
    with_std.dedup();
    with_std
        .iter()
        .map(|name| format!("core/Cargo.toml: {name} comes with its feature std"))
        .collect()
}

/// Name and line of each entry of `[workspace.dependencies]`.
fn workspace_dependencies(sources: &[Source]) -> impl Iterator<Item = (&str, &str)> {
    let manifest = sources.iter().find(|source| source.path == "Cargo.toml");
    let text = manifest.map_or("", |source| source.text.as_str());
    text.lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some((line.split_once('=')?.0.trim(), line)))
}

fn locked_versions<'a>(sources: &'a [Source], package: &str) -> Vec<&'a str> {
    let lock = sources.iter().find(|source| source.path == "Cargo.lock");
    let text = lock.map_or("", |source| source.text.as_str());
    let entry = format!("name = \"{package}\"\nversion = \"");
    text.split(&entry).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::tests::source;
    use super::*;

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let manifest = "[workspace]\na = 1\n[workspace.dependencies]\n# Heading.\nown = { path = \"own\" }\ngood = \"1\" # why\nbad = \"1\"\n\n[profile.dev]\nb = 1\n";
        let found = dependencies_without_reason(&[source("Cargo.toml", manifest)]);
        assert_eq!(found, ["Cargo.toml: bad has no `# reason` on its line"]);
    }

    #[test]
    fn versions_of_wasm_bindgen_that_differ_are_found() {
        let check = |pin: &str, locked: &[&str], expected: usize| {
            let manifest = format!(
                "[workspace.dependencies]\nwasm-bindgen = \"=1.2\"\nwasm-bindgen-cli-support = \"{pin}\"\n"
            );
            let entry =
                |version: &&str| format!("name = \"wasm-bindgen\"\nversion = \"{version}\"\n");
            let lock = locked.iter().map(entry).collect::<String>();
            let sources = [source("Cargo.toml", &manifest), source("Cargo.lock", &lock)];
            assert_eq!(wasm_bindgen_versions(&sources).len(), expected, "{pin} {locked:?}");
        };
        check("=1.2", &["1.2"], 0);
        check("=1.3", &["1.2"], 1);
        check("1.2", &["1.2"], 1);
        check("=1.2", &["1.2", "1.3"], 1);
        check("=1.2", &["1.3"], 2);
    }

    #[test]
    fn a_std_feature_under_the_core_is_found() {
        let tree = "eventhub-core v0.1.0\n|-- serde feature \"std\"\n|   `-- serde_core feature \"std\" (*)\n|-- jiff feature \"alloc\"\n";
        assert_eq!(std_features(tree).len(), 2);
        assert!(std_features("jiff feature \"alloc\"\njiff feature \"std-less\"\n").is_empty());
    }
}
