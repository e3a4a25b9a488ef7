//! A job that a test feeds, line by line if it likes, and whose batches it reads as they come.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

pub(crate) const BATCH_MS: i64 = 100;

/// Whatever is waited for comes within this time, or the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running job with a connection to each of its sources.
pub(crate) struct Fed {
    job: Child,
    progress: BufReader<ChildStderr>,
    sources: Vec<Source>,
    reports: Vec<Value>,
}

struct Source {
    connection: TcpStream,
    sent: String,
}

/// A batch of the job: which lines it had from which source, and what the workload found in them.
pub(crate) struct Batch {
    pub(crate) time_ms: i64,
    pub(crate) sources: Vec<Vec<String>>,
    pub(crate) result: Value,
    pub(crate) unparsed: u64,
}

impl Batch {
    /// The lines of all sources.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().flatten().map(String::as_str)
    }
}

pub(crate) fn bench_suite(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    command.args(args).stdin(Stdio::null());
    command
}

impl Fed {
    /// Starts the workload with so many servers to dial, each dialled once.
    pub(crate) fn start(workload: &str, servers: usize, flags: &[&str]) -> Self {
        let servers: Vec<TcpListener> =
            (0..servers).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses: Vec<String> =
            servers.iter().map(|server| server.local_addr().unwrap().to_string()).collect();
        let batch = format!("{BATCH_MS}ms");
        let mut args = vec!["job", workload, "--batch", &batch, "--progress", "ndjson", "--json"];
        addresses.iter().for_each(|address| args.extend(["--connect", address]));
        args.extend(flags);
        let mut job =
            bench_suite(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let progress = BufReader::new(job.stderr.take().unwrap());
        let mut fed = Fed { job, progress, sources: Vec::new(), reports: Vec::new() };
        for server in &servers {
            let connection = fed.accept(server);
            fed.sources.push(Source { connection, sent: String::new() });
        }
        fed
    }

    /// The job's connection to `server`; what the job says meanwhile waits to be read.
    fn accept(&mut self, server: &TcpListener) -> TcpStream {
        server.set_nonblocking(true).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            match server.accept() {
                Ok((connection, _)) => {
                    connection.set_nonblocking(false).unwrap();
                    return connection;
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    assert_eq!(self.job.try_wait().unwrap(), None, "it has ended");
                    assert!(Instant::now() < deadline, "it has not dialled");
                    thread::sleep(Duration::from_millis(1));
                }
                Err(e) => panic!("{e}"),
            }
        }
    }

    /// Sends whole lines to a source, and waits until batches have taken in all that was sent.
    pub(crate) fn send(&mut self, source: usize, lines: &str) {
        self.send_all(&[(source, lines)]);
    }

    /// [`send`](Fed::send) to several sources, with no wait between.
    pub(crate) fn send_all(&mut self, lines: &[(usize, &str)]) {
        for &(source, lines) in lines {
            assert!(lines.ends_with('\n'));
            let source = &mut self.sources[source];
            source.connection.write_all(lines.as_bytes()).unwrap();
            source.sent.push_str(lines);
        }
        let sent = |source: &Source| source.sent.lines().count() as u64;
        let sent: Vec<u64> = self.sources.iter().map(sent).collect();
        self.wait_until(|reports| {
            let taken = |source| reports.iter().map(|report| records(report, source)).sum::<u64>();
            sent.iter().enumerate().all(|(source, &sent)| taken(source) == sent)
        });
    }

    /// Whether a batch so far has a result for which `holds`.
    pub(crate) fn has_found(&self, holds: impl Fn(&Value) -> bool) -> bool {
        self.reports.iter().any(|report| holds(&report["result"]))
    }

    /// Reads batches until `holds`.
    pub(crate) fn wait_until(&mut self, holds: impl Fn(&[Value]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(&self.reports) {
            assert!(Instant::now() < deadline, "in vain: {:?}", self.reports.last());
            assert!(self.read_batch(), "it has ended: {:?}", self.reports.last());
        }
    }

    fn read_batch(&mut self) -> bool {
        let mut line = String::new();
        let read = self.progress.read_line(&mut line).unwrap();
        // Whatever else is said there is for people.
        let said = serde_json::from_str::<Value>(&line).ok();
        self.reports.extend(said.filter(|said| said.get("batch_time_ms").is_some()));
        read > 0
    }

    /// Ends the job as Ctrl-C does: all its batches in order, and the totals of its summary.
    pub(crate) fn end(mut self) -> (Vec<Batch>, Value) {
        kill(Pid::from_raw(self.job.id() as i32), Signal::SIGINT).unwrap();
        while self.read_batch() {}
        let mut summary = String::new();
        self.job.stdout.take().unwrap().read_to_string(&mut summary).unwrap();
        assert_eq!(self.job.wait().unwrap().code(), Some(0));
        let summary: Value = serde_json::from_str(&summary).unwrap();

        let mut left: Vec<_> = self.sources.iter().map(|source| source.sent.lines()).collect();
        let batch = |report: &Value| Batch {
            time_ms: report["batch_time_ms"].as_i64().unwrap(),
            sources: (0..left.len())
                .map(|n| {
                    let lines = left[n].by_ref().take(records(report, n) as usize);
                    lines.map(str::to_owned).collect()
                })
                .collect(),
            result: report["result"].clone(),
            unparsed: report["unparsed"].as_u64().unwrap(),
        };
        let batches: Vec<Batch> = self.reports.iter().map(batch).collect();
        let steps = batches.windows(2).map(|pair| pair[1].time_ms - pair[0].time_ms);
        assert!(steps.into_iter().all(|step| step == BATCH_MS), "no batch is left out");
        (batches, summary["totals"].clone())
    }
}

impl Drop for Fed {
    fn drop(&mut self) {
        // After `end` it is gone, and there is nothing to kill.
        if let Ok(None) = self.job.try_wait() {
            self.job.kill().unwrap();
            self.job.wait().unwrap();
        }
    }
}

/// How many lines a batch took in from a source.
fn records(report: &Value, source: usize) -> u64 {
    report["sources"][source]["records"].as_u64().unwrap()
}
