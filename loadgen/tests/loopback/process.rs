//! The program as a process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::DEADLINE;

/// The program with arguments between spaces.
pub(crate) fn loadgen(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(arguments.split_whitespace()).stdin(Stdio::null());
    command
}

/// A line for a shell that finds the program by its name.
pub(crate) fn shell(line: &str) -> Command {
    let folder = PathBuf::from(env!("CARGO_BIN_EXE_loadgen")).parent().unwrap().to_owned();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", line]).env("PATH", path).stdin(Stdio::null());
    command
}

/// Its exit code, and what it has printed on stdout and stderr.
pub(crate) type Told = (Option<i32>, String, String);

pub(crate) fn run(arguments: &str) -> Told {
    told(loadgen(arguments).output().unwrap())
}

pub(crate) fn told(output: Output) -> Told {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

pub(crate) fn end_with(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

/// Starts `serve` on a free port and gives the address that it tells.
pub(crate) fn start_serve(arguments: &str) -> (Child, BufReader<ChildStderr>, String) {
    start_serve_as(loadgen(&format!("serve --listen 127.0.0.1:0 {arguments}")))
}

/// The same for a command that is written already.
pub(crate) fn start_serve_as(mut command: Command) -> (Child, BufReader<ChildStderr>, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    stderr.read_line(&mut told).unwrap();
    let address = told.trim().strip_prefix("waiting for clients on ").unwrap().to_owned();
    (child, stderr, address)
}

/// Looks again and again until it is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let gives_up = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < gives_up, "{what} took more than {DEADLINE:?}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
