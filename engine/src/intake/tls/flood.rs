//! A peer for tests that sends records without end of which nothing can be read: an empty one and a change of keys in
//! turn, each of which makes the library forget how many of the other it has seen.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::cipher::{AeadKey, Iv, MessageEncrypter, OutboundChunks, OutboundPlainMessage};
use rustls::crypto::ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256;
use rustls::crypto::ring::default_provider;
use rustls::crypto::tls13::OkmBlock;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{
    ClientConfig, ClientConnection, ContentType, KeyLog, ProtocolVersion, RootCertStore,
    ServerConfig, ServerConnection, Tls13CipherSuite,
};

use super::TlsStream;

/// Its handshake and each of its records come within this, or the test has failed.
const WITHIN: Duration = Duration::from_secs(60);

/// The message that changes the sender's keys and asks for no answer.
const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

/// A server's settings, and its peer that has said nothing yet.
pub(in crate::intake) struct Flood {
    tls: ClientConnection,
    socket: TcpStream,
    first_secret: Arc<FirstSecret>,
    keys: Option<Keys>,
}

/// What seals the peer's records.
struct Keys {
    secret: Vec<u8>,
    seals: Box<dyn MessageEncrypter>,
    sealed: u64,
}

#[derive(Debug, Default)]
struct FirstSecret(Mutex<Vec<u8>>);

impl KeyLog for FirstSecret {
    fn log(&self, label: &str, _: &[u8], secret: &[u8]) {
        if label == "CLIENT_TRAFFIC_SECRET_0" {
            *self.0.lock().unwrap() = secret.to_vec();
        }
    }
}

/// Both ends, when hands are shaken.
pub(in crate::intake) fn shaken() -> (TlsStream, Flood) {
    let (server, socket, mut flood) = meet();
    let tls = ServerConnection::new(server).unwrap();
    let mut stream = TlsStream::new(mio::net::TcpStream::from_std(socket), tls.into());
    flood.shake_hands(|| {
        stream.shake_hands().ok();
    });
    (stream, flood)
}

/// Gives the settings of a server, the server's end of a connection, and the peer at the other end.
pub(in crate::intake) fn meet() -> (Arc<ServerConfig>, TcpStream, Flood) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["localhost".into()]).unwrap().self_signed(&key).unwrap();
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], secret)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let mut provider = default_provider();
    provider.cipher_suites = vec![TLS13_CHACHA20_POLY1305_SHA256];
    let mut client = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let first_secret = Arc::new(FirstSecret::default());
    client.key_log = first_secret.clone();
    let tls = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    [&socket, &accepted].into_iter().for_each(|end| end.set_nonblocking(true).unwrap());
    (Arc::new(server), accepted, Flood { tls, socket, first_secret, keys: None })
}

impl Flood {
    /// Shakes hands, while `other` does what the other end has to.
    pub(in crate::intake) fn shake_hands(&mut self, mut other: impl FnMut()) {
        let begun = Instant::now();
        while self.tls.is_handshaking() || self.tls.wants_write() {
            assert!(begun.elapsed() < WITHIN, "the handshake does not end");
            while self.tls.wants_write() && self.tls.write_tls(&mut self.socket).is_ok() {}
            other();
            if self.tls.read_tls(&mut self.socket).is_ok() {
                self.tls.process_new_packets().unwrap();
            }
        }
        self.keys = Some(Keys::new(self.first_secret.0.lock().unwrap().clone()));
    }

    /// Sends records that hold nothing, so many bytes at least, while `other` reads; and then `text` in one record.
    /// Says whether all were taken.
    pub(in crate::intake) fn send(
        &mut self,
        least: usize,
        text: &[u8],
        mut other: impl FnMut(),
    ) -> bool {
        let keys = self.keys.as_mut().expect("hands were shaken");
        let mut records = Vec::new();
        while records.len() < least {
            records.extend(keys.seal(ContentType::ApplicationData, &[]));
            records.extend(keys.seal(ContentType::Handshake, &KEY_UPDATE));
            *keys = Keys::new(expanded(&keys.secret, b"traffic upd", 32));
        }
        records.extend(keys.seal(ContentType::ApplicationData, text));
        let (begun, mut left) = (Instant::now(), &records[..]);
        while !left.is_empty() {
            assert!(begun.elapsed() < WITHIN, "{} bytes are not taken", left.len());
            match self.socket.write(left) {
                Ok(written) => left = &left[written..],
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => other(),
                Err(_) => return false,
            }
        }
        true
    }
}

impl Keys {
    fn new(secret: Vec<u8>) -> Self {
        let key: [u8; 32] = expanded(&secret, b"key", 32).try_into().unwrap();
        let iv: [u8; 12] = expanded(&secret, b"iv", 12).try_into().unwrap();
        let seals = suite().aead_alg.encrypter(AeadKey::from(key), Iv::from(iv));
        Keys { secret, seals, sealed: 0 }
    }

    fn seal(&mut self, typ: ContentType, bytes: &[u8]) -> Vec<u8> {
        let payload = OutboundChunks::Single(bytes);
        let version = ProtocolVersion::TLSv1_3;
        let record = OutboundPlainMessage { typ, version, payload };
        let sealed = self.seals.encrypt(record, self.sealed).unwrap();
        self.sealed += 1;
        sealed.encode()
    }
}

fn suite() -> &'static Tls13CipherSuite {
    TLS13_CHACHA20_POLY1305_SHA256.tls13().expect("it is one of TLS 1.3")
}

/// What TLS 1.3 calls HKDF-Expand-Label, of an empty context.
fn expanded(secret: &[u8], label: &[u8], bytes: u16) -> Vec<u8> {
    let mut expanded = vec![0; bytes.into()];
    let label_bytes = [6 + label.len() as u8];
    let info = [&bytes.to_be_bytes()[..], &label_bytes, b"tls13 ", label, &[0]];
    let expander = suite().hkdf_provider.expander_for_okm(&OkmBlock::new(secret));
    expander.expand_slice(&info, &mut expanded).unwrap();
    expanded
}
