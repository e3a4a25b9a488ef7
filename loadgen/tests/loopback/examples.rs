//! Every example of every `--help` is run, as a shell would run it.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;

use crate::checked::Folder;
use crate::engine::{Engine, Trouble};
use crate::process::{Told, end_with, run, shell, start_serve_as, told, wait_until};
use crate::sink::Sink;

/// A run without an end has shown that it works when so much has come, or so long has passed.
const ENOUGH_BYTES: u64 = 100_000;
const ENOUGH_TIME: Duration = Duration::from_secs(1);

/// The lines of the help that are to be typed.
fn examples(command: &str) -> Vec<String> {
    let (code, help, _) = run(&format!("{command} --help"));
    assert_eq!(code, Some(0));
    let examples = help.split_once("Examples:").unwrap().1;
    let examples = examples.split("Exit codes:").next().unwrap();
    let typed = examples.lines().filter_map(|line| line.strip_prefix("    "));
    typed.map(str::to_owned).collect()
}

/// A shell's command, with the program in place of the shell and files in the folder.
fn command(line: &str, folder: &Path) -> Command {
    let mut command = shell(&format!("exec {line}"));
    command.current_dir(folder).env("HOME", folder);
    command
}

/// Stops a run that has no end of its own once enough has come.
fn ended(child: Child, line: &str, read_bytes: impl Fn() -> u64) -> Told {
    if !line.contains("--records") {
        let started = Instant::now();
        wait_until(line, || {
            let read = read_bytes();
            read >= ENOUGH_BYTES || read > 0 && started.elapsed() > ENOUGH_TIME
        });
        end_with(&child, Signal::SIGTERM);
    }
    told(child.wait_with_output().unwrap())
}

fn run_serve(line: &str, folder: &Path) {
    let clients = if line.contains("--connections 2") { 2 } else { 1 };
    let line = line.replace(" --listen 127.0.0.1:7777", "");
    let line = line.replace("loadgen serve", "loadgen serve --listen 127.0.0.1:0");
    let (child, mut stderr, address) = start_serve_as(command(&line, folder));
    let (told, read) = thread::scope(|scope| {
        // Whatever the program says has a reader.
        scope.spawn(move || stderr.read_to_end(&mut Vec::new()));
        let count = Arc::new(AtomicU64::new(0));
        let clients: Vec<_> = (0..clients)
            .map(|_| (TcpStream::connect(&address).unwrap(), count.clone()))
            .map(|(stream, count)| scope.spawn(move || read_counting(stream, &count)))
            .collect();
        let told = ended(child, &line, || count.load(Ordering::SeqCst));
        clients.into_iter().for_each(|client| client.join().unwrap());
        (told, count.load(Ordering::SeqCst))
    });
    assert_eq!(told.0, Some(0), "{line}");
    assert!(read > 0 && !told.1.is_empty(), "{line}");
}

fn read_counting(mut stream: TcpStream, count: &AtomicU64) {
    let mut buffer = vec![0; 256 << 10];
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => return,
            read => count.fetch_add(read as u64, Ordering::SeqCst),
        };
    }
}

