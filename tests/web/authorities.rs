//! Certificates that are made anew for every run, so that none can expire.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Pair {
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(self.certificate.as_bytes()).map(Result::unwrap).collect()
    }

    pub(super) fn private(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }

    pub(super) fn write(&self, directory: &Path, name: &str) {
        std::fs::write(directory.join(format!("{name}.crt")), &self.certificate).unwrap();
        std::fs::write(directory.join(format!("{name}.key")), &self.key).unwrap();
    }
}

/// Everybody that vouches for somebody in these tests.
pub(super) struct World {
    /// Vouches for servers and clients.
    ours: Authority,
    /// Vouches for clients that nobody here knows.
    theirs: Authority,
    pub(super) server: Pair,
    /// Signed by our authority: its names are of every kind.
    pub(super) client: Pair,
    /// Signed by another.
    pub(super) stranger: Pair,
}

pub(super) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let (server, client) = (server(&ours, "localhost"), client_of(&ours));
    let stranger = client_of(&theirs);
    World { ours, theirs, server, client, stranger }
});

impl World {
    /// Our authority's own certificate.
    pub(super) fn authority(&self) -> String {
        self.ours.pem()
    }

    pub(super) fn other_authority(&self) -> String {
        self.theirs.pem()
    }

    /// Another certificate for the server.
    pub(super) fn another_server(&self) -> Pair {
        server(&self.ours, "another.example")
    }

    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.ours.der().clone()).unwrap();
        Arc::new(roots)
    }
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = named(name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn server(by: &Authority, also: &str) -> Pair {
    let names = ["localhost", "127.0.0.1", also].map(str::to_owned);
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    signed(&params, by)
}

fn client_of(by: &Authority) -> Pair {
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.subject_alt_names = vec![
        SanType::DnsName("scraper.example".try_into().unwrap()),
        SanType::Rfc822Name("ops@example.com".try_into().unwrap()),
        SanType::URI("spiffe://example.com/prometheus".try_into().unwrap()),
        SanType::IpAddress("10.1.2.3".parse().unwrap()),
    ];
    signed(&params, by)
}

fn signed(params: &CertificateParams, by: &Authority) -> Pair {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    Pair { certificate: certificate.pem(), key: key.serialize_pem() }
}
