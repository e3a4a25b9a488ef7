//! More connections than there are file descriptors.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration as StdDuration;

use millstream::progress::{Listener, Notice};
use millstream::{Conf, Error, Running, Stop, StreamingContext, millis};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::child;
use crate::rig::{BLOCK, PATIENCE, client_of, conf, wait_until};

/// Says warnings on stdout, for the parent to hear.
struct Aloud;

impl Listener for Aloud {
    fn notice(&self, notice: &Notice) {
        if let Notice::Warning { message } = notice {
            println!("\nwarning: {message}");
        }
    }
}

fn start(conf: Conf) -> millstream::Result<Running> {
    StreamingContext::new(conf.block_interval(BLOCK), millis(50))?.start(|s| {
        s.listen_text_stream(":0").for_each_rdd(|rdd, _| {
            for line in rdd.collect() {
                println!("\nline: {line}");
            }
        });
        Ok(())
    })
}

/// An engine with room for six more descriptors, until its stdin ends.
fn starve() {
    let running =
        start(Conf::new("few").warnings_on_stderr(false).listener(Aloud)).expect("it starts");
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("Linux has it");
    let open = std::fs::read_dir("/proc/self/fd").expect("Linux has it").count() as u64 - 1;
    setrlimit(Resource::RLIMIT_NOFILE, open + 6, hard).expect("a limit may be lowered");
    println!("\nlistens: {}", running.listening()[0]);
    std::io::stdin().read_to_end(&mut Vec::new()).expect("the parent closes it");
    let stopped = running.stop(Stop::Graceful).expect("it stops");
    println!("\nstopped: {}", stopped.drained);
}

/// What the child says, until its end.
fn sayings(stdout: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    told
}

/// Hears until something begins with `start`, and gives the rest of it; remembers all the lines on
/// the way.
fn hear(said: &Receiver<String>, start: &str, lines: &mut Vec<String>) -> String {
    wait_until(start, || {
        let saying = said.recv_timeout(PATIENCE).ok()?;
        lines.extend(saying.strip_prefix("line: ").map(str::to_owned));
        saying.strip_prefix(start).map(str::to_owned)
    })
}

#[test]
fn an_engine_out_of_descriptors_lives_says_so_and_goes_on() {
    if child::is_child() {
        return starve();
    }
    let mut child =
        child::spawn("descriptors::an_engine_out_of_descriptors_lives_says_so_and_goes_on");
    let said = sayings(child.stdout.take().expect("it is piped"));
    let mut lines = Vec::new();
    let address = hear(&said, "listens: ", &mut lines).parse().expect("an address");
    let mut clients: Vec<_> = (0..20).map(|_| client_of(address)).collect();
    for (n, client) in clients.iter_mut().enumerate() {
        writeln!(client, "client {n:02}").expect("the socket takes it");
    }
    assert!(hear(&said, "warning: ", &mut lines).contains("could not be accepted"));
    // As long as it lasts, a sentence now and then and no flood.
    std::thread::sleep(StdDuration::from_millis(700));
    drop(clients);
    client_of(address).write_all(b"late\n").expect("the socket takes it");
    let mut warnings = 0;
    while lines.len() < 21 {
        let saying = said.recv_timeout(PATIENCE).expect("every line arrives");
        lines.extend(saying.strip_prefix("line: ").map(str::to_owned));
        warnings += usize::from(saying.starts_with("warning: "));
    }
    drop(child.stdin.take());
    assert_eq!(hear(&said, "stopped: ", &mut lines), "true");
    assert!(wait_until("the child to end", || child.try_wait().expect("ours")).success());
    lines.sort();
    let all = (0..20).map(|n| format!("client {n:02}")).chain(["late".into()]);
    assert_eq!(lines, all.collect::<Vec<_>>());
    assert!(warnings <= 2, "{warnings} warnings within a second");
}

#[test]
fn more_connections_than_the_hard_limit_allows_are_refused_with_both_numbers() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("Linux has it");
    let error = start(conf().max_connections(hard)).err().expect("too many");
    let Error::Descriptors { wanted, needed, hard: told } = error.clone() else {
        panic!("{error}");
    };
    assert!(wanted == hard && needed > hard && told == hard, "{error}");
    let said = error.to_string();
    assert!(said.contains(&hard.to_string()) && said.contains(&needed.to_string()), "{said}");
}

#[test]
fn any_number_of_connections_is_answered_and_none_overflows() {
    if !child::is_child() {
        return child::run("descriptors::any_number_of_connections_is_answered_and_none_overflows");
    }
    for wish in [u64::MAX, u64::MAX - 63, u64::MAX - 64] {
        assert!(matches!(start(conf().max_connections(wish)), Err(Error::Descriptors { .. })));
    }
}

/// An engine with two listeners and a log, in a process that may have 300 descriptors.
fn two_listeners() {
    setrlimit(Resource::RLIMIT_NOFILE, 300, 300).expect("a limit may be lowered");
    let place = tempfile::tempdir().expect("there is room");
    let conf =
        Conf::new("two").warnings_on_stderr(false).block_interval(BLOCK).write_ahead_log(true);
    let made = || StreamingContext::new(conf, millis(50));
    let ssc = StreamingContext::get_or_create(place.path(), made).expect("the directory is new");
    let running = ssc
        .start(|s| {
            s.listen_text_stream("127.0.0.1:0").count().print();
            s.listen_text_stream(":0").count().print();
            Ok(())
        })
        .expect("it starts");
    for address in running.listening() {
        println!("\nlistens: {address}");
    }
    for _ in 0..60 {
        if let Err(error) = running.await_termination_or_timeout(millis(50)) {
            println!("\nfailed: {error}");
            return;
        }
    }
    println!("\nfailed: not at all");
}

#[test]
fn listeners_together_leave_descriptors_for_the_log() {
    if child::is_child() {
        return two_listeners();
    }
    let mut child = child::spawn("descriptors::listeners_together_leave_descriptors_for_the_log");
    let said = sayings(child.stdout.take().expect("it is piped"));
    let mut lines = Vec::new();
    let mut address = || hear(&said, "listens: ", &mut lines).parse().expect("an address");
    let addresses: [std::net::SocketAddr; 2] = [address(), address()];
    // Some come when it has ended.
    let come = |address| std::net::TcpStream::connect_timeout(&address, PATIENCE).ok();
    let clients: Vec<_> = (0..200).flat_map(|_| addresses.map(come)).flatten().collect();
    assert_eq!(hear(&said, "failed: ", &mut lines), "not at all");
    drop(clients);
    drop(child.kill());
    drop(child.wait());
}
