//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use loadgen::{Load, Rate, TextOptions};

/// What was written on the command line.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version, about, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Who opens the connections.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Who opens the connections.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Wait for clients and feed them lines, as `nc -lk` would
    #[command(after_help = SERVE_EXAMPLES)]
    Serve {
        /// The address to listen on; port 0 takes a free one and says which
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7777")]
        listen: String,
        /// How many clients to wait for before the first line; later ones are fed as well
        #[arg(long, value_name = "N", default_value_t = 1)]
        connections: usize,
        /// What both commands share.
        #[command(flatten)]
        shared: Shared,
    },
    /// Dial targets and send them lines
    #[command(after_help = SEND_EXAMPLES)]
    Send {
        /// A target; may be repeated
        #[arg(long, value_name = "HOST:PORT", required = true)]
        connect: Vec<String>,
        /// How many connections to open in all, in turns over the targets [default: one each]
        #[arg(long, value_name = "N")]
        connections: Option<usize>,
        /// What both commands share.
        #[command(flatten)]
        shared: Shared,
    },
}

/// Flags of both commands.
#[derive(Args, Debug)]
pub(crate) struct Shared {
    /// Lines per second over all connections: 500, 1.5k, 100k, 2M; 0 or max for all it can
    #[arg(long, value_name = "RATE", default_value = "max", allow_negative_numbers = true)]
    rate: Rate,
    /// How many lines to send in all [default: no end]
    #[arg(long, value_name = "N")]
    records: Option<u64>,
    /// How long to send, such as 20s or 5m; serve counts from the first client [default: no end]
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    run_for: Option<Duration>,
    /// The same seed gives the same lines, another seed gives others
    #[arg(long, value_name = "N", default_value_t = TextOptions::default().seed)]
    seed: u64,
    /// How many distinct words there are
    #[arg(long, value_name = "N", default_value_t = TextOptions::default().vocabulary)]
    vocabulary: usize,
    /// The exponent of Zipf's law: 0 for words that are all alike, more for fewer frequent ones
    #[arg(long, value_name = "S", default_value_t = TextOptions::default().skew, allow_negative_numbers = true)]
    skew: f64,
    /// The mean length of a line with its newline; lines end with a whole word
    #[arg(long, value_name = "N", default_value_t = TextOptions::default().line_bytes)]
    line_bytes: usize,
    /// The share of the lines that contain the word `error`
    #[arg(long, value_name = "SHARE", default_value_t = TextOptions::default().error_share, allow_negative_numbers = true)]
    error_share: f64,
    /// Begin each line with `<connection> <sequence> `, both from 0, to check order and loss
    #[arg(long)]
    numbered: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Tell nothing while sending but what goes wrong
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl Shared {
    /// The load that the flags ask for over this many connections.
    pub(crate) fn load(&self, connections: usize) -> Load {
        let mut text = TextOptions {
            seed: self.seed,
            vocabulary: self.vocabulary,
            skew: self.skew,
            line_bytes: self.line_bytes,
            error_share: self.error_share,
            ..TextOptions::default()
        };
        if let Some(records) = self.records {
            text.shrink_to(records);
        }
        Load {
            text,
            rate: self.rate,
            records: self.records,
            run_for: self.run_for,
            connections,
            numbered: self.numbered,
            ..Load::default()
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  Feed a client that dials in, at a hundred thousand lines a second, until Ctrl-C:
    loadgen serve --listen 127.0.0.1:7777 --rate 100k

  See what a listener can take, over four connections for twenty seconds:
    loadgen send --connect 127.0.0.1:7777 --connections 4 --for 20s

Exit codes:
  0  done, or stopped by a first Ctrl-C or SIGTERM; a second aborts
  1  failed: port in use, target not there or hung up
  2  usage
  5  the schedule was not held within 1 %: the run is not valid";

const SERVE_EXAMPLES: &str = "\
Examples:
  A stream to look at:
    loadgen serve --rate 2          and, in another terminal:    nc 127.0.0.1 7777

  Exactly one million lines for two clients together, the summary as JSON:
    loadgen serve --connections 2 --records 1000000 --json

  Long lines of a large, flat vocabulary:
    loadgen serve --vocabulary 1000000 --skew 0 --line-bytes 1000";

const SEND_EXAMPLES: &str = "\
Examples:
  All that a reader takes:
    loadgen send --connect 127.0.0.1:7777 --for 10s

  Ten thousand connections with a line a second each:
    loadgen send --connect 127.0.0.1:7777 --connections 10000 --rate 10k --for 60s

  Lines that show whether any was lost or swapped, over two targets:
    loadgen send --connect 127.0.0.1:7777 --connect 127.0.0.1:7778 --numbered --records 1000000";
