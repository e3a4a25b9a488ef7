//! Who is no job: the replica stays there for those that are, with bounded memory.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use millstream::Stop;
use millstream::disk::{Disk, MemoryDisk};
use millstream::replica::Replica;
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

    /// One that has said that it knows `token`, and waits for what is said to that.
    fn introduced(address: SocketAddr, token: &str, directory: &str) -> Client {
        let mut client = Client::of(address);
        let (kind, challenge) = client.hear_message().expect("a challenge comes first");
        assert_eq!((kind, challenge.len(), &challenge[..4]), (6, 36, &1u32.to_le_bytes()[..]));
        let shown = shown("what a primary shows", token, &challenge[4..], directory);
        client.say(7, &[&DRAWN[..], &shown, directory.as_bytes()].concat());
        client
    }

    fn greeted(address: SocketAddr, directory: &str) -> Client {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut client = Client::introduced(address, TOKEN, directory);
            assert_eq!(client.hear_message().expect("it knows the token too").0, 8);
            client.ask(&begin());
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

    /// The next message, or none where the connection is closed.
    fn hear_message(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut header = [0; 32];
        self.stream.read_exact(&mut header).ok()?;
        let bytes = u32::from_le_bytes(header[24..28].try_into().expect("four bytes"));
        let mut rest = vec![0; bytes as usize + 4];
        self.stream.read_exact(&mut rest).ok()?;
        rest.truncate(bytes as usize);
        Some((header[5], rest))
    }

    /// What is answered, or null where the connection is closed.
    fn hear(&mut self) -> Value {
        let Some((_, answer)) = self.hear_message() else { return Value::Null };
        // A value has no bytes, and nothing but the entry of a list does.
        rmp_serde::from_slice(&answer).unwrap_or_else(|_| json!({"Entry": "with a hash"}))
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

/// What these clients draw.
const DRAWN: [u8; 32] = [7; 32];

/// What shows that somebody knows `token`, on a connection for which the replica has `drawn` something.
fn shown(what: &str, token: &str, drawn: &[u8], directory: &str) -> [u8; 32] {
    let context = format!("millstream-replica protocol 1, {what}");
    let key = blake3::derive_key(&context, token.as_bytes());
    *blake3::keyed_hash(&key, &[drawn, &DRAWN, directory.as_bytes()].concat()).as_bytes()
}

fn begin() -> Value {
    json!({"Begin": {"limit_ms": 10_000, "life": null}})
}

pub(crate) fn frame(kind: u8, sequence: u64, length: u32, payload: &[u8]) -> Vec<u8> {
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
    // Who has shown nothing has no message but the one that shows something.
    for (kind, length) in [(7, 265), (7, u32::MAX), (1, 10), (2, 100), (3, 10), (9, 1)] {
        let mut client = Client::of(address);
        let frame = frame(kind, 0, length, b"");
        client.stream.write_all(&frame[..32]).unwrap();
        assert!(client.is_closed(), "kind {kind}, {length} bytes");
    }
    for (kind, length) in [(1, 4097), (1, 1 << 30), (2, u32::MAX), (2, (1 << 20) + 17), (7, 100)] {
        let mut client = Client::greeted(address, "other");
        let frame = frame(kind, client.sent, length, b"");
        client.stream.write_all(&frame[..32]).unwrap();
        assert!(client.is_closed(), "kind {kind}, {length} bytes");
    }
    // Whole frames with nonsense in them, before and after a greeting.
    for kind in 1..9 {
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
    for token in ["", "0123456789-secreT", "0123456789-secret2", "0123456789-secre"] {
        let (reason, sentence) = Client::introduced(address, token, "counts").refused();
        assert_eq!(reason, "Token");
        assert!(!sentence.contains("secre"), "{sentence}");
    }
    // What was shown on one connection, or by the other side, shows nothing on another.
    for what in ["what a primary shows", "what a replica shows"] {
        let mut client = Client::of(address);
        let (_, challenge) = client.hear_message().unwrap();
        let drawn = if what.contains("primary") { &DRAWN[..] } else { &challenge[4..] };
        let shown = shown(what, TOKEN, drawn, "counts");
        client.say(7, &[&DRAWN[..], &shown, b"counts"].concat());
        assert_eq!(client.refused().0, "Token");
    }
    // Who is asked for another directory than it has shown that it wants does not have it.
    let mut client = Client::of(address);
    let (_, challenge) = client.hear_message().unwrap();
    let shown = shown("what a primary shows", TOKEN, &challenge[4..], "counts");
    client.say(7, &[&DRAWN[..], &shown, b"others"].concat());
    assert_eq!(client.refused().0, "Token");
    let mut client = Client::of(address);
    client.ask(&json!("List"));
    assert_eq!(client.hear_message().unwrap().0, 6);
    assert!(client.is_closed(), "nothing is listed for a stranger");
    for directory in ["", "..", ".", "a/b", "/etc", "a\0b", &"x".repeat(200).replacen('x', "/", 1)]
    {
        let mut client = Client::introduced(address, TOKEN, directory);
        assert_eq!(client.hear_message().unwrap().0, 8);
        client.ask(&begin());
        assert_eq!(client.refused().0, "Directory", "{directory:?}");
    }
    assert!(pair.there.list("/".as_ref()).unwrap().is_empty(), "nothing was made");
    serves_a_job(&pair);
}

#[test]
fn each_side_shows_that_it_knows_the_token() {
    let pair = Pair::new();
    let mut client = Client::of(pair.replica.address());
    let (_, challenge) = client.hear_message().unwrap();
    let of = |what: &str| shown(what, TOKEN, &challenge[4..], "counts");
    client.say(7, &[&DRAWN[..], &of("what a primary shows"), b"counts"].concat());
    assert_eq!(client.hear_message(), Some((8, of("what a replica shows").to_vec())));
    let mut other = Client::of(pair.replica.address());
    assert_ne!(other.hear_message().unwrap().1, challenge, "it draws anew for each");
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
        assert_eq!(client.hear(), json!({"Done": {"sequence": 3}}));
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
    for _ in 0..63 {
        // No more at once than have a place, or wait with the system.
        let held: Vec<_> = (0..160).filter_map(|_| TcpStream::connect(address).ok()).collect();
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

/// Holds more connections than there are places for who has shown nothing, and dials again for each that is closed,
/// until it is over. Says when they are there.
fn crowd(address: SocketAddr, are_there: &Sender<()>, is_over: &AtomicBool) {
    let mut held: Vec<TcpStream> = Vec::new();
    while !is_over.load(Relaxed) {
        while held.len() < 70 {
            let stream = TcpStream::connect(address).expect("it listens");
            stream.set_nonblocking(true).expect("it can be polled");
            held.push(stream);
        }
        // Who waited for the first ones is gone the next times.
        are_there.send(()).ok();
        held.retain_mut(|stream| match stream.read(&mut [0; 4096]) {
            Ok(read) => read > 0,
            Err(e) => e.kind() == ErrorKind::WouldBlock,
        });
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_crowd_that_says_nothing_does_not_hold_a_job_off() {
    let pair = Pair::new();
    let address = pair.replica.address();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (are_there, heard) = channel();
        let is_over = &is_over;
        scope.spawn(move || crowd(address, &are_there, is_over));
        heard.recv().expect("they come");
        let served = std::panic::catch_unwind(AssertUnwindSafe(|| serves_a_job(&pair)));
        is_over.store(true, Relaxed);
        assert!(served.is_ok(), "the job was held off");
    });
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
    assert_eq!(client.hear()["Done"]["sequence"], json!(6));
    assert_eq!(left(), b"");
}

#[test]
fn strangers_are_told_of_once_however_many_come() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let of_replica = told.clone();
    let settings = Replica::settings(COPIES, TOKEN).disk(MemoryDisk::default());
    let replica = settings
        .on_event(move |event| of_replica.lock().unwrap().push(event.to_owned()))
        .listen("127.0.0.1:0")
        .expect("a port is free");
    for _ in 0..10 {
        Client::introduced(replica.address(), "0123456789-secreT", "counts").refused();
        let mut client = Client::of(replica.address());
        client.say(1, b"\x1b[31m");
        assert!(client.is_closed());
    }
    // Who knows the token is told of each time.
    for _ in 0..2 {
        let mut client = Client::introduced(replica.address(), TOKEN, "..");
        client.hear_message().expect("it knows the token too");
        client.ask(&begin());
        assert_eq!(client.refused().0, "Directory");
    }
    let mut client = Client::greeted(replica.address(), "counts");
    let unknown = "\u{1b}[31m\n";
    client.ask(&json!({ unknown: null }));
    let (reason, sentence) = client.refused();
    assert!(reason == "Protocol" && sentence.contains("\\u{1b}[31m\\n"), "{sentence:?}");
    replica.stop().expect("no disk is in the way");
    let told = told.lock().unwrap();
    let of = |part: &str| told.iter().filter(|event| event.contains(part)).count();
    assert_eq!(
        (of("before it had shown that it knows the token"), of("a name that is none")),
        (1, 2)
    );
    assert!(told.iter().all(|event| !event.contains(char::is_control)), "{told:?}");
}
