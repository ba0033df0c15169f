//! What `tls_server_config` means.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::file;
use super::papers::Papers;
use super::words::{self, FOR_HTTP_2, GROUPS, SUITES, SUITES_OF_13, Version};
use crate::config::error::Fault;
use crate::config::file::Text;
use crate::config::nearest::listed;
use crate::config::scalars::{meant, of_key, read, word};
use crate::server::lock::rules::Demand;
use crate::server::tls::{Clients, Terms};

/// Where the file stands, and what it names.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The directory to which its paths are relative.
    pub(super) base: &'a Path,
    /// The files, as they were read.
    pub(super) papers: &'a Papers,
}

/// Go's words for what is asked of clients; `RequireClientCert` is exporter-toolkit's older one.
const AUTH_TYPES: [&str; 6] = [
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
    "RequireClientCert",
];

/// The files that `typed` names.
pub(super) fn files(typed: &file::Tls, base: &Path) -> Vec<PathBuf> {
    let named = [&typed.cert_file, &typed.key_file, &typed.client_ca_file];
    named.into_iter().flatten().map(|text| base.join(&text.value)).collect()
}

/// The certificate and its key.
pub(super) fn pair(typed: &file::Tls, at: At<'_>) -> Result<Arc<CertifiedKey>, Fault> {
    let certificate = Part::of("cert", typed.cert.as_ref(), typed.cert_file.as_ref())?;
    let key = Part::of("key", typed.key.as_ref(), typed.key_file.as_ref())?;
    let (Some(certificate), Some(key)) = (certificate, key) else {
        return Err(Fault::whole(
            "`tls_server_config` needs a certificate and its key; write `cert_file: PATH` and \
             `key_file: PATH`, or remove it to serve without TLS",
        ));
    };
    let chain = certificate.certificates(at)?;
    let private = PrivateKeyDer::from_pem_slice(&key.read(at)?).map_err(|_| {
        key.fault(
            "holds no private key in PEM; write one without a passphrase: PKCS#8, PKCS#1 or SEC1",
        )
    })?;
    let pair = CertifiedKey::from_der(chain, private, &default_provider());
    pair.map(Arc::new).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => key.fault("is not the key of the certificate; write the one that belongs to it"),
        // The library's own words might quote what it read.
        _ => key.fault("cannot be used with the certificate; write an RSA, ECDSA (P-256, P-384) or Ed25519 key"),
    })
}

/// The terms, with a certificate that was read before.
pub(super) fn terms(
    typed: &file::Tls,
    at: At<'_>,
    pair: Arc<CertifiedKey>,
    http2: bool,
) -> Result<Terms, Fault> {
    let least =
        meant(typed.min_version.as_ref(), Version::Tls12, of_key("min_version", Version::parse))?;
    let most =
        meant(typed.max_version.as_ref(), Version::Tls13, of_key("max_version", Version::parse))?;
    if let Some(place) = typed.min_version.as_ref().filter(|_| least > most) {
        return Err(Fault::of(place, "`min_version` is above `max_version`; swap them"));
    }
    let prefer_ours = meant(
        typed.prefer_server_cipher_suites.as_ref(),
        true,
        of_key("prefer_server_cipher_suites", words::truth),
    )?;
    let groups = match typed.curve_preferences.as_ref().filter(|list| !list.value.is_empty()) {
        None => GROUPS.iter().map(|(_, group)| *group).collect(),
        Some(list) => {
            list.value.iter().map(|text| read(text, words::group)).collect::<Result<_, _>>()?
        }
    };
    Ok(Terms {
        pair,
        versions: Version::between(least, most),
        suites: suites(typed, http2 && least == Version::Tls12)?,
        groups,
        prefer_ours,
        http2,
        clients: clients(typed, at)?,
    })
}

fn suites(
    typed: &file::Tls,
    http2_over_12: bool,
) -> Result<Vec<rustls::SupportedCipherSuite>, Fault> {
    let Some(list) = typed.cipher_suites.as_ref().filter(|list| !list.value.is_empty()) else {
        return Ok(SUITES_OF_13.into_iter().chain(SUITES.map(|(_, suite)| suite)).collect());
    };
    let chosen: Vec<_> =
        list.value.iter().map(|text| read(text, words::suite)).collect::<Result<_, _>>()?;
    let fits = |text: &Text| FOR_HTTP_2.contains(&text.value.as_str());
    if http2_over_12 && !list.value.iter().any(fits) {
        return Err(Fault::of(
            list,
            format!(
                "HTTP/2 needs one more suite; add {}, or write `http2: false` under \
                 `http_server_config`",
                listed(&FOR_HTTP_2)
            ),
        ));
    }
    Ok(SUITES_OF_13.into_iter().chain(chosen.into_iter().flatten()).collect())
}

