//! A strict reader of pages, for tests: what the OpenMetrics specification demands of text.

use std::collections::{BTreeMap, BTreeSet};

/// A family of a page.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    /// In their order.
    pub(crate) samples: Vec<Sample>,
}

/// A sample's name, its labels in their order, its value.
pub(crate) type Sample = (String, Vec<(String, String)>, f64);

/// Families by name.
type Page = BTreeMap<String, Family>;

/// Reads an OpenMetrics page; every breach of a rule is an error.
pub(crate) fn open_metrics(page: &str) -> Result<Page, String> {
    let body = page.strip_suffix("# EOF\n").ok_or("no EOF at the end")?;
    lines(body, true)
}

/// Reads a page in text 0.0.4.
pub(crate) fn text(page: &str) -> Result<Page, String> {
    lines(page, false)
}

fn lines(body: &str, open: bool) -> Result<Page, String> {
    if !body.is_empty() && !body.ends_with('\n') {
        return Err("the last line is cut".to_owned());
    }
    let mut families = Page::new();
    let mut series = BTreeSet::new();
    let mut current = String::new();
    for line in body.split_terminator('\n') {
        if let Some(meta) = line.strip_prefix("# ") {
            let mut words = meta.splitn(3, ' ');
            let (word, name) = (words.next().unwrap(), words.next().ok_or(line)?);
            let rest = words.next().ok_or(line)?;
            if name != current {
                if families.contains_key(name) {
                    return Err(format!("{name} is interleaved or twice"));
                }
                name.clone_into(&mut current);
            }
            metadata(families.entry(name.to_owned()).or_default(), (word, rest), name, open)?;
            continue;
        }
        let (name, labels, value) = sample(line)?;
        let family = families.get_mut(&current).ok_or("a sample before any family")?;
        belongs(&name, &current, family, open)?;
        if !series.insert((name.clone(), labels.iter().cloned().collect::<BTreeSet<_>>())) {
            return Err(format!("duplicate series: {line}"));
        }
        family.samples.push((name, labels, value));
    }
    Ok(families)
}

fn metadata(
    family: &mut Family,
    (word, rest): (&str, &str),
    name: &str,
    open: bool,
) -> Result<(), String> {
    if !family.samples.is_empty() {
        return Err(format!("metadata of {name} after its samples"));
    }
    let known = if open {
        &["gauge", "counter", "histogram", "info"][..]
    } else {
        &["gauge", "counter", "histogram"]
    };
    match word {
        "HELP" if family.help.is_empty() => rest.clone_into(&mut family.help),
        "TYPE" if family.kind.is_empty() && known.contains(&rest) => {
            rest.clone_into(&mut family.kind);
        }
        "UNIT" if family.unit.is_none() && name.ends_with(&format!("_{rest}")) => {
            family.unit = Some(rest.to_owned());
        }
        _ => return Err(format!("bad or repeated {word} of {name}: {rest}")),
    }
    Ok(())
}

fn belongs(sample: &str, name: &str, family: &Family, open: bool) -> Result<(), String> {
    let suffixes: &[&str] = match (family.kind.as_str(), open) {
        ("counter", true) => &["_total"],
        ("info", _) => &["_info"],
        ("histogram", _) => &["_sum", "_count", "_bucket"],
        _ => &[""],
    };
    let fits = |suffix: &&str| sample.strip_suffix(*suffix) == Some(name);
    if suffixes.iter().any(fits) { Ok(()) } else { Err(format!("{sample} under {name}")) }
}

fn sample(line: &str) -> Result<Sample, String> {
    let end = line.find(['{', ' ']).ok_or(line)?;
    let (name, mut rest) = line.split_at(end);
    let word = |text: &str| {
        !text.is_empty()
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut labels = Vec::new();
    if rest.starts_with('{') {
        while !rest.starts_with('}') {
            let (label, after) = rest[1..].split_once("=\"").ok_or(line)?;
            let (value, after) = quoted(after).ok_or(line)?;
            if !word(label) || labels.iter().any(|(known, _)| known == label) {
                return Err(format!("label {label} in {line}"));
            }
            labels.push((label.to_owned(), value));
            if !after.starts_with([',', '}']) || after.starts_with(",}") {
                return Err(line.to_owned());
            }
            rest = after;
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').ok_or(line)?;
    let value = value.parse().map_err(|error| format!("{line}: {error}"))?;
    if word(name) { Ok((name.to_owned(), labels, value)) } else { Err(line.to_owned()) }
}

/// The value up to its closing quote, unescaped, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                other @ ('\\' | '"') => other,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}

#[test]
fn it_refuses_what_the_specification_forbids() {
    let head = "# TYPE a gauge\n";
    for bad in [
        "a 1\n# EOF\n",
        "# TYPE a gauge\na 1\n",
        "# TYPE a gauge\na 1\na 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n",
        "# TYPE a gauge\n# TYPE a gauge\n# EOF\n",
        "# TYPE a gauge\nb 1\n# EOF\n",
        "# TYPE a counter\na 1\n# EOF\n",
        "# TYPE a gauge\n# UNIT a seconds\n# EOF\n",
        "# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n# EOF\n",
        "# TYPE a gauge\na{x=\"\\t\"} 1\n# EOF\n",
        "# TYPE a gauge\na{x=\"1\",} 1\n# EOF\n",
    ] {
        assert!(open_metrics(bad).is_err(), "{bad}");
    }
    assert!(open_metrics(&format!("{head}a{{x=\"\\\\\\\"\\n\"}} 1\n# EOF\n")).is_ok());
}
