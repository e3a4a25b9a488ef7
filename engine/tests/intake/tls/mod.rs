//! TLS: what comes over it is what was sent, byte for byte; what is not TLS, or not trusted, gets nowhere; and who
//! cuts it off is found out.

mod certificates;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use millstream::disk::MemoryDisk;
use millstream::progress::Notice;
use millstream::testing::Collector;
use millstream::{Conf, Stop, StreamingContext, TlsClient, TlsServer, millis};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection, StreamOwned};

use self::certificates::Certificates;
use crate::rig::{Rig, accept, assert_closed, client_of, conf, wait_until};

const SECRET: &str = "d41d8cd98f00b204";

type Client = StreamOwned<ClientConnection, TcpStream>;

fn listening(certificates: &Certificates) -> Conf {
    conf().listen_tls(certificates.server())
}

/// A client that trusts the certificates' issuer, and has shaken hands with the first listener.
fn client(rig: &Rig, certificates: &Certificates) -> Client {
    connect(rig.client(), certificates)
}

fn connect(mut socket: TcpStream, certificates: &Certificates) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(certificates.issuer()).expect("it is a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().expect("it is a name");
    let mut tls = ClientConnection::new(Arc::new(config), name).expect("the settings are right");
    tls.complete_io(&mut socket).expect("the handshake succeeds");
    StreamOwned::new(tls, socket)
}

/// Ends it as TLS wants it.
fn say_goodbye(mut client: Client) {
    client.conn.send_close_notify();
    client.flush().expect("the engine reads");
}

#[test]
fn lines_of_all_lengths_arrive_as_they_were_sent() {
    let certificates = Certificates::new();
    let rig = Rig::of_lines(listening(&certificates).memory_bytes(64 << 20));
    let line = |n: usize| format!("{n} {}", "x".repeat(n * 37 % 40_000));
    let senders: Vec<_> = (0..3)
        .map(|_| {
            let mut client = client(&rig, &certificates);
            thread::spawn(move || {
                for n in 0..500 {
                    writeln!(client, "{}", line(n)).expect("the engine reads");
                }
                say_goodbye(client);
            })
        })
        .collect();
    senders.into_iter().for_each(|sender| sender.join().expect("it sends"));
    rig.ear.wait_for_ends(3);
    let mut lines = rig.batch();
    let mut sent: Vec<_> = (0..500).flat_map(|n| [line(n), line(n), line(n)]).collect();
    lines.sort();
    sent.sort();
    assert!(lines == sent, "{} lines of {}", lines.len(), sent.len());
    assert_eq!(rig.counts().unterminated, 0);
}

#[test]
fn bytes_that_come_one_by_one_are_records_all_the_same() {
    let certificates = Certificates::new();
    let rig = Rig::of_lines(listening(&certificates).receiver_token(SECRET));
    let mut client = client(&rig, &certificates);
    let text = format!("TOKEN {SECRET}\nfirst\nsecond\n");
    for byte in text.bytes() {
        client.conn.writer().write_all(&[byte]).expect("it takes a byte");
        let mut sealed = Vec::new();
        client.conn.write_tls(&mut sealed).expect("a vector takes all");
        for byte in sealed {
            client.sock.write_all(&[byte]).expect("the engine reads");
        }
    }
    say_goodbye(client);
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), ["first", "second"]);
}

#[test]
fn an_end_without_a_goodbye_is_a_break_and_what_it_cut_is_rejected() {
    let certificates = Certificates::new();
    let rig = Rig::of_lines(listening(&certificates));
    let mut client = client(&rig, &certificates);
    client.write_all(b"whole\npay 1000").expect("the engine reads");
    client.sock.shutdown(Shutdown::Both).expect("it is open");
    let reason = rig.ear.wait_for("the end", |heard| {
        heard.notices.iter().find_map(|notice| match notice {
            Notice::Disconnected { reason, .. } => Some(reason.clone()),
            _ => None,
        })
    });
    assert!(reason.expect("it is a break").contains("without TLS's close_notify"));
    assert_eq!(rig.batch(), ["whole"]);
    let counts = rig.counts();
    assert_eq!((counts.records, counts.rejected, counts.unterminated), (1, 1, 1));
}

#[test]
fn a_last_line_counts_without_its_end_where_the_goodbye_has_come() {
    let certificates = Certificates::new();
    let rig = Rig::of_lines(listening(&certificates));
    let mut client = client(&rig, &certificates);
    client.write_all(b"whole\nthe last").expect("the engine reads");
    say_goodbye(client);
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), ["whole", "the last"]);
}

#[test]
fn what_is_no_tls_gets_nowhere_and_is_counted() {
    let certificates = Certificates::new();
    let rig = Rig::of_lines(listening(&certificates));
    for said in [&b"a line\n"[..], b"GET / HTTP/1.1\r\n\r\n", &[0x16; 4000], &[0xff; 70_000]] {
        let mut stranger = rig.client();
        // It may be closed before all is written.
        let written = stranger.write_all(said);
        assert!(written.is_ok() || said.len() > 4000, "{written:?}");
        assert_closed(&mut stranger);
    }
    let gone = rig.client();
    gone.shutdown(Shutdown::Write).expect("it is open");
    assert_closed(&mut { gone });
    assert!(rig.ear.warnings("did not speak TLS as it is spoken here").len() == 1);
    assert_eq!((rig.ear.disconnected(), rig.engine.memory_in_use_bytes()), (0, 0));
    let mut client = client(&rig, &certificates);
    client.write_all(b"a line\n").expect("the engine reads");
    say_goodbye(client);
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), ["a line"]);
}

