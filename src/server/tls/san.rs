//! The names in a certificate, read as exporter-toolkit compares them: RFC 5280, 4.2.1.6.

use std::net::{Ipv4Addr, Ipv6Addr};

/// DER tags on the way to the names.
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const MAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

/// `id-ce-subjectAltName`, 2.5.29.17.
const ALTERNATIVE_NAME: [u8; 3] = [0x55, 0x1d, 0x11];

/// The alternative names of a DER certificate: DNS, e-mail, URI, and IP addresses as they are
/// usually written. Empty where it has none or is no certificate.
pub(super) fn names(certificate: &[u8]) -> Vec<String> {
    extension(certificate).and_then(sequence).map(listed).unwrap_or_default()
}

/// One element and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let within = (1..=4).contains(&digits.len());
        let length = digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit));
        (within.then_some(length)?, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// The elements of `der`, as far as it has any.
fn elements(mut der: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, after) = element(der)?;
        der = after;
        Some((tag, content))
    })
}

/// What is in `der`, which is one sequence.
fn sequence(der: &[u8]) -> Option<&[u8]> {
    element(der).filter(|(tag, ..)| *tag == SEQUENCE).map(|(_, content, _)| content)
}

/// What is in the extension of the alternative names.
fn extension(certificate: &[u8]) -> Option<&[u8]> {
    let signed = sequence(sequence(certificate)?)?;
    // The version or the serial number comes first; anything else is no certificate.
    elements(signed).next().filter(|(tag, _)| matches!(*tag, VERSION | INTEGER))?;
    let (_, extensions) = elements(signed).find(|(tag, _)| *tag == EXTENSIONS)?;
    elements(sequence(extensions)?).find_map(|(_, extension)| {
        let named = |(tag, oid): (u8, &[u8])| tag == OID && oid == ALTERNATIVE_NAME;
        elements(extension).next().is_some_and(named).then_some(())?;
        elements(extension).find(|(tag, _)| *tag == OCTETS).map(|(_, names)| names)
    })
}

fn listed(names: &[u8]) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    elements(names)
        .filter_map(|(tag, name)| match tag {
            MAIL | DNS | URI => text(name),
            IP => address(name),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string()))
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn certificate(names: Vec<SanType>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn every_kind_of_name_is_read() {
        let found = names(&certificate(vec![
            SanType::DnsName("scraper.example".try_into().unwrap()),
            SanType::Rfc822Name("ops@example.com".try_into().unwrap()),
            SanType::URI("spiffe://example.com/prometheus".try_into().unwrap()),
            SanType::IpAddress("10.1.2.3".parse().unwrap()),
            SanType::IpAddress("2001:db8::1".parse().unwrap()),
        ]));
        let expected = [
            "scraper.example",
            "ops@example.com",
            "spiffe://example.com/prometheus",
            "10.1.2.3",
            "2001:db8::1",
        ];
        assert_eq!(found, expected);
        assert!(names(&certificate(vec![])).is_empty());
    }

    #[test]
    fn a_long_list_has_a_length_of_several_bytes() {
        let many = (0..5000).map(|i| SanType::DnsName(format!("h{i}.example").try_into().unwrap()));
        assert_eq!(names(&certificate(many.collect())).len(), 5000);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, cut in 0_usize..400, at in 0_usize..400, to: u8) {
            let _ = names(&bytes);
            let name = SanType::DnsName("a.example".try_into().unwrap());
            let mut real = certificate(vec![name]);
            if let Some(byte) = real.get_mut(at) {
                *byte = to;
            }
            real.truncate(cut);
            let _ = names(&real);
        }
    }
}
