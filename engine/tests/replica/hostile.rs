//! Who is no job: the replica stays there for those that are, with bounded memory.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use millstream::Stop;
use millstream::disk::Disk;
use serde_json::{Value, json};

use crate::job::{PATIENCE, Waited};
use crate::pair::{COPIES, COPY, Pair, TOKEN};
use crate::seed::Random;

/// One who speaks frames.
struct Client {
    stream: TcpStream,
    sent: u64,
}

impl Client {
    fn of(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
        Client { stream, sent: 0 }
    }

    fn greeted(address: SocketAddr, directory: &str) -> Client {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut client = Client::of(address);
            client.ask(&hello(TOKEN, directory));
            match client.hear() {
                answer if answer == json!("Welcome") => return client,
                // The session before may not have heard yet that it is over.
                answer if answer["Refused"]["reason"] == json!("InUse") => {}
                answer => panic!("{answer}"),
            }
            assert!(Instant::now() < until, "the directory is not let go");
        }
    }

    fn ask(&mut self, request: &Value) {
        let payload = rmp_serde::to_vec_named(request).expect("it can be written");
        self.say(1, &payload);
    }

    fn say(&mut self, kind: u8, payload: &[u8]) {
        let frame = frame(kind, self.sent, payload.len() as u32, payload);
        self.sent += 1;
        // Where it is closed already, what is heard next says so.
        drop(self.stream.write_all(&frame));
    }

    /// What is answered, or null where the connection is closed.
    fn hear(&mut self) -> Value {
        let mut header = [0; 32];
        if self.stream.read_exact(&mut header).is_err() {
            return Value::Null;
        }
        let bytes = u32::from_le_bytes(header[24..28].try_into().expect("four bytes"));
        let mut rest = vec![0; bytes as usize + 4];
        match self.stream.read_exact(&mut rest) {
            // A value has no bytes, and nothing but the entry of a list does.
            Ok(()) => rmp_serde::from_slice(&rest[..bytes as usize])
                .unwrap_or_else(|_| json!({"Entry": "with a hash"})),
            Err(_) => Value::Null,
        }
    }

    /// Why it was refused.
    #[track_caller]
    fn refused(&mut self) -> (String, String) {
        let answer = self.hear();
        let refused = &answer["Refused"];
        let part = |name: &str| refused[name].as_str().unwrap_or_else(|| panic!("{answer}")).into();
        let (reason, sentence) = (part("reason"), part("sentence"));
        assert_eq!(self.hear(), Value::Null, "it is closed then");
        (reason, sentence)
    }

    /// Whether the other end closes it, soon.
    fn is_closed(&mut self) -> bool {
        loop {
            match self.stream.read(&mut [0; 4096]) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(e) => return e.kind() != ErrorKind::WouldBlock,
            }
        }
    }
}

fn hello(token: &str, directory: &str) -> Value {
    json!({"Hello": {
        "version": 1, "token": token, "directory": directory, "limit_ms": 10_000, "life": null,
    }})
}

fn frame(kind: u8, sequence: u64, length: u32, payload: &[u8]) -> Vec<u8> {
    let crc = |begun: u32, bytes: &[u8]| {
        let mut crc = crc32fast::Hasher::new_with_initial(begun);
        crc.update(bytes);
        crc.finalize()
    };
    let mut frame = b"\xf5mlf\x01".to_vec();
    frame.extend([kind, 0, 0]);
    frame.extend(sequence.to_le_bytes());
    frame.extend(0u64.to_le_bytes());
    frame.extend(length.to_le_bytes());
    let sum = crc(0, &frame);
    frame.extend(sum.to_le_bytes());
    frame.extend(payload);
    frame.extend(crc(sum, payload).to_le_bytes());
    frame
}

/// A job comes, works and goes, as if nobody else were there.
fn serves_a_job(pair: &Pair) {
    let mut life = pair.start(0).expect("the replica is there");
    assert_eq!(life.batch(2, 1), Waited::Done);
    assert!(life.stop(Stop::Graceful).drained);
    assert!(pair.there.list(COPY.as_ref()).expect("it is there").len() > 3);
}

