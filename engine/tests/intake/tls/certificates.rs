//! Certificates of a test's own: an issuer, and a server called `localhost` that it has signed.

use std::path::PathBuf;
use std::sync::Arc;

use millstream::{TlsClient, TlsServer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

pub(crate) struct Certificates {
    folder: TempDir,
    issuer: CertificateDer<'static>,
    server: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("there is room for a folder");
        let mut params = CertificateParams::new([]).expect("no names are right names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = || KeyPair::generate().expect("there is randomness");
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("it can be signed");
        let key = key();
        let params = CertificateParams::new(["localhost".into()]).expect("it is a name");
        let server = params.signed_by(&key, &issuer).expect("it can be signed");
        for (name, pem) in [
            ("chain.pem", server.pem()),
            ("key.pem", key.serialize_pem()),
            ("issuer.pem", issuer.pem()),
        ] {
            std::fs::write(folder.path().join(name), pem).expect("there is room for a file");
        }
        let (issuer, server) = (issuer.der().clone(), server.der().clone());
        Certificates { folder, issuer, server, key: key.serialize_der() }
    }

    /// The files of the server's certificate, of its key, and of the issuer's certificate.
    pub(crate) fn files(&self) -> (PathBuf, PathBuf, PathBuf) {
        let file = |name: &str| self.folder.path().join(name);
        (file("chain.pem"), file("key.pem"), file("issuer.pem"))
    }

    pub(crate) fn issuer(&self) -> CertificateDer<'static> {
        self.issuer.clone()
    }

    pub(crate) fn server(&self) -> TlsServer {
        let (chain, key, _) = self.files();
        TlsServer::from_files(chain, key).expect("the files are right")
    }

    pub(crate) fn client(&self) -> TlsClient {
        TlsClient::trusting_file(self.files().2).expect("the file is right")
    }

    /// What a server that the engine dials speaks with.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![self.server.clone()], key)
            .expect("they fit");
        Arc::new(config)
    }
}
