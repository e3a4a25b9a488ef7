//! The examples, run as a user runs them: against a server of lines or over a file, ended by Ctrl-C.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const RULE: &str = "-------------------------------------------";

/// An example that prints nothing for this long has failed: batches come every second or two.
const PATIENCE: Duration = Duration::from_secs(30);

/// An example's executable: cargo builds examples beside the tests.
fn example(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent().unwrap().parent().unwrap().join("examples").join(name)
}

/// A running example, fed by the test: over a connection, as `nc -l` would feed it, or over a file.
struct Fed<C = TcpStream> {
    child: Child,
    /// What it prints, line by line.
    lines: Receiver<String>,
    told: JoinHandle<String>,
    client: C,
    /// Header lines seen so far, by time.
    times: Vec<i64>,
}

/// What is known of an example once it has ended.
struct Ended {
    /// What it printed at last.
    rest: String,
    code: Option<i32>,
    times: Vec<i64>,
    /// What it said on stderr.
    told: String,
}

/// A server of lines, and where it listens.
fn server() -> (TcpListener, String) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = server.local_addr().unwrap().to_string();
    (server, target)
}

impl Fed {
    fn start(name: &str) -> Self {
        let (server, target) = server();
        Fed::given(name, &[&target], || server.accept().unwrap().0)
    }
}

impl<C> Fed<C> {
    /// Starts it with arguments; `connect` then makes what it is fed over.
    fn given(name: &str, arguments: &[&str], connect: impl FnOnce() -> C) -> Self {
        let mut child = Command::new(example(name))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let client = connect();
        let (tell, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        spawn(move || out.lines().try_for_each(|line| tell.send(line.unwrap())));
        let mut err = child.stderr.take().unwrap();
        let told = spawn(move || {
            let mut told = String::new();
            err.read_to_string(&mut told).unwrap();
            told
        });
        Fed { child, lines, told, client, times: Vec::new() }
    }

    fn line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the example prints another line")
    }

    /// What the next batch has, perhaps nothing.
    fn body(&mut self) -> Vec<String> {
        assert_eq!(self.line(), RULE);
        let time = self.line();
        let millis = time.strip_prefix("Time: ").and_then(|t| t.strip_suffix(" ms")).expect(&time);
        self.times.push(millis.parse().unwrap());
        assert_eq!(self.line(), RULE);
        std::iter::from_fn(|| Some(self.line()).filter(|line| !line.is_empty())).collect()
    }

    /// The body of the next batch that has one.
    fn next_body(&mut self) -> Vec<String> {
        loop {
            let body = self.body();
            if !body.is_empty() {
                return body;
            }
        }
    }

    /// Ends it with Ctrl-C and gives what it still printed.
    fn interrupt(mut self) -> Ended {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).unwrap();
        let rest = self.lines.iter().map(|line| line + "\n").collect();
        let code = self.child.wait().unwrap().code();
        Ended { rest, code, times: self.times, told: self.told.join().unwrap() }
    }
}

#[test]
fn error_lines_prints_what_the_original_prints() {
    let mut fed = Fed::start("error_lines");
    fed.client.write_all(b"an error occurred\nall is well\nerror\r\n").unwrap();
    let mut body = fed.next_body();
    if body.len() < 2 {
        body.extend(fed.next_body());
    }
    assert_eq!(body, ["an error occurred", "error"]);

    // What has arrived before Ctrl-C is printed before the end.
    fed.client.write_all(b"last error\n").unwrap();
    let mut rest = String::new();
    if fed.next_body() != ["last error"] {
        rest.push_str("it was printed late");
    }
    let Ended { code, times, .. } = fed.interrupt();
    assert_eq!((rest.as_str(), code), ("", Some(0)));
    assert!(
        times.windows(2).all(|pair| pair[1] - pair[0] == 1000),
        "every second, on the grid: {times:?}"
    );
    assert!(times.iter().all(|time| time % 1000 == 0), "{times:?}");
}

#[test]
fn map_print_shows_ten_and_an_ellipsis() {
    let mut fed = Fed::start("map_print");
    let lines: String = (0..12).map(|i| format!("line {i} \n")).collect();
    fed.client.write_all(lines.as_bytes()).unwrap();
    let body = fed.next_body();
    let mut expected: Vec<String> = (0..10).map(|i| format!("line {i} VIN")).collect();
    expected.push("...".into());
    assert_eq!(body, expected);
    assert_eq!(fed.interrupt().code, Some(0));
}

#[test]
fn word_count_drains_what_arrived_before_ctrl_c() {
    let mut fed = Fed::start("word_count");
    // The second batch shows that it runs, and has long begun to handle signals.
    for expected in [RULE, "Time", RULE, "", RULE] {
        assert!(fed.line().starts_with(expected));
    }
    fed.client.write_all(b"to be or not to be\n").unwrap();
    let Ended { rest, code, .. } = fed.interrupt();
    assert_eq!(code, Some(0));
    let mut words: Vec<&str> = rest.lines().filter(|line| line.starts_with('(')).collect();
    words.sort_unstable();
    assert_eq!(words, ["(be,2)", "(not,1)", "(or,1)", "(to,2)"]);
}

