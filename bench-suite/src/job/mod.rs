//! One workload against any source of lines, alone in its process.

mod answers;
mod given;
mod workload;
mod stamped;
mod live;
mod ndjson;
mod course;
mod trend;
mod summary;
mod overload;
mod contradictions;
mod gathered;
mod from_memory;
mod in_flags;
mod run;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, ValueEnum};
use loadgen::{Objective, Token};
use millstream::{Conf, StorageLevel};

pub use answers::{Answer, Answers};
pub use course::Moment;
pub(crate) use given::{
    at_least_one, interval, share, size, some_bytes, some_time, time_to_warm_up, too_long,
};
use given::{host_and_port, port_or_address};
pub use overload::Overload;
pub use run::run;
pub use stamped::StampedSummary;
pub use summary::Summary;
pub use trend::Slope;
pub use workload::{Flags, Workload};

use crate::stderr;

/// How progress is told, on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// A line for each batch, rewritten in place on a terminal
    Live,
    /// A JSON line for each batch, {"listening":..} for each address listened on, {"warning":..} for what is
    /// wrong and is lived with, and {"notice":..} for what else is worth a sentence
    Ndjson,
    /// Nothing
    None,
}

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  Lines that contain `error`, from whoever connects, a JSON line per batch on stderr:
    bench-suite job grep --listen 127.0.0.1:7777 --progress ndjson

  Words over two connections for twenty seconds, on one thread, within 256 MiB of memory:
    bench-suite job word-count --connect 127.0.0.1:7777 --connections 2 --for 20s --parallelism 1 --memory 256MiB

  The ten most frequent words of the last minute, every five seconds:
    bench-suite job top-words --connect 127.0.0.1:7777 --window 1m --slide 5s

  Two servers of lines `key<TAB>value`, joined by key over the last ten seconds:
    bench-suite job stream-join --connect 127.0.0.1:7777 --connect 127.0.0.1:7778 --window 10s

  Words that are counted on after the program was killed, none of those that were received being lost:
    bench-suite job word-count --listen 127.0.0.1:7777 --checkpoint counts.job --write-ahead-log

  Words of whoever sends as fast as it can, at the rate that batches keep up with, and one batch for all that
  is due where one overruns:
    bench-suite job word-count --listen 127.0.0.1:7777 --backpressure --overrun coalesce

  With a second copy of what it keeps, on another disk or machine (millstream-replica --help):
    bench-suite job word-count --listen 127.0.0.1:7777 --checkpoint counts.job --write-ahead-log \
        --replica 127.0.0.1:7799 --replica-token-file replica.token

  How late the result of each line is, counted from when it was due, and whether all came:
    loadgen serve --preset stamped --rate 100k --for 20s
    bench-suite job word-count --stamped --connect 127.0.0.1:7777 --batch 100ms --for 25s

Exit codes:
  0  done, or drained after Ctrl-C    1  failed, or stamped lines are missing    2  wrong usage
  4  an objective was missed    5  latencies mean nothing: two clocks differ";

