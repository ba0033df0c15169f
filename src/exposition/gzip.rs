//! One gzip member from parts that were compressed on their own.
//!
//! A raw deflate stream that ends in a full flush ends at a byte and refers to nothing before it,
//! so segments can be joined by putting them side by side. Several members would be shorter to
//! write, but curl and reqwest read the first and stop.

use bytes::{BufMut as _, Bytes, BytesMut};
use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};

/// Compression level of the page: it compresses well anyway, and this is done once per change.
const LEVEL: u32 = 6;

/// That of what is made anew for every scrape: somewhat longer, in a fraction of the time.
const QUICK: u32 = 1;

/// Deflate, no flags, no time, no extra flags, unknown system.
const HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// An empty last block of fixed codes.
const LAST_BLOCK: &[u8] = &[3, 0];

/// Some bytes, compressed so that they can be joined with others.
#[derive(Clone, Debug)]
pub struct Segment {
    deflated: Bytes,
    checksum: Hasher,
}

impl Segment {
    /// Compresses `bytes`, which are not shown for long.
    pub fn quick(bytes: &[u8]) -> Self {
        Deflater::of(QUICK).segment(bytes)
    }
}

/// Compresses one segment after the other, over the same memory: making that ready costs as much as
/// some kilobytes of page.
#[derive(Debug)]
pub struct Deflater(Compress);

impl Default for Deflater {
    fn default() -> Self {
        Self::of(LEVEL)
    }
}

impl Deflater {
    fn of(level: u32) -> Self {
        Self(Compress::new(Compression::new(level), false))
    }

    /// Compresses `bytes`.
    pub fn segment(&mut self, bytes: &[u8]) -> Segment {
        let mut checksum = Hasher::new();
        checksum.update(bytes);
        self.0.reset();
        Segment { deflated: Bytes::from(deflate(&mut self.0, bytes)), checksum }
    }
}

/// Segments side by side.
#[derive(Clone, Debug)]
pub struct Joined {
    deflated: Bytes,
    checksum: Hasher,
}

impl Joined {
    /// All `segments`, one after the other.
    pub fn new(segments: &[&Segment]) -> Self {
        let length = segments.iter().map(|segment| segment.deflated.len()).sum();
        let (mut deflated, mut checksum) = (BytesMut::with_capacity(length), Hasher::new());
        for segment in segments {
            deflated.extend_from_slice(&segment.deflated);
            checksum.combine(&segment.checksum);
        }
        Self { deflated: deflated.freeze(), checksum }
    }
}

/// A member up to this long is sent in one piece: more of them cost more than to copy it once.
const SHORT: usize = 64 * 1024;

/// The gzip member of `page` and what follows it, in pieces to be sent one after the other; a long
/// page is not copied.
pub fn member(page: &Joined, end: &Segment) -> Vec<Bytes> {
    let mut checksum = page.checksum.clone();
    checksum.combine(&end.checksum);
    let length = page.checksum.total_len().wrapping_add(end.checksum.total_len());
    let trailer = trailer(checksum, length);
    let pieces = [Bytes::from_static(HEADER), page.deflated.clone(), end.deflated.clone(), trailer];
    let length: usize = pieces.iter().map(Bytes::len).sum();
    if length > SHORT { pieces.into() } else { vec![Bytes::from(pieces.concat())] }
}

fn trailer(checksum: Hasher, length: u64) -> Bytes {
    let mut end = BytesMut::with_capacity(LAST_BLOCK.len() + 8);
    end.put_slice(LAST_BLOCK);
    end.put_u32_le(checksum.finalize());
    #[expect(clippy::cast_possible_truncation, reason = "RFC 1952: the length modulo 2^32")]
    end.put_u32_le(length as u32);
    end.freeze()
}

fn deflate(stream: &mut Compress, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 8 + 64);
    loop {
        let read = usize::try_from(stream.total_in()).unwrap_or(bytes.len());
        let state = stream.compress_vec(&bytes[read..], &mut out, FlushCompress::Full);
        // Room left over means that the flush is complete.
        if out.len() < out.capacity() || matches!(state, Ok(Status::StreamEnd) | Err(_)) {
            return out;
        }
        out.reserve(out.capacity());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    fn joined(parts: &[&[u8]]) -> Vec<u8> {
        let segments: Vec<_> = parts.iter().map(|part| Segment::quick(part)).collect();
        let (end, page) =
            segments.split_last().map_or((None, &[][..]), |(end, page)| (Some(end), page));
        let nothing = Segment::quick(b"");
        member(&Joined::new(&page.iter().collect::<Vec<_>>()), end.unwrap_or(&nothing)).concat()
    }

    /// Reads one member, and holds that nothing follows it.
    fn read(packed: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        let mut decoder = flate2::bufread::GzDecoder::new(packed);
        decoder.read_to_end(&mut plain).unwrap();
        assert!(decoder.into_inner().is_empty());
        plain
    }

    #[test]
    fn a_large_page_survives_whatever_room_the_output_has() {
        let page: Vec<u8> =
            (0..200_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for size in [0, 1, 63, 64, 65, 1000, 99_999, page.len()] {
            assert_eq!(read(&joined(&[&page[..size], b"own"])), [&page[..size], b"own"].concat());
        }
    }

    #[test]
    fn nothing_is_a_valid_member() {
        assert_eq!(read(&joined(&[])), b"");
        assert_eq!(read(&joined(&[b"", b""])), b"");
    }

    proptest! {
        #[test]
        fn any_parts_read_back_as_their_sum(
            parts in proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..3000), 0..5)
        ) {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(read(&joined(&parts)), parts.concat());
        }
    }
}
