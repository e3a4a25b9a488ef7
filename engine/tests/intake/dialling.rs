//! Servers that are not there yet, go away, and come back.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};

use millstream::progress::Notice;

use crate::rig::{Rig, accept, wait_until};

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    server.local_addr().expect("it is bound")
}

fn serve_at(address: SocketAddr) -> TcpListener {
    wait_until("the port to be free", || TcpListener::bind(address).ok())
}

#[test]
fn a_server_that_comes_late_is_found() {
    let address = nobody();
    let rig = Rig::dialling(address);
    rig.ear.wait_for("a warning", |heard| {
        let mut sentences = heard.notices.iter().map(ToString::to_string);
        sentences.find(|s| s.contains(&address.to_string()) && s.contains("cannot be reached"))
    });
    let server = serve_at(address);
    accept(&server).write_all(b"at last\n").expect("the engine reads");
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), ["at last"]);
    assert_eq!(
        rig.ear.warnings("cannot be reached").len(),
        1,
        "one sentence for a row of failures"
    );
}

#[test]
fn a_server_that_goes_away_and_comes_back_loses_no_line() {
    let address = nobody();
    let server = serve_at(address);
    let rig = Rig::dialling(address);
    accept(&server).write_all(b"before\nand its end").expect("the engine reads");
    drop(server);
    rig.ear.wait_for_ends(1);
    let server = serve_at(address);
    accept(&server).write_all(b"after\n").expect("the engine reads");
    rig.ear.wait_for_ends(2);
    assert_eq!(rig.batch(), ["before", "and its end", "after"]);
    assert_eq!(rig.counts().unterminated, 1);
}

#[test]
fn the_end_of_one_connection_is_never_joined_to_the_start_of_the_next() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let rig = Rig::dialling(server.local_addr().expect("it is bound"));
    for n in 1..=3 {
        accept(&server).write_all(format!("half of {n}").as_bytes()).expect("the engine reads");
        rig.ear.wait_for_ends(n);
    }
    assert_eq!(rig.batch(), ["half of 1", "half of 2", "half of 3"]);
}

#[test]
fn a_connection_that_is_reset_before_it_is_served_is_dialled_again() {
    let address = nobody();
    let server = serve_at(address);
    let rig = Rig::dialling(address);
    rig.ear.wait_for_connections(1);
    // Closed with a connection in its queue, a listener resets it.
    drop(server);
    let reason = rig.ear.wait_for("the reset", |heard| {
        heard.notices.iter().find_map(|notice| match notice {
            Notice::Disconnected { reason, .. } => Some(reason.clone()),
            _ => None,
        })
    });
    assert!(reason.is_some_and(|why| why.contains("reset")));
    let server = serve_at(address);
    accept(&server).write_all(b"again\n").expect("the engine reads");
    rig.ear.wait_for_ends(2);
    assert_eq!(rig.batch(), ["again"]);
}