/// The flags of `job`.
#[derive(Args, Clone, Debug)]
#[command(group = clap::ArgGroup::new("source").required(true).multiple(true))]
pub struct Options {
    /// What to do with the lines
    pub workload: Workload,
    /// The application's name, by which a replica tells jobs apart [default: the workload's]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new(),
          conflicts_with = "from_memory")]
    pub name: Option<String>,
    /// A server of lines to dial; may be repeated
    #[arg(long, value_name = "HOST:PORT", group = "source", value_parser = host_and_port)]
    pub connect: Vec<String>,
    /// An address to listen on for lines, beside those dialled or alone; a port alone is on
    /// loopback
    #[arg(long, value_name = "ADDR", group = "source", value_parser = port_or_address)]
    pub listen: Option<String>,
    /// With --listen: take lines only of clients that show the token in this file's one line first
    #[arg(long, value_name = "FILE", requires = "listen")]
    pub token_file: Option<PathBuf>,
    /// With --listen: speak TLS 1.3, with the certificates in this PEM file, the own one first
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "listen", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// No network: batches of so many bytes, such as 4MiB, rounded up to whole MiB, that are in memory,
    /// one after the other with no time between them. The figures are those of the work alone
    #[arg(long, value_name = "SIZE", group = "source", value_parser = some_bytes,
          conflicts_with_all = ["connect", "listen", "stamped", "hdr_log", "warm_up", "course"])]
    pub from_memory: Option<ByteSize>,
    /// With --from-memory: distinct words, or other keys, of the lines [default: 10000]
    #[arg(long, value_name = "N", value_parser = at_least_one, requires = "from_memory")]
    pub keys: Option<usize>,
    /// With --from-memory: do so much more work for each line, to see whether whoever measures finds
    /// it
    #[arg(long, value_name = "SHARE", default_value = "0%", value_parser = share, requires = "from_memory")]
    pub slow: f64,
    /// With --from-memory: wait for a line on stdin before each batch
    #[arg(long, requires = "from_memory", hide = true)]
    pub in_turns: bool,
    /// How many connections to make to each server, each with a receiver of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub connections: usize,
    /// How often a batch is cut
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    pub batch: millstream::Duration,
    /// How often a receiver closes its blocks [default: the largest divisor of the batch interval
    /// up to 200ms]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub block: Option<millstream::Duration>,
    /// How many tasks run at once [default: one for each core]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub parallelism: Option<usize>,
    /// The budget for received data, states, windows and stages, such as 256MiB [default: half of what the
    /// process may use]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<ByteSize>,
    /// Where received data waits for its batch, and windows of raw records keep it: MEMORY_ONLY,
    /// MEMORY_AND_DISK, DISK_ONLY, and with _2 a second copy of the log (--replica)
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "MEMORY_ONLY",
        conflicts_with = "from_memory"
    )]
    pub storage_level: StorageLevel,
    /// With a level that uses the disk: where what memory has no room for goes [default: the system's
    /// directory for temporary files]
    #[arg(long, value_name = "DIR", conflicts_with = "from_memory")]
    pub spill_dir: Option<PathBuf>,
    /// Leave all work on received data to its batch's turn
    #[arg(long, conflicts_with = "from_memory")]
    pub all_at_the_turn: bool,
    /// Leave states and windows in this directory every ten seconds and at the end, and go on from what
    /// is there
    #[arg(long, value_name = "DIR", conflicts_with_all = ["from_memory", "stamped"])]
    pub checkpoint: Option<PathBuf>,
    /// With --checkpoint: write what is received to a log there, and sync it, before it counts, so that
    /// none of it is lost with the process
    #[arg(long, requires = "checkpoint")]
    pub write_ahead_log: bool,
    /// With --checkpoint: keep a second copy of that directory at the replica that listens there, a
    /// millstream-replica. With --write-ahead-log nothing counts that one copy alone holds; without it only
    /// checkpoints are there
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port,
          requires_all = ["checkpoint", "replica_token_file"])]
    pub replica: Option<String>,
    /// With --replica: a file with the secret that it was given, in one line
    #[arg(long, value_name = "FILE", requires = "replica")]
    pub replica_token_file: Option<PathBuf>,
    /// How long to run, such as 20s [default: until Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub run_for: Option<Duration>,
    /// End once the servers have closed every connection that was made to them, and all that came over
    /// these is processed
    #[arg(long, conflicts_with_all = ["listen", "from_memory"])]
    pub until_closed: bool,
    /// How to tell the progress on stderr
    #[arg(long, value_name = "FORM", value_enum, default_value_t = ProgressForm::Live)]
    pub progress: ProgressForm,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// With --json: tell the course of the run too, in 120 moments at most
    #[arg(long, requires = "json")]
    pub course: bool,
    /// The lines are stamped (loadgen --stamped): tell how late the result of each is, counted from
    /// the moment at which it was due, and whether all of them came
    #[arg(long)]
    pub stamped: bool,
    /// Leave out of the figures what comes so soon after the first line: tables grow then, and windows
    /// fill. Without --stamped it is batches that are left out, else lines by when they were due too
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    pub warm_up: Duration,
    /// With --stamped: write the latencies to this file, as an HdrHistogram log: corrected, and
    /// tagged `raw`
    #[arg(long, value_name = "FILE")]
    pub hdr_log: Option<PathBuf>,
    /// What a figure must be, such as latency.p99<1s; may be repeated. Missed, the exit code is 4
    #[arg(long = "objective", value_name = "FIGURE<BOUND")]
    pub objectives: Vec<Objective>,
    /// What the engine is told of rates and overruns.
    #[command(flatten)]
    pub overload: Overload,
    /// What some workloads are told beside.
    #[command(flatten)]
    pub flags: Flags,
}

