//! Listening: where, and to how many at once.

use std::io::Write;
use std::net::TcpListener;

use millstream::testing::Collector;
use millstream::{State, StreamingContext};

use crate::rig::{BATCH, BLOCK, Rig, client_of, conf};

const CLIENTS: usize = 200;
const LINES: usize = 50;

#[test]
fn many_clients_at_once_keep_their_order_and_are_never_mixed() {
    let rig = Rig::of_lines(conf());
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| rig.client()).collect();
    for line in 0..LINES {
        // A line in two writes, the other clients' between them.
        for (id, client) in clients.iter_mut().enumerate() {
            write!(client, "client {id} ").expect("the engine reads");
        }
        for client in &mut clients {
            writeln!(client, "line {line}").expect("the engine reads");
        }
        rig.hand.advance(BLOCK);
    }
    drop(clients);
    rig.ear.wait_for_ends(CLIENTS);
    let lines = rig.batch();
    assert_eq!(lines.len(), CLIENTS * LINES);
    for id in 0..CLIENTS {
        let of_it = format!("client {id} ");
        let its: Vec<_> = lines.iter().filter(|line| line.starts_with(&of_it)).collect();
        let in_order: Vec<_> = (0..LINES).map(|n| format!("client {id} line {n}")).collect();
        assert!(its.into_iter().eq(&in_order), "client {id}");
    }
}

#[test]
fn a_port_may_be_given_in_every_way_and_is_on_loopback() {
    let rig: Rig = Rig::start(conf(), |s, out| {
        for address in [":0", "0", "127.0.0.1:0", "localhost:0"] {
            out.collect(&s.listen_text_stream(address).map(str::to_owned));
        }
        Ok(())
    });
    let addresses = rig.running.listening().to_vec();
    assert_eq!(addresses.len(), 4);
    for (n, address) in addresses.into_iter().enumerate() {
        assert!(address.ip().is_loopback() && address.port() != 0, "{address}");
        client_of(address).write_all(format!("line {n}\n").as_bytes()).expect("the engine reads");
    }
    rig.ear.wait_for_ends(4);
    assert_eq!(rig.batch(), ["line 0", "line 1", "line 2", "line 3"]);
}

#[test]
fn an_address_in_use_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    let ssc = StreamingContext::new(conf(), BATCH).expect("the settings are right");
    let said = address.clone();
    let started = ssc.start(move |s| {
        Collector::new().collect(&s.listen_text_stream(address.as_str()).map(str::to_owned));
        Ok(())
    });
    let error = started.err().expect("the address is taken").to_string();
    assert!(error.contains(&said) && error.contains("in use"), "{error}");
    assert_eq!(ssc.state(), State::Stopped);
}

#[test]
fn a_listener_that_cannot_be_bound_frees_the_one_before_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = |of: &TcpListener| of.local_addr().expect("it is bound");
    let (first, second) = (address(&free), address(&taken));
    drop(free);
    let ssc = StreamingContext::new(conf(), BATCH).expect("the settings are right");
    let started = ssc.start(move |s| {
        for address in [first, second] {
            let lines = s.listen_text_stream(address.to_string());
            Collector::new().collect(&lines.map(str::to_owned));
        }
        Ok(())
    });
    assert!(started.is_err());
    drop(TcpListener::bind(first).expect("the failed start has let it go"));
}

#[test]
fn connections_beyond_the_limit_wait_for_their_turn() {
    let rig = Rig::of_lines(conf().max_connections(2));
    let mut clients: Vec<_> = (0..4).map(|_| rig.client()).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.write_all(format!("client {n}\n").as_bytes()).expect("the engine reads");
    }
    rig.ear.wait_for_connections(2);
    rig.close_blocks_until(18);
    drop(clients);
    rig.ear.wait_for_ends(4);
    let mut lines = rig.batch();
    lines.sort();
    assert_eq!(lines, ["client 0", "client 1", "client 2", "client 3"]);
    assert!(!rig.ear.warnings("2 connections").is_empty(), "the engine says that it is full");
}
