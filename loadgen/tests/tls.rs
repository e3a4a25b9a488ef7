//! Lines over TLS: all of them, behind the token, with a proper end; and nothing to those that are not trusted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use loadgen::{Data, Load, Stop, Summary, Tls, Token, send};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

const LINES: u64 = 20_000;

type Peer = StreamOwned<ServerConnection, TcpStream>;

/// A server with a certificate of its own for `localhost`, which is in a file.
struct Server {
    folder: TempDir,
    config: Arc<ServerConfig>,
    listener: TcpListener,
}

impl Server {
    fn new() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".into()]).unwrap();
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("trusted.pem"), cert.pem()).unwrap();
        std::fs::write(folder.path().join("token"), "a-secret-of-some-length\n").unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { folder, config: Arc::new(config), listener }
    }

    fn load(&self, name: &str) -> Load {
        Load {
            data: Data { text_bytes: 1 << 20, ..Data::default() },
            records: Some(LINES),
            connections: 3,
            token: Some(Token::from_file(&self.folder.path().join("token")).unwrap()),
            tls: Some(Tls {
                trusted: self.folder.path().join("trusted.pem"),
                name: Some(name.into()),
            }),
            ..Load::default()
        }
    }

    /// The next so many connections, each in the hands of a thread.
    fn serve<R: Send + 'static>(
        &self,
        connections: usize,
        talk: fn(BufReader<Peer>) -> R,
    ) -> Vec<JoinHandle<R>> {
        let serving = (0..connections).map(|_| {
            let (listener, config) = (self.listener.try_clone().unwrap(), self.config.clone());
            thread::spawn(move || {
                let socket = listener.accept().unwrap().0;
                let tls = ServerConnection::new(config).unwrap();
                talk(BufReader::new(StreamOwned::new(tls, socket)))
            })
        });
        serving.collect()
    }

    fn send(&self, load: &Load) -> (Summary, Vec<String>) {
        let (target, mut notes) = (self.listener.local_addr().unwrap().to_string(), Vec::new());
        let summary = send(&[target], load, &Stop::new(), |event| {
            if let loadgen::Event::Note(sentence) = event {
                notes.push(sentence.to_owned());
            }
        });
        (summary.unwrap(), notes)
    }
}

fn said(peer: &mut BufReader<Peer>) -> String {
    let mut line = String::new();
    peer.read_line(&mut line).unwrap();
    line
}

#[test]
fn all_lines_come_behind_the_token_and_the_end_is_a_proper_one() {
    let server = Server::new();
    let serving = server.serve(3, |mut peer| {
        assert_eq!(said(&mut peer), "TOKEN a-secret-of-some-length\n");
        let mut text = String::new();
        // An end without close_notify is an error here.
        peer.read_to_string(&mut text).unwrap();
        assert!(text.ends_with('\n'));
        text.lines().count() as u64
    });
    let (summary, _) = server.send(&server.load("localhost"));
    let lines: u64 = serving.into_iter().map(|peer| peer.join().unwrap()).sum();
    assert_eq!((lines, summary.records, summary.connections_lost), (LINES, LINES, 0));
}

#[test]
fn acknowledged_lines_are_greeted_and_ended_in_it_too() {
    let server = Server::new();
    let serving = server.serve(3, |mut peer| {
        assert_eq!(said(&mut peer), "TOKEN a-secret-of-some-length\n");
        assert!(said(&mut peer).starts_with("MILLSTREAM 1 over-tls-"));
        peer.get_mut().write_all(b"RESUME 0\n").unwrap();
        let mut text = String::new();
        peer.read_to_string(&mut text).unwrap();
        let lines = text.lines().count();
        writeln!(peer.get_mut(), "ACK {lines}").unwrap();
        peer.get_mut().conn.send_close_notify();
        peer.get_mut().flush().unwrap();
        lines as u64
    });
    let sender = Some("over-tls".parse().unwrap());
    let (summary, _) = server.send(&Load { sender, ..server.load("localhost") });
    let lines: u64 = serving.into_iter().map(|peer| peer.join().unwrap()).sum();
    assert_eq!((lines, summary.acknowledged.unwrap().records), (LINES, LINES));
}

#[test]
fn a_target_of_another_name_gets_no_line() {
    let server = Server::new();
    let serving = server.serve(3, |mut peer| peer.read(&mut [0; 64]).is_err());
    let (summary, notes) = server.send(&server.load("elsewhere"));
    assert!(serving.into_iter().all(|peer| peer.join().unwrap()));
    assert_eq!(summary.connections_lost, 3);
    assert!(notes.iter().any(|note| note.contains("TLS: invalid peer certificate")), "{notes:?}");
}