#[test]
fn custom_receiver_prints_what_is_appended_to_a_file_that_comes_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let mut fed =
        Fed::given("custom_receiver", &[path.to_str().unwrap()], || File::create(&path).unwrap());
    fed.client.write_all(b"one\nthe beginning ").unwrap();
    assert_eq!(fed.next_body(), ["one"]);
    fed.client.write_all(b"and the end\n").unwrap();
    assert_eq!(fed.next_body(), ["the beginning and the end"]);
    assert_eq!(fed.interrupt().code, Some(0));
}

#[test]
fn windowed_word_count_adds_what_enters_and_forgets_what_leaves() {
    let mut fed = Fed::start("windowed_word_count");
    fed.client.write_all(b"to be or not to be\n").unwrap();
    let mut body = fed.next_body();
    body.sort_unstable();
    assert_eq!(body, ["(be,2)", "(not,1)", "(or,1)", "(to,2)"]);

    fed.client.write_all(b"to err\n").unwrap();
    while !body.contains(&"(to,3)".to_string()) {
        body = fed.next_body();
    }
    // Of the first line's words, only the one that the second line has too is left.
    while body.len() > 2 {
        body = fed.next_body();
    }
    body.sort_unstable();
    assert_eq!(body, ["(err,1)", "(to,1)"]);
    let Ended { code, times, .. } = fed.interrupt();
    assert_eq!(code, Some(0));
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 2000), "every 2 s: {times:?}");
}

#[test]
fn several_windows_hold_a_word_for_as_many_batches_as_they_are_long() {
    let mut fed = Fed::start("several_windows");
    fed.client.write_all(b"mill\n").unwrap();
    let mut shown = [0; 3];
    let mut windows = [Vec::new(), Vec::new(), Vec::new()];
    while shown[2] == 0 || !windows[2].is_empty() {
        windows = [(); 3].map(|()| fed.body());
        for ((window, length), shown) in windows.iter().zip([5, 6, 7]).zip(&mut shown) {
            assert!(window.is_empty() || *window == [format!("{length} batches: mill 1")]);
            *shown += window.len();
        }
    }
    assert_eq!(shown, [5, 6, 7]);
    let Ended { code, told, .. } = fed.interrupt();
    assert_eq!(code, Some(0));
    assert_eq!(told.matches("=> slices").count(), 1, "{told}");
    assert_eq!(told.matches("(slices) => reduce_by_key_and_window_with_inverse").count(), 3);
}

#[test]
fn sessions_end_when_a_user_has_been_idle() {
    let (server, target) = server();
    let mut fed = Fed::given("sessions", &[&target, "1"], || server.accept().unwrap().0);
    fed.client.write_all(b"ann login\nbob\tlogin\nno_event\nann buy a mill\n").unwrap();
    let mut lines: Vec<String> = fed.next_body();
    while lines.len() < 5 {
        lines.extend(fed.next_body());
    }
    lines.sort_unstable();
    let ann = [
        "ann: buy a mill is event 2 of the session",
        "ann: login is event 1 of the session",
        "ann: the session is over, events in all: 2",
    ];
    let bob =
        ["bob: login is event 1 of the session", "bob: the session is over, events in all: 1"];
    assert_eq!(lines, [&ann[..], &bob].concat());
    assert_eq!(fed.interrupt().code, Some(0));
}

#[test]
fn join_streams_prints_what_both_have_in_one_batch() {
    let (left, to_left) = server();
    let (right, to_right) = server();
    let mut fed = Fed::given("join_streams", &[&to_left, &to_right], || {
        (left.accept().unwrap().0, right.accept().unwrap().0)
    });
    let mut pairs = Vec::new();
    // A batch may end between the two; then it has no pair, and they are sent again.
    for attempt in 1.. {
        assert!(attempt < PATIENCE.as_secs(), "no batch had both");
        fed.client.0.write_all(format!("{attempt}\tapple\nno tab\n").as_bytes()).unwrap();
        fed.client.1.write_all(format!("{attempt}\tpear\nelsewhere\tplum\n").as_bytes()).unwrap();
        pairs.push(format!("({attempt},(apple,pear))"));
        let body = fed.body();
        if !body.is_empty() {
            assert!(body.iter().all(|pair| pairs.contains(pair)), "{body:?}");
            break;
        }
    }
    assert_eq!(fed.interrupt().code, Some(0));
}

#[test]
fn without_a_server_to_dial_it_says_what_to_give() {
    for name in
        ["error_lines", "windowed_word_count", "several_windows", "sessions", "join_streams"]
    {
        let output = Command::new(example(name)).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("HOST:PORT"));
    }
}
