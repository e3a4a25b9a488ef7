//! What is needed to speak TLS: a certificate with its key where this side listens, and whom to trust where it
//! dials. TLS 1.3 and nothing older.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::Conf;
use crate::error::{Error, Result};

const VERSIONS: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// How listeners speak TLS. Cheap to clone; it prints nothing of its key.
#[derive(Clone)]
pub struct TlsServer(Arc<ServerConfig>);

impl TlsServer {
    /// With the certificates in one PEM file, the server's own first and those that sign it behind it, and the key
    /// in another. Both are read now; to use new ones, start anew. Fails, with the file's name, where one cannot be
    /// read, is no PEM, or they do not belong together.
    pub fn from_files(certificates: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self> {
        let (certificates, key) = (certificates.as_ref(), key.as_ref());
        let chain = certificates_in(certificates)?;
        let secret = PrivateKeyDer::from_pem_file(key)
            .map_err(|e| unusable("the key", key, "a private key in PEM", e))?;
        let failed = |e| unusable("the certificates", certificates, "a chain that fits its key", e);
        let builder =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_protocol_versions(VERSIONS)
                .map_err(failed)?;
        let mut config =
            builder.with_no_client_auth().with_single_cert(chain, secret).map_err(failed)?;
        // Nobody comes back so often that a shorter handshake pays for what tickets take.
        config.send_tls13_tickets = 0;
        Ok(TlsServer(Arc::new(config)))
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.0.clone()
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsServer(..)")
    }
}

/// How servers are dialled in TLS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    name: Option<ServerName<'static>>,
}

impl TlsClient {
    /// Trusts servers whose certificate is signed by one of those in the PEM file, and no others. Fails, with the
    /// file's name, where it cannot be read or has none.
    pub fn trusting_file(roots: impl AsRef<Path>) -> Result<Self> {
        let roots = roots.as_ref();
        let failed = |e| unusable("the certificates to trust", roots, "certificates in PEM", e);
        let mut store = RootCertStore::empty();
        for certificate in certificates_in(roots)? {
            store.add(certificate).map_err(failed)?;
        }
        let builder =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_protocol_versions(VERSIONS)
                .map_err(failed)?;
        let config = builder.with_root_certificates(store).with_no_client_auth();
        Ok(TlsClient { config: Arc::new(config), name: None })
    }

    /// The name, or the address, that the server's certificate must be for; left out, it is the host that is
    /// dialled. Fails where it is neither.
    pub fn server_name(self, name: &str) -> Result<Self> {
        Ok(TlsClient { name: Some(read_name(name)?), ..self })
    }

    /// With the name that the certificate of `target`, which is `HOST:PORT`, must be for.
    pub(crate) fn for_target(
        &self,
        target: &str,
    ) -> Result<(Arc<ClientConfig>, ServerName<'static>)> {
        let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = self.name.clone().map_or_else(|| read_name(host), Ok)?;
        Ok((self.config.clone(), name))
    }
}

impl Conf {
    /// Has all listeners speak TLS, and nothing else: a client that does not is closed, counted, and told of
    /// once a minute. The handshake must be over 10 s after the connection. A connection that ends
    /// without TLS's own goodbye is broken, and what it leaves unfinished is rejected: somebody on the way may have
    /// cut it. `docs/exposure.md` says what it costs.
    pub fn listen_tls(mut self, server: TlsServer) -> Self {
        self.exposure.listen_tls = Some(server);
        self
    }

    /// Has all servers that are dialled (`socket_text_stream`, `socket_stream`) be spoken to in TLS. One whose
    /// certificate is not trusted, or is another's, counts as one that cannot be reached.
    pub fn dial_tls(mut self, client: TlsClient) -> Self {
        self.exposure.dial_tls = Some(client);
        self
    }
}

fn certificates_in(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let certificates: Vec<_> =
        read.map_err(|e| unusable("the certificates", path, "certificates in PEM", e))?;
    if certificates.is_empty() {
        return Err(unusable("the certificates", path, "certificates in PEM", "it has none"));
    }
    Ok(certificates)
}

fn read_name(name: &str) -> Result<ServerName<'static>> {
    ServerName::try_from(name.to_owned()).map_err(|_| Error::Setting {
        setting: "the name that a server's certificate must be for",
        got: format!("{name:?}"),
        want: "a host's name or an address; give TlsClient::server_name where it is another than is dialled"
            .into(),
    })
}

fn unusable(what: &str, path: &Path, want: &str, why: impl fmt::Display) -> Error {
    Error::Io {
        what: format!("{what} in {} cannot be used; it must hold {want}", path.display()),
        reason: why.to_string(),
    }
}
