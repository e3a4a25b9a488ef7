//! The examples, run as a user runs them: against a server of lines or over a file, ended by Ctrl-C.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const RULE: &str = "-------------------------------------------";

/// An example's executable: cargo builds examples beside the tests.
fn example(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.parent().unwrap().parent().unwrap().join("examples").join(name)
}

/// A running example, fed by the test: over a connection, as `nc -l` would feed it, or over a file.
struct Fed<C = TcpStream> {
    child: Child,
    out: BufReader<ChildStdout>,
    client: C,
    /// Header lines seen so far, by time.
    times: Vec<i64>,
}

impl Fed {
    fn start(name: &str) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = server.local_addr().unwrap().to_string();
        Fed::given(name, &target, || server.accept().unwrap().0)
    }
}

impl<C> Fed<C> {
    /// Starts it with an argument; `connect` then makes what it is fed over.
    fn given(name: &str, argument: &str, connect: impl FnOnce() -> C) -> Self {
        let mut child = Command::new(example(name))
            .arg(argument)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let client = connect();
        let out = BufReader::new(child.stdout.take().unwrap());
        Fed { child, out, client, times: Vec::new() }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_string()
    }

    /// The body of the next batch that has one.
    fn next_body(&mut self) -> Vec<String> {
        loop {
            assert_eq!(self.line(), RULE);
            let time = self.line();
            let millis =
                time.strip_prefix("Time: ").and_then(|t| t.strip_suffix(" ms")).expect(&time);
            self.times.push(millis.parse().unwrap());
            assert_eq!(self.line(), RULE);
            let mut body = Vec::new();
            loop {
                match self.line() {
                    line if line.is_empty() => break,
                    line => body.push(line),
                }
            }
            if !body.is_empty() {
                return body;
            }
        }
    }

    /// Ends it with Ctrl-C and gives what it still printed.
    fn interrupt(mut self) -> (String, Option<i32>, Vec<i64>) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).unwrap();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap().code(), self.times)
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
    let (_, code, times) = fed.interrupt();
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
    assert_eq!(fed.interrupt().1, Some(0));
}

#[test]
fn word_count_drains_what_arrived_before_ctrl_c() {
    let mut fed = Fed::start("word_count");
    // The second batch shows that it runs, and has long begun to handle signals.
    for expected in [RULE, "Time", RULE, "", RULE] {
        assert!(fed.line().starts_with(expected));
    }
    fed.client.write_all(b"to be or not to be\n").unwrap();
    let (rest, code, _) = fed.interrupt();
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
        Fed::given("custom_receiver", path.to_str().unwrap(), || File::create(&path).unwrap());
    fed.client.write_all(b"one\nthe beginning ").unwrap();
    assert_eq!(fed.next_body(), ["one"]);
    fed.client.write_all(b"and the end\n").unwrap();
    assert_eq!(fed.next_body(), ["the beginning and the end"]);
    assert_eq!(fed.interrupt().1, Some(0));
}

#[test]
fn without_a_server_to_dial_it_says_what_to_give() {
    let output = Command::new(example("error_lines")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("HOST:PORT"));
}
