//! What clients must show of themselves, in the five modes of Go's `tls.ClientAuthType`.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};

use super::san;
use crate::server::lock::rules::Demand;

/// What is asked of clients.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Whether a certificate is asked for.
    pub asked: bool,
    /// What is demanded of it.
    pub demand: Demand,
    /// The authorities that are known.
    pub roots: Arc<RootCertStore>,
    /// The names of which it must bear one; empty is any.
    pub names: Vec<String>,
}

impl Clients {
    /// The verifier that rustls asks, where there is anything to ask.
    pub(super) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
        if !self.asked {
            return Ok(None);
        }
        let chain = self.demand.verified.then(|| self.chain(provider)).transpose()?;
        Ok(Some(Arc::new(Verifier {
            chain,
            required: self.demand.required,
            names: self.demand.named.then(|| self.names.clone()),
            hints: self.roots.subjects(),
            algorithms: provider.signature_verification_algorithms,
        })))
    }

    fn chain(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, String> {
        let (roots, provider) = (Arc::clone(&self.roots), Arc::clone(provider));
        WebPkiClientVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|error| format!("clients cannot be verified: {error}"))
    }
}

#[derive(Debug)]
struct Verifier {
    /// Where the certificate must come from; `None` is anywhere.
    chain: Option<Arc<dyn ClientCertVerifier>>,
    required: bool,
    names: Option<Vec<String>>,
    hints: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Verifier {
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(chain) = &self.chain {
            chain.verify_client_cert(end_entity, intermediates, now)?;
        }
        let shown = || san::names(end_entity);
        let allowed = |names: &Vec<String>| shown().iter().any(|name| names.contains(name));
        if self.names.as_ref().is_none_or(allowed) {
            return Ok(ClientCertVerified::assertion());
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    // Also where nobody vouches for a certificate its key must be the client's own.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
