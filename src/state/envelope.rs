//! The first line of every state file: what it is, its version, and what the rest adds up to.
//!
//! `revenue-exporter ledger 1 c0ffee00`, a line end, and the content as JSON.

use std::fmt;

const PROGRAM: &str = "revenue-exporter";

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) version: u32,
}

/// Why a file is not used. The text ends a sentence that begins with the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Not a state file of this exporter, or one of another kind.
    Foreign,
    /// Its content is not what was written.
    Torn,
    /// Of a later version of the exporter.
    Newer(u32),
    /// Of an earlier version whose content is not understood any more.
    Older(u32),
    /// Whole, but not in the form of its version.
    Strange,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("is not a file of this exporter"),
            Self::Torn => f.write_str("is damaged"),
            Self::Newer(version) => write!(f, "is of a later exporter (version {version})"),
            Self::Older(version) => write!(f, "is of an old exporter (version {version})"),
            Self::Strange => f.write_str("has a form that is not known"),
        }
    }
}

/// Puts the first line before `content`.
pub(super) fn seal(kind: Kind, content: &[u8]) -> Vec<u8> {
    let (name, version, sum) = (kind.name, kind.version, crc32fast::hash(content));
    let mut file = format!("{PROGRAM} {name} {version} {sum:08x}\n").into_bytes();
    file.extend_from_slice(content);
    file
}

/// The content of a file of this kind and version.
pub(super) fn unseal(kind: Kind, file: &[u8]) -> Result<&[u8], Damage> {
    let end = file.iter().take(200).position(|byte| *byte == b'\n').ok_or(Damage::Foreign)?;
    let (line, content) = (&file[..end], &file[end + 1..]);
    let line = std::str::from_utf8(line).map_err(|_| Damage::Foreign)?;
    let mut words = line.split(' ');
    if words.next() != Some(PROGRAM) || words.next() != Some(kind.name) {
        return Err(Damage::Foreign);
    }
    let version: u32 = words.next().and_then(|word| word.parse().ok()).ok_or(Damage::Foreign)?;
    match version.cmp(&kind.version) {
        std::cmp::Ordering::Greater => return Err(Damage::Newer(version)),
        std::cmp::Ordering::Less => return Err(Damage::Older(version)),
        std::cmp::Ordering::Equal => {}
    }
    let sum = words.next().and_then(|word| u32::from_str_radix(word, 16).ok());
    if sum != Some(crc32fast::hash(content)) {
        return Err(Damage::Torn);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KIND: Kind = Kind { name: "ledger", version: 3 };

    #[test]
    fn each_damage_has_its_name() {
        let file = seal(KIND, b"{}");
        assert_eq!(unseal(KIND, &file), Ok(&b"{}"[..]));
        let cases: [(&[u8], Damage); 8] = [
            (b"", Damage::Foreign),
            (b"{}", Damage::Foreign),
            (b"\xff\n", Damage::Foreign),
            (b"revenue-exporter figures 3 00000000\n", Damage::Foreign),
            (b"revenue-exporter ledger x 00000000\n", Damage::Foreign),
            (b"revenue-exporter ledger 4 00000000\n{}", Damage::Newer(4)),
            (b"revenue-exporter ledger 2 00000000\n{}", Damage::Older(2)),
            (b"revenue-exporter ledger 3 00000000\n{}", Damage::Torn),
        ];
        for (file, damage) in cases {
            assert_eq!(unseal(KIND, file), Err(damage), "{}", String::from_utf8_lossy(file));
        }
    }

    proptest! {
        #[test]
        fn a_cut_or_a_changed_byte_is_always_noticed(
            content in prop::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(),
            change in 1_u8..,
        ) {
            let file = seal(KIND, &content);
            let at = at.index(file.len());
            prop_assert!(unseal(KIND, &file[..at]).is_err());
            let mut changed = file.clone();
            changed[at] ^= change;
            // The case of a hexadecimal digit is no change.
            prop_assert!(unseal(KIND, &changed).is_err() || changed.eq_ignore_ascii_case(&file));
        }
    }
}
