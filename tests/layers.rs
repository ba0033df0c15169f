//! The source keeps its shape: layers, one file for the network library, an opening sentence and a
//! readable length for every file.
#![expect(clippy::unwrap_used, reason = "a test that cannot read the source has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// A file may be this long without its tests.
const LONGEST: usize = 400;

/// The only file that may name the HTTP client library.
const NETWORK: &str = "src/upstream/http.rs";

/// One file of `src` and which of its lines are not tests.
struct Source {
    /// As `src/collector/klar.rs`.
    name: String,
    text: String,
    /// Declared under `#[cfg(test)]` by its parent.
    only_tests: bool,
}

impl Source {
    /// The module at the crate's root that the file belongs to.
    fn module(&self) -> &str {
        let below = self.name.trim_start_matches("src/");
        below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
    }

    /// How many modules deep the file is: 1 for `src/plan.rs` and `src/server/mod.rs`.
    fn depth(&self) -> usize {
        let path = self.name.trim_start_matches("src/").trim_end_matches("/mod.rs");
        path.split('/').count()
    }

    /// Line numbers and lines, without those under `#[cfg(test)]`.
    fn shipped(&self) -> Vec<(usize, &str)> {
        let (mut lines, mut shipped) = (self.text.lines().enumerate(), Vec::new());
        if self.only_tests {
            return shipped;
        }
        while let Some((index, line)) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                skip_item(line, &mut lines);
            } else {
                shipped.push((index + 1, line));
            }
        }
        shipped
    }

    /// The same without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let shipped = self.shipped().into_iter();
        shipped.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// Passes the item that follows an attribute; rustfmt closes it at the attribute's own indentation.
fn skip_item<'a>(attribute: &str, lines: &mut impl Iterator<Item = (usize, &'a str)>) {
    let indentation = &attribute[..attribute.len() - attribute.trim_start().len()];
    let close = format!("{indentation}}}");
    let Some((_, first)) = lines.next() else { return };
    if first.ends_with(';') || first.ends_with('}') {
        return;
    }
    for (_, line) in lines.by_ref() {
        if line.starts_with(&close) {
            return;
        }
    }
}

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files_below(&root.join("src"), &mut paths);
    let tests: Vec<PathBuf> = paths.iter().flat_map(|path| test_modules(path)).collect();
    let source = |path: &PathBuf| Source {
        name: path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"),
        text: fs::read_to_string(path).unwrap(),
        only_tests: tests.contains(path),
    };
    paths.iter().map(source).collect()
}

/// The files of modules that `path` declares as `#[cfg(test)] mod name;`.
fn test_modules(path: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(path).unwrap();
    let stem = path.file_stem().unwrap();
    let directory = if stem == "mod" || stem == "lib" || stem == "main" {
        path.parent().unwrap().to_path_buf()
    } else {
        path.with_extension("")
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let marked = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]").map(|pair| pair[1]);
    let names = marked.filter_map(|line| line.strip_suffix(';')?.split_once("mod "));
    names.map(|(_, name)| directory.join(name).with_extension("rs")).collect()
}

/// The modules of lib.rs from the lowest up, each with its layer's name.
fn order(lib: &str) -> Vec<(&str, &str)> {
    let (mut layer, mut order) = ("", Vec::new());
    for line in lib.lines() {
        if let Some((name, _)) = line.strip_prefix("// ").and_then(|line| line.split_once(':')) {
            layer = name;
        }
        let module = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "));
        if let Some(module) = module.and_then(|line| line.strip_suffix(';')) {
            order.push((module, layer));
        }
    }
    order
}

/// What the line names right after each `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let paths = line.match_indices("crate::").map(|(at, path)| &line[at + path.len()..]);
    paths.map(|rest| {
        let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

/// What is wrong with the line's paths, if anything.
fn trespass(source: &Source, line: &str, order: &[(&str, &str)]) -> Option<String> {
    if line.contains(&"super::".repeat(source.depth())) {
        return Some("reaches the crate's root by `super`: write `crate::…`".to_owned());
    }
    let place = |module| order.iter().position(|(name, _)| *name == module);
    let own = place(source.module())?;
    named(line).find_map(|module| match place(module) {
        None => Some(format!(
            "`crate::{module}` is no module of lib.rs: write one `use` line a module, by its path"
        )),
        Some(other) if other > own => {
            let ((name, layer), (above, its)) = (order[own], order[other]);
            Some(format!(
                "`{name}` ({layer}) uses `{above}` ({its}), which lib.rs declares after it: \
                 move what both need down, hand it in as an argument, or reorder lib.rs"
            ))
        }
        Some(_) => None,
    })
}

#[test]
fn a_module_uses_only_what_lib_rs_declares_before_it() {
    let sources = sources();
    let lib = sources.iter().find(|source| source.name == "src/lib.rs").unwrap();
    let order = order(&lib.text);
    assert!(order.len() > 10 && order.iter().all(|(_, layer)| !layer.is_empty()), "{order:?}");
    let roots = ["src/lib.rs", "src/main.rs"];
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !roots.contains(&source.name.as_str())) {
        for (number, line) in source.code() {
            if let Some(why) = trespass(source, line, &order) {
                wrong.push(format!("{}:{number}: {why}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_network_library_is_named_in_one_file() {
    for source in sources().iter().filter(|source| source.name != NETWORK) {
        for (number, line) in source.code() {
            let name = &source.name;
            let asks = ["hyper_util::client", "hyper::client", "hyper_rustls"];
            let asks = asks.iter().any(|library| line.contains(library));
            assert!(!asks, "{name}:{number}: ask through `Transport` instead");
        }
    }
}

/// A second generation of Klar's API exists: whoever builds it changes one place.
#[test]
fn k22_the_protocol_of_klar_stands_in_one_place() {
    for source in sources().iter().filter(|source| source.module() != "demo") {
        let protocol = source.code().any(|(_, line)| line.contains("/public/"));
        assert_eq!(protocol, source.name == "src/upstream/klar.rs", "{}", source.name);
    }
}

#[test]
fn every_file_says_first_what_it_is_for() {
    for source in sources() {
        let name = &source.name;
        assert!(source.text.starts_with("//! "), "{name}:1: open it with a `//!` sentence");
    }
}

#[test]
fn no_file_is_longer_than_a_reader_s_patience() {
    for source in sources() {
        let (name, lines) = (&source.name, source.shipped().len());
        assert!(lines <= LONGEST, "{name}:{LONGEST}: {lines} lines without tests; split it");
    }
}

/// Otherwise a misreading could cancel itself out between the client and its judge.
#[test]
fn a_simulator_knows_of_the_clients_only_how_requests_travel() {
    for source in sources().iter().filter(|source| source.module() == "demo") {
        for (number, line) in source.code() {
            let name = &source.name;
            let shared = line.contains("crate::figures")
                || line.contains("crate::upstream") && !line.contains("upstream::transport");
            assert!(!shared, "{name}:{number}: give the simulator a type of its own");
        }
    }
}