#[test]
fn random_bytes_and_frames_that_do_not_fit() {
    let pair = Pair::new();
    let address = pair.replica.address();
    let mut random = Random::new(1);
    for _ in 0..50 {
        let mut client = Client::of(address);
        let bytes: Vec<u8> = (0..random.below(200) + 32).map(|_| random.next() as u8).collect();
        drop(client.stream.write_all(&bytes));
        assert!(client.is_closed());
    }
    // A length beyond what a message may have is refused at the header, before a payload comes.
    for (kind, length) in [(1, 4097), (1, 1 << 30), (2, u32::MAX), (2, (1 << 20) + 17), (9, 1)] {
        let mut client = Client::of(address);
        let frame = frame(kind, 0, length, b"");
        client.stream.write_all(&frame[..32]).unwrap();
        assert!(client.is_closed(), "kind {kind}, {length} bytes");
    }
    // Whole frames with nonsense in them, before and after a greeting.
    for kind in 1..6 {
        for payload in [&b""[..], b"\xc1", b"nonsense", &[0x91; 4000]] {
            let mut client = Client::of(address);
            client.say(kind, payload);
            assert!(client.is_closed());
            let mut client = Client::greeted(address, "other");
            client.say(kind, payload);
            assert!(client.is_closed());
        }
    }
    let mut client = Client::greeted(address, "other");
    client.sent += 1;
    client.ask(&json!("Ping"));
    assert!(client.is_closed(), "a message is missing");
    serves_a_job(&pair);
}

#[test]
fn a_stranger_is_told_that_and_nothing_else() {
    let pair = Pair::new();
    let address = pair.replica.address();
    let refusal = |request: Value| {
        let mut client = Client::of(address);
        client.ask(&request);
        client.refused()
    };
    for token in ["", "0123456789-secreT", "0123456789-secret2", "0123456789-secre"] {
        let (reason, sentence) = refusal(hello(token, "counts"));
        assert_eq!(reason, "Token");
        assert!(!sentence.contains("secre"), "{sentence}");
    }
    let other =
        json!({"Hello": {"version": 2, "token": TOKEN, "directory": "counts", "limit_ms": 10_000}});
    assert_eq!(refusal(other).0, "Version");
    assert_eq!(refusal(json!("List")).0, "Protocol");
    for directory in ["", "..", ".", "a/b", "/etc", "a\0b", &"x".repeat(201)] {
        assert_eq!(refusal(hello(TOKEN, directory)).0, "Directory", "{directory:?}");
    }
    assert!(pair.there.list("/".as_ref()).unwrap().is_empty(), "nothing was made");
    serves_a_job(&pair);
}

#[test]
fn no_path_leads_out_of_a_directory() {
    let pair = Pair::new();
    pair.there.put("/copies/secret", "not to be read", millstream::Time::default());
    let address = pair.replica.address();
    let bad =
        ["..", "../secret", "/copies/secret", "a/../../secret", "lock", ".x", "a/b/c", "A", ""];
    for path in bad {
        let requests = [
            json!({"Read": {"path": path}}),
            json!({"Create": {"file": 1, "path": path, "like": null}}),
            json!({"Create": {"file": 1, "path": "good", "like": {"path": path, "bytes": 1}}}),
            json!({"Rename": {"from": "identity", "to": path}}),
            json!({"Rename": {"from": path, "to": "good"}}),
            json!({"Remove": {"path": path}}),
            json!({"MakeDirectory": {"path": path}}),
        ];
        for request in requests {
            let mut client = Client::greeted(address, "other");
            client.ask(&request);
            assert_eq!(client.refused().0, "Protocol", "{request}");
        }
    }
    let mut client = Client::greeted(address, "other");
    client.ask(&json!({"SyncDirectory": {"path": ".."}}));
    assert_eq!(client.refused().0, "Protocol");
    assert_eq!(pair.there.read("/copies/secret".as_ref()).unwrap(), b"not to be read");
    let names = |path: &str| pair.there.list(path.as_ref()).unwrap().len();
    assert_eq!((names("/"), names(COPIES), names("/copies/other")), (1, 2, 1));
}