impl Options {
    /// What they say of the engine. Fails where a file that they name cannot be read.
    fn conf(&self) -> anyhow::Result<Conf> {
        let name = self.name.as_deref().unwrap_or(self.workload.name());
        let mut conf = Conf::new(name);
        if let Some(tasks) = self.parallelism {
            conf = conf.parallelism(tasks);
        }
        if let Some(block) = self.block {
            conf = conf.block_interval(block);
        }
        if let Some(memory) = self.memory {
            conf = conf.memory_bytes(memory.as_u64());
        }
        conf = conf.storage_level(self.storage_level).early_work(!self.all_at_the_turn);
        if let Some(directory) = &self.spill_dir {
            conf = conf.spill_directory(directory);
        }
        if let Some(file) = &self.token_file {
            conf = conf.receiver_token(self.token(file)?.secret());
        }
        #[cfg(feature = "tls")]
        if let (Some(certificates), Some(key)) = (&self.tls_cert, &self.tls_key) {
            conf = conf.listen_tls(millstream::TlsServer::from_files(certificates, key)?);
        }
        if let (Some(replica), Some(file)) = (&self.replica, &self.replica_token_file) {
            conf = conf.replica(replica, self.token(file)?.secret());
        }
        // In JSON they are told by whoever tells the progress.
        conf = conf.warnings_on_stderr(self.progress != ProgressForm::Ndjson);
        Ok(self.overload.told_to(conf).write_ahead_log(self.write_ahead_log))
    }

    /// What is in a file with a secret; it warns of one that others may read or write.
    fn token(&self, file: &Path) -> anyhow::Result<Token> {
        let token = Token::from_file(file)?;
        match (token.warning(), self.progress) {
            (None, _) => {}
            (Some(sentence), ProgressForm::Ndjson) => ndjson::warning(sentence),
            (Some(sentence), _) => stderr::tell(format_args!("bench-suite: {sentence}")),
        }
        Ok(token)
    }

    /// How many batches the workload's window has; none where it has no window.
    fn window_batches(&self) -> i64 {
        let given = self.flags.window.map(|window| window.as_millis() / self.batch.as_millis());
        let own = self.workload.has_a_window_of_its_own().then_some(10);
        given.or(own).unwrap_or(0)
    }

    /// Whether the lines are taken for stamped ones.
    fn is_stamped(&self) -> bool {
        self.stamped || self.workload == Workload::Latency
    }
}

#[cfg(test)]
mod tests {
    use millstream::StreamingContext;

    use super::*;
    use crate::flags::given;

    fn app_name(flags: &[&str]) -> String {
        let words = ["count", "--listen", "0"].iter().chain(flags);
        let options: Options = given(words.copied()).unwrap();
        let ssc = StreamingContext::new(options.conf().unwrap(), options.batch).unwrap();
        ssc.app_name().to_owned()
    }

    #[test]
    fn a_job_is_called_what_it_was_given_or_what_its_workload_is() {
        assert_eq!(app_name(&["--name", "the shop's"]), "the shop's");
        assert_eq!(app_name(&[]), "count");
        let unnamed = ["count", "--listen", "0", "--name", ""];
        assert!(given::<Options>(unnamed).is_err());
    }
}