#[test]
fn who_never_ends_its_handshake_is_closed_when_its_time_is_over() {
    let certificates = Certificates::new();
    let rig = Rig::of_lines(listening(&certificates).max_connections(1));
    let mut silent = rig.client();
    silent.write_all(&[0x16, 3, 1]).expect("the engine reads");
    assert_closed(&mut silent);
    let mut next = client(&rig, &certificates);
    next.write_all(b"at last\n").expect("the engine reads");
    say_goodbye(next);
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), ["at last"]);
}

#[test]
fn lines_are_acknowledged_over_it_and_refusals_arrive() {
    let certificates = Certificates::new();
    let conf = listening(&certificates).receiver_token(SECRET);
    let conf = conf.write_ahead_log(true).disk(MemoryDisk::default());
    let create = || StreamingContext::new(conf, millis(50));
    let ssc = StreamingContext::get_or_create("/job", create).expect("the settings are right");
    let out = Collector::new();
    let collected = out.clone();
    let running = ssc
        .start(move |s| {
            collected.collect(&s.acknowledged_text_stream(":0").map(str::to_owned));
            Ok(())
        })
        .expect("it starts");
    let address = running.listening()[0];
    let greeted = |token: &str| {
        let mut client = connect(client_of(address), &certificates);
        write!(client, "TOKEN {token}\nMILLSTREAM 1 a\n").expect("the engine reads");
        BufReader::new(client)
    };
    let mut told = String::new();
    greeted("0000000000000000").read_line(&mut told).expect("it answers");
    assert!(told.starts_with("REFUSE the first line must be TOKEN SECRET"), "{told}");
    let mut client = greeted(SECRET);
    told.clear();
    client.read_line(&mut told).expect("it answers");
    assert_eq!(told, "RESUME 0\n");
    client.get_mut().write_all(b"first\nsecond\n").expect("the engine reads");
    client.get_mut().conn.send_close_notify();
    client.get_mut().flush().expect("the engine reads");
    told.clear();
    client.read_to_string(&mut told).expect("the engine says goodbye in TLS");
    assert_eq!(told.lines().last(), Some("ACK 2"));
    running.stop(Stop::Graceful).expect("it stops");
    let lines: Vec<_> = out.take().into_iter().flat_map(|(_, lines)| lines).collect();
    assert_eq!(lines, ["first", "second"]);
}

/// A server that the engine dials, the certificate of which is for `localhost`.
fn dialled(trusting: TlsClient) -> (Rig, TcpListener) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let target = server.local_addr().expect("it is bound").to_string();
    let rig = Rig::start(conf().dial_tls(trusting), move |s, out| {
        out.collect(&s.socket_text_stream(&target).map(str::to_owned));
        Ok(())
    });
    (rig, server)
}

#[test]
fn a_server_that_is_trusted_is_read() {
    let certificates = Certificates::new();
    let trusting = certificates.client().server_name("localhost").expect("it is a name");
    let (rig, server) = dialled(trusting);
    let mut socket = accept(&server);
    let mut tls = ServerConnection::new(certificates.server_config()).expect("it is right");
    tls.complete_io(&mut socket).expect("the handshake succeeds");
    let mut tls = StreamOwned::new(tls, socket);
    tls.write_all(b"of a server\n").expect("the engine reads");
    tls.conn.send_close_notify();
    tls.flush().expect("the engine reads");
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), ["of a server"]);
}

#[test]
fn one_that_is_another_or_not_trusted_is_not_and_is_told_of_once() {
    let (certificates, others) = (Certificates::new(), Certificates::new());
    let another = certificates.client().server_name("elsewhere").expect("it is a name");
    let stranger = others.client().server_name("localhost").expect("it is a name");
    for trusting in [another, stranger] {
        let (rig, server) = dialled(trusting);
        for _ in 0..3 {
            let mut socket = accept(&server);
            let mut tls = ServerConnection::new(certificates.server_config()).expect("it is right");
            while tls.complete_io(&mut socket).is_ok() {}
        }
        let warnings = wait_until("a warning", || {
            let warnings = rig.ear.warnings("cannot be reached (TLS: ");
            (!warnings.is_empty()).then_some(warnings)
        });
        assert!(warnings.len() == 1 && warnings[0].contains("certificate"), "{warnings:?}");
        assert_eq!(rig.ear.disconnected(), 0);
    }
}

#[test]
fn files_that_hold_something_else_are_refused_by_name() {
    let certificates = Certificates::new();
    let (chain, key, issuer) = certificates.files();
    let refused = |e: millstream::Error| e.to_string();
    let e = refused(TlsServer::from_files(&key, &key).expect_err("a key is no certificate"));
    assert!(e.contains("the certificates in") && e.contains("key.pem"), "{e}");
    let e = refused(TlsServer::from_files(&chain, &chain).expect_err("nor the other way round"));
    assert!(e.contains("the key in") && e.contains("chain.pem"), "{e}");
    let e = refused(TlsServer::from_files("/nowhere", &key).expect_err("it is not there"));
    assert!(e.contains("/nowhere"), "{e}");
    let others = Certificates::new();
    let e = refused(TlsServer::from_files(&chain, others.files().1).expect_err("it is another's"));
    assert!(e.contains("chain.pem"), "{e}");
    assert!(TlsClient::trusting_file(issuer).is_ok());
    assert!(TlsClient::trusting_file(key).is_err());
}
