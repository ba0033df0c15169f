//! The words of TLS as Go spells them, and which of them rustls speaks.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{cipher_suite, kx_group};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};

use crate::config::nearest::{instead, listed};

/// The suites for TLS 1.2 that are offered, the best first.
pub(super) static SUITES: [(&str, SupportedCipherSuite); 6] = [
    (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// Those of which HTTP/2 wants one with TLS 1.2: RFC 9113, 9.2.2.
pub(super) const FOR_HTTP_2: [&str; 2] =
    ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"];

/// The suites of TLS 1.3, which are always offered, as in Go.
pub(super) static SUITES_OF_13: [SupportedCipherSuite; 3] = [
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
];

const NAMES_OF_13: [&str; 3] =
    ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

/// The groups that are offered.
pub(super) static GROUPS: [(&str, &dyn SupportedKxGroup); 3] = [
    ("X25519", kx_group::X25519),
    ("CurveP256", kx_group::SECP256R1),
    ("CurveP384", kx_group::SECP384R1),
];

/// A version of TLS, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Tls12,
    Tls13,
}

impl Version {
    /// Go's word for it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "TLS12" => Ok(Self::Tls12),
            "TLS13" => Ok(Self::Tls13),
            "TLS11" | "TLS10" => Err(format!(
                "`{text}` is broken (RFC 8996) and not spoken here; write TLS12 or TLS13"
            )),
            _ => Err(format!(
                "`{text}` is no version of TLS; {}",
                instead(text, &["TLS12", "TLS13"])
            )),
        }
    }

    /// The versions from `least` to `most`.
    pub(super) fn between(least: Self, most: Self) -> Vec<&'static SupportedProtocolVersion> {
        let all = [(Self::Tls12, &TLS12), (Self::Tls13, &TLS13)];
        let within = |(version, _): &(Self, _)| (least..=most).contains(version);
        all.into_iter().filter(within).map(|(_, version)| version).collect()
    }
}

/// A suite for TLS 1.2 by Go's name; `None` for one of TLS 1.3, which nobody can choose.
pub(super) fn suite(text: &str) -> Result<Option<SupportedCipherSuite>, String> {
    if let Some((_, suite)) = SUITES.iter().find(|(name, _)| *name == text) {
        return Ok(Some(*suite));
    }
    if NAMES_OF_13.contains(&text) {
        return Ok(None);
    }
    let known: Vec<&str> = SUITES.iter().map(|(name, _)| *name).chain(NAMES_OF_13).collect();
    if text.contains("_CBC_") || text.contains("_RC4_") || text.starts_with("TLS_RSA_") {
        return Err(format!(
            "`{text}` is weak and not spoken here; remove it, or write {}",
            listed(&known)
        ));
    }
    Err(format!("`{text}` is no cipher suite; {}", instead(text, &known)))
}

/// A group for the key exchange by Go's name.
pub(super) fn group(text: &str) -> Result<&'static dyn SupportedKxGroup, String> {
    if let Some((_, group)) = GROUPS.iter().find(|(name, _)| *name == text) {
        return Ok(*group);
    }
    let known = GROUPS.map(|(name, _)| name);
    if text == "CurveP521" || text.ends_with("MLKEM768") || text.ends_with("MLKEM1024") {
        return Err(format!("`{text}` is not spoken here; remove it, or write {}", listed(&known)));
    }
    Err(format!("`{text}` is no curve; {}", instead(text, &known)))
}

/// A yes or no as YAML 1.1 has it, which exporter-toolkit reads.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Ok(true),
        "false" | "no" | "off" | "n" => Ok(false),
        _ => Err(format!("`{text}` is neither true nor false; write one of them")),
    }
}