#[test]
fn an_append_begins_where_the_file_ends() {
    let pair = Pair::new();
    let append = |client: &mut Client, file: u64, offset: u64, bytes: &[u8]| {
        client.say(2, &[&file.to_le_bytes()[..], &offset.to_le_bytes(), bytes].concat());
    };
    for (file, offset) in [(1, 1), (1, u64::MAX), (2, 0)] {
        let mut client = Client::greeted(pair.replica.address(), "other");
        client.ask(&json!({"Create": {"file": 1, "path": "good", "like": null}}));
        append(&mut client, file, offset, b"bytes");
        assert_eq!(client.refused().0, "Protocol");
        let mut client = Client::greeted(pair.replica.address(), "other");
        client.ask(&json!({"Remove": {"path": "good"}}));
        client.ask(&json!("Ping"));
        assert_eq!(client.hear(), json!({"Done": {"sequence": 2}}));
    }
    let mut client = Client::greeted(pair.replica.address(), "other");
    for file in 0..17 {
        let path = format!("file-{file}");
        client.ask(&json!({"Create": {"file": file, "path": path, "like": null}}));
    }
    assert_eq!(client.refused().0, "Protocol", "so many files may not be open");
}

#[test]
fn ten_thousand_connections() {
    let pair = Pair::new();
    let address = pair.replica.address();
    let began = Instant::now();
    for _ in 0..50 {
        let held: Vec<_> = (0..200).filter_map(|_| TcpStream::connect(address).ok()).collect();
        assert!(sessions() <= 64 + 64, "{} threads", sessions());
        drop(held);
    }
    println!("{} ms", began.elapsed().as_millis());
    serves_a_job(&pair);
}

/// How many threads of this process have sessions, over all tests.
fn sessions() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("there are threads");
    let name = |task: &Path| fs::read_to_string(task.join("comm")).unwrap_or_default();
    tasks.flatten().filter(|task| name(&task.path()).starts_with("replica-session")).count()
}

#[test]
fn who_says_nothing_is_let_go() {
    let pair = Pair::new();
    let mut client = Client::of(pair.replica.address());
    // Half a header is no sign of life.
    client.stream.write_all(b"\xf5mlf\x01").unwrap();
    client.stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert!(client.is_closed());
}

#[test]
fn a_session_replaces_only_what_it_has_listed_or_made() {
    let pair = Pair::new();
    pair.there.put("/copies/other/blocks/0000000007.log", "of another start", Default::default());
    let address = pair.replica.address();
    let make = |client: &mut Client, path: &str| {
        client.ask(&json!({"Create": {"file": 1, "path": format!("{path}.tmp"), "like": null}}));
        client.ask(&json!({"Rename": {"from": format!("{path}.tmp"), "to": path}}));
        client.ask(&json!({"Close": {"file": 1}}));
    };
    let mut client = Client::greeted(address, "other");
    make(&mut client, "blocks/0000000008.log");
    make(&mut client, "blocks/0000000008.log");
    make(&mut client, "blocks/0000000007.log");
    let (reason, sentence) = client.refused();
    assert!(reason == "Protocol" && sentence.contains("neither listed nor made"), "{sentence}");
    let left = || pair.there.read("/copies/other/blocks/0000000007.log".as_ref()).unwrap();
    assert_eq!(left(), b"of another start");
    let mut client = Client::greeted(address, "other");
    client.ask(&json!("List"));
    while client.hear()["Entry"] != Value::Null {}
    make(&mut client, "blocks/0000000007.log");
    client.ask(&json!("Ping"));
    assert_eq!(client.hear()["Done"]["sequence"], json!(5));
    assert_eq!(left(), b"");
}