/// Acknowledged lines are for an engine that speaks with their senders.
fn run_send_acknowledged(line: &str, folder: &Path) {
    let engine = Engine::start(Trouble::NONE);
    let line = line.replace("127.0.0.1:7777", &engine.target());
    let child = command(&line, folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let (code, stdout, stderr) = ended(child.unwrap(), &line, || 100 * engine.lines() as u64);
    assert_eq!(code, Some(0), "{line}: {stderr}");
    assert!(stdout.contains(" all, as "), "{line}: {stdout}");
    assert!(engine.finish().lines.values().all(|lines| !lines.is_empty()), "{line}");
}

fn run_send(line: &str, folder: &Path) {
    let sinks = [Sink::start(), Sink::start()];
    let line = line.replace("127.0.0.1:7777", &sinks[0].address);
    let line = line.replace("127.0.0.1:7778", &sinks[1].address);
    let line = line.replace("--connections 10000", &format!("--connections {}", many()));
    let child = command(&line, folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let read_bytes = || sinks.iter().map(Sink::read_bytes).sum();
    let (code, _, stderr) = ended(child.unwrap(), &line, read_bytes);
    // What is stopped in its warm-up has no figures to hold against an objective.
    let allowed = if line.contains("--objective") { vec![0, 4] } else { vec![0] };
    assert!(allowed.contains(&code.unwrap()), "{line}: {code:?} {stderr}");
    let received = sinks.map(Sink::finish).concat();
    assert!(!received.is_empty(), "{line}");
    if line.contains("--preset stamped") {
        give_to_check(&received, folder);
    }
}

/// Ten thousand connections, or as many as both sides may have.
fn many() -> u64 {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(20_000).max(soft), hard).unwrap();
    10_000.min(hard - 500)
}

/// What the examples of `check` are about: the lines of a run, in one file and in two.
fn give_to_check(received: &[u8], folder: &Path) {
    fs::write(folder.join("received.txt"), received).unwrap();
    fs::create_dir_all(folder.join("out")).unwrap();
    let middle = memchr::memchr(b'\n', &received[received.len() / 2..]).unwrap();
    let (first, second) = received.split_at(received.len() / 2 + middle + 1);
    fs::write(folder.join("out/part-00000"), first).unwrap();
    fs::write(folder.join("out/part-00001"), second).unwrap();
}

/// Runs one that ends by itself; what it is to write is not empty.
fn run_to_the_end(line: &str, folder: &Path) {
    let (code, stdout, stderr) = told(command(line, folder).output().unwrap());
    assert_eq!(code, Some(0), "{line}: {stdout}{stderr}");
    match line.split_once(" > ") {
        Some((_, path)) => {
            let path = folder.join(path.trim_start_matches("~/"));
            assert!(fs::metadata(path).unwrap().len() > 100, "{line}");
        }
        None => assert!(!stdout.is_empty(), "{line}"),
    }
}

fn run_example(line: &str, folder: &Path) {
    println!("{line}");
    match line.split(' ').take(2).collect::<Vec<_>>()[..] {
        ["loadgen", "serve"] => run_serve(line, folder),
        ["loadgen", "send"] if line.contains("--acknowledged") => {
            run_send_acknowledged(line, folder)
        }
        ["loadgen", "send"] => run_send(line, folder),
        ["loadgen", "check" | "completions" | "man"] => run_to_the_end(line, folder),
        // The test's own clients do what it does.
        ["nc", "127.0.0.1"] => assert_eq!(line, "nc 127.0.0.1 7777", "where serve listens"),
        _ => panic!("no test runs {line}"),
    }
}

/// Thirty seconds of a log, for what replays one.
fn access_log() -> String {
    let line = |second| {
        format!("10.0.0.1 - - [01/Jan/2026:00:00:{second:02} +0000] \"GET / HTTP/1.1\" 200 5\n")
    };
    (0..30).map(|second| line(second).repeat(500)).collect()
}

fn run_all(command: &str, least: usize) {
    let folder = Folder::new(&format!("examples{command}"));
    for place in [".local/share/bash-completion/completions", ".config/fish/completions"] {
        fs::create_dir_all(folder.0.join(place)).unwrap();
    }
    fs::write(folder.0.join("access.log"), access_log()).unwrap();
    let examples = examples(command);
    assert!(examples.len() >= least, "{examples:?}");
    examples.iter().for_each(|line| run_example(line, &folder.0));
}

/// Those of `check` are about files that the others have left.
#[test]
fn the_examples_of_the_program_and_of_check_run() {
    let folder = Folder::new("examples");
    let examples = [examples(""), examples("check")].concat();
    assert_eq!(examples.len(), 6, "{examples:?}");
    examples.iter().for_each(|line| run_example(line, &folder.0));
}

#[test]
fn the_examples_of_serve_run() {
    run_all("serve", 7);
}

#[test]
fn the_examples_of_send_run() {
    run_all("send", 7);
}

#[test]
fn the_examples_of_completions_and_man_run() {
    run_all("completions", 2);
    run_all("man", 2);
}
