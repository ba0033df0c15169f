//! The web configuration as it was typed: exporter-toolkit's keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::config::file::{List, Text};

// No `Debug` here: a key may stand in this file.

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    #[serde(deserialize_with = "even_if_empty")]
    pub(super) tls_server_config: Option<Tls>,
    pub(super) http_server_config: Option<Http>,
    #[serde(deserialize_with = "even_if_empty")]
    pub(super) basic_auth_users: Option<BTreeMap<String, Text>>,
    pub(super) rate_limit: Option<RateLimit>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tls {
    pub(super) cert: Option<Text>,
    pub(super) cert_file: Option<Text>,
    pub(super) key: Option<Text>,
    pub(super) key_file: Option<Text>,
    pub(super) client_ca: Option<Text>,
    pub(super) client_ca_file: Option<Text>,
    pub(super) client_auth_type: Option<Text>,
    pub(super) client_allowed_sans: Option<List<Text>>,
    pub(super) min_version: Option<Text>,
    pub(super) max_version: Option<Text>,
    pub(super) cipher_suites: Option<List<Text>>,
    pub(super) prefer_server_cipher_suites: Option<Text>,
    pub(super) curve_preferences: Option<List<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Http {
    pub(super) http2: Option<Text>,
    pub(super) headers: Option<Headers>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Headers {
    #[serde(rename = "Content-Security-Policy")]
    pub(super) content_security_policy: Option<Text>,
    #[serde(rename = "Strict-Transport-Security")]
    pub(super) strict_transport_security: Option<Text>,
    #[serde(rename = "X-Content-Type-Options")]
    pub(super) x_content_type_options: Option<Text>,
    #[serde(rename = "X-Frame-Options")]
    pub(super) x_frame_options: Option<Text>,
    #[serde(rename = "X-XSS-Protection")]
    pub(super) x_xss_protection: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RateLimit {
    pub(super) interval: Option<Text>,
    pub(super) burst: Option<Text>,
}

/// A key with nothing behind it is there all the same: it is not the same as no key.
fn even_if_empty<'de, D, T>(typed: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(typed).map(|value| Some(value.unwrap_or_default()))
}
