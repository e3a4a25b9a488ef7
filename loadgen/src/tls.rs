//! Whom to trust where targets speak TLS.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, Result};

/// Speak TLS 1.3 with targets whose certificate is signed by one of a file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificates to trust, in PEM.
    pub trusted: PathBuf,
    /// The name that the targets' certificate must be for; without it, the host of the first target.
    pub name: Option<String>,
}

/// The same, read.
pub(crate) struct OpenedTls {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
}

impl Tls {
    /// Reads what is needed to speak with these targets.
    pub(crate) fn open(&self, targets: &[String]) -> Result<OpenedTls> {
        let read = CertificateDer::pem_file_iter(&self.trusted).and_then(Iterator::collect);
        let certificates: Vec<_> = read.map_err(|e| self.unusable(e))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).map_err(|e| self.unusable(e))?;
        }
        if roots.is_empty() {
            return Err(self.unusable("it has none"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|e| self.unusable(e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = self.name.clone().unwrap_or_else(|| host(targets));
        let name = ServerName::try_from(name.clone()).map_err(|_| {
            Error::Usage(format!(
                "{name:?} is no name that a certificate could be for: give a host's name or an address \
                 with --tls-name"
            ))
        })?;
        Ok(OpenedTls { config: Arc::new(config), name })
    }

    fn unusable(&self, why: impl Display) -> Error {
        let file = self.trusted.display();
        Error::Usage(format!("{file} cannot be used: it must hold certificates in PEM ({why})"))
    }
}

/// The host of the first of the targets, `HOST:PORT` each.
fn host(targets: &[String]) -> String {
    let target = targets.first().map_or("", String::as_str);
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}
