//! Short texts that are appended often: as all of a fixed size is copied, that needs no call.

/// So many bytes are copied, whatever the length. Most names of metrics fit.
const ROOM: usize = 32;

/// A text to append.
#[derive(Clone)]
pub(super) enum Short {
    /// Up to [`ROOM`] bytes, and how many of them count.
    Fits([u8; ROOM], usize),
    /// More than that.
    Long(String),
}

impl Short {
    pub(super) fn new(parts: [&str; 2]) -> Self {
        let (mut bytes, mut length) = ([0; ROOM], 0);
        for part in parts {
            let end = length + part.len();
            let Some(place) = bytes.get_mut(length..end) else { return Self::Long(parts.concat()) };
            place.copy_from_slice(part.as_bytes());
            length = end;
        }
        Self::Fits(bytes, length)
    }

    pub(super) fn append(&self, out: &mut Vec<u8>) {
        match self {
            Self::Fits(bytes, length) => {
                let end = out.len() + length;
                out.extend_from_slice(bytes);
                out.truncate(end);
            }
            Self::Long(text) => out.extend_from_slice(text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_is_appended_as_it_is() {
        let mut out = b"before".to_vec();
        for length in [0, 1, ROOM - 1, ROOM, ROOM + 1, 200] {
            let text = "x".repeat(length);
            Short::new([&text, ""]).append(&mut out);
            assert_eq!(out.split_off(6), text.as_bytes(), "{length}");
            assert_eq!(out, b"before");
        }
    }
}