fn clients(typed: &file::Tls, at: At<'_>) -> Result<Clients, Fault> {
    let auth = meant(
        typed.client_auth_type.as_ref(),
        "NoClientCert",
        of_key("client_auth_type", word("mode", &AUTH_TYPES, |word| word)),
    )?;
    let required = auth.starts_with("Require");
    let verified = auth.contains("Verify");
    let authority = Part::of("client_ca", typed.client_ca.as_ref(), typed.client_ca_file.as_ref())?;
    let place = typed.client_auth_type.as_ref();
    let mut roots = RootCertStore::empty();
    match (&authority, place) {
        (Some(part), _) if auth == "NoClientCert" => {
            return Err(part.fault(
                "is of no use without `client_auth_type: RequireAndVerifyClientCert`; add that",
            ));
        }
        (Some(part), _) => part.trust(at, &mut roots)?,
        // Go would take any certificate that any authority of the system ever signed.
        (None, Some(place)) if verified => {
            return Err(Fault::of(
                place,
                format!("{auth} needs to know whom to believe; add `client_ca_file: PATH`"),
            ));
        }
        (None, _) => {}
    }
    let names = names(typed, required)?;
    let demand = Demand { required, verified, named: typed.client_allowed_sans.is_some() };
    Ok(Clients { asked: auth != "NoClientCert", demand, roots: Arc::new(roots), names })
}

fn names(typed: &file::Tls, required: bool) -> Result<Vec<String>, Fault> {
    let Some(list) = &typed.client_allowed_sans else { return Ok(Vec::new()) };
    if !required {
        return Err(Fault::of(
            list,
            "`client_allowed_sans` needs clients that show a certificate; write \
             `client_auth_type: RequireAndVerifyClientCert`",
        ));
    }
    if list.value.is_empty() {
        return Err(Fault::of(
            list,
            "the list of `client_allowed_sans` is empty, which would allow nobody; write a name, \
             or remove it",
        ));
    }
    Ok(list.value.iter().map(|text| text.value.clone()).collect())
}

/// Something that stands in the file itself or in a file of its own.
struct Part<'a> {
    key: &'static str,
    text: &'a Text,
    is_file: bool,
}

impl<'a> Part<'a> {
    fn of(
        key: &'static str,
        inline: Option<&'a Text>,
        file: Option<&'a Text>,
    ) -> Result<Option<Self>, Fault> {
        let part = match (inline, file) {
            (Some(_), Some(file)) => {
                return Err(Fault::of(
                    file,
                    format!("both `{key}` and `{key}_file` are set; keep one"),
                ));
            }
            (Some(text), None) => Self { key, text, is_file: false },
            (None, Some(text)) => Self { key, text, is_file: true },
            (None, None) => return Ok(None),
        };
        if part.text.value.trim().is_empty() {
            let named = if part.is_file { format!("{key}_file") } else { key.to_owned() };
            return Err(Fault::of(
                part.text,
                format!("`{named}` is empty; write something, or remove it"),
            ));
        }
        Ok(Some(part))
    }

    /// Something wrong with it, said without its content.
    fn fault(&self, wrong: &str) -> Fault {
        let key = self.key;
        let what = if self.is_file {
            format!("`{key}_file`: {}", shown(&self.text.value))
        } else {
            format!("`{key}`: the value")
        };
        Fault::of(self.text, format!("{what} {wrong}"))
    }

    fn read(&self, at: At<'_>) -> Result<Vec<u8>, Fault> {
        if !self.is_file {
            return Ok(self.text.value.clone().into_bytes());
        }
        let read = at.papers.get(&at.base.join(&self.text.value));
        let told = |reason| self.fault(&format!("cannot be read: {reason}; check the path"));
        read.map(<[u8]>::to_vec).map_err(told)
    }

    fn certificates(&self, at: At<'_>) -> Result<Vec<CertificateDer<'static>>, Fault> {
        let bytes = self.read(at)?;
        let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
        match found {
            Ok(found) if !found.is_empty() => Ok(found),
            _ => {
                Err(self.fault("holds no certificate in PEM; write -----BEGIN CERTIFICATE----- …"))
            }
        }
    }

    fn trust(&self, at: At<'_>, roots: &mut RootCertStore) -> Result<(), Fault> {
        for certificate in self.certificates(at)? {
            let refused = |_| self.fault("holds a certificate that is none; write one in PEM");
            roots.add(certificate).map_err(refused)?;
        }
        Ok(())
    }
}

/// A path, unless it may be the key itself, written where its file's name belongs.
fn shown(path: &str) -> &str {
    let is_key = path.len() > 200
        || path.contains("-----")
        || path.chars().any(char::is_control)
        || ["MI", "MC4CAQ"].iter().any(|begin| path.starts_with(begin));
    if is_key { "the file of this name" } else { path }
}
