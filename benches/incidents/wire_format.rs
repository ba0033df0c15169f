//! Prometheus' remote write: three small messages, and snappy's frame without its compression.

/// Samples of one series, in order of time.
pub struct Written<'a> {
    /// Sorted by name, `__name__` first.
    pub labels: Vec<(&'a str, &'a str)>,
    pub samples: &'a [(i64, f64)],
}

/// A whole write request, as it goes over the wire.
pub fn request(series: &[Written<'_>]) -> Vec<u8> {
    let mut message = Vec::new();
    for one in series {
        let mut body = Vec::new();
        for (name, value) in &one.labels {
            let mut label = Vec::new();
            bytes(&mut label, 1, name.as_bytes());
            bytes(&mut label, 2, value.as_bytes());
            bytes(&mut body, 1, &label);
        }
        for (millis, value) in one.samples {
            let mut sample = vec![1 << 3 | 1];
            sample.extend(value.to_le_bytes());
            sample.push(2 << 3);
            varint(&mut sample, millis.cast_unsigned());
            bytes(&mut body, 2, &sample);
        }
        bytes(&mut message, 1, &body);
    }
    literally(&message)
}

fn bytes(into: &mut Vec<u8>, field: u8, content: &[u8]) {
    into.push(field << 3 | 2);
    varint(into, content.len() as u64);
    into.extend(content);
}

fn varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Snappy's block format allows a block that is nothing but literals.
fn literally(content: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(content.len() + content.len() / 8192 + 16);
    varint(&mut block, content.len() as u64);
    for piece in content.chunks(65_536) {
        block.push(61 << 2);
        block.extend(u16::try_from(piece.len() - 1).unwrap().to_le_bytes());
        block.extend(piece);
    }
    block
}
