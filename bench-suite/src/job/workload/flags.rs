//! The flags that some workloads take, and what does not go together.

use clap::{Args, ValueEnum};
use millstream::{Duration, Window, secs};

use super::Workload;
use crate::job::{Options, at_least_one, interval};

/// The flags that some workloads take.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Flags of some workloads")]
pub struct Flags {
    /// How long a window is [default: 10 batches for windowed word counts, else each batch by itself]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub window: Option<Duration>,
    /// How often a window comes [default: with every batch]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub slide: Option<Duration>,
    /// How many words top-words finds [default: 10]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub top: Option<usize>,
    /// How long a key of sessions has no line until its session is over [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub idle: Option<Duration>,
    /// How long busy-wait looks at the clock for each line [default: 2us]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub busy: Option<std::time::Duration>,
}

impl Flags {
    /// The window, where one is asked for.
    pub(super) fn window(&self) -> Option<Window> {
        self.window.map(|length| self.window_or(length))
    }

    /// The window, of this length unless another is asked for.
    pub(super) fn window_or(&self, length: Duration) -> Window {
        let length = self.window.unwrap_or(length);
        self.slide.map_or(Window::every_batch(length), |slide| Window::sliding(length, slide))
    }

    pub(super) fn top(&self) -> usize {
        self.top.unwrap_or(10)
    }

    pub(super) fn idle(&self) -> Duration {
        self.idle.unwrap_or(secs(10))
    }

    pub(super) fn busy(&self) -> std::time::Duration {
        self.busy.unwrap_or(std::time::Duration::from_micros(2))
    }

    /// Those that were given, by name.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let flags = [
            ("--window", self.window.is_some()),
            ("--slide", self.slide.is_some()),
            ("--top", self.top.is_some()),
            ("--idle", self.idle.is_some()),
            ("--busy", self.busy.is_some()),
        ];
        flags.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}

impl Workload {
    /// Whether it has a use for this flag.
    pub(crate) fn takes(self, flag: &str) -> bool {
        let flags: &[&str] = match self {
            Workload::WindowedWordCount
            | Workload::WindowedWordCountInverse
            | Workload::StreamJoin => &["--window", "--slide"],
            Workload::TopWords => &["--window", "--slide", "--top"],
            Workload::Sessions => &["--idle"],
            Workload::BusyWait => &["--busy"],
            Workload::Count
            | Workload::Grep
            | Workload::WordCount
            | Workload::KeySum
            | Workload::Ysb
            | Workload::Latency => &[],
        };
        flags.contains(&flag)
    }

    /// Whether it has a window without --window too: of ten batches.
    pub(crate) fn has_a_window_of_its_own(self) -> bool {
        matches!(self, Workload::WindowedWordCount | Workload::WindowedWordCountInverse)
    }
}

/// Why the workload cannot be run so, in a sentence.
pub(in crate::job) fn check(options: &Options) -> Result<(), String> {
    let (workload, name) = (options.workload, options.workload.name());
    for flag in options.flags.given() {
        if !workload.takes(flag) {
            let users = Workload::value_variants().iter().filter(|workload| workload.takes(flag));
            let users: Vec<&str> = users.map(|workload| workload.name()).collect();
            return Err(format!(
                "{name} has no use for {flag}, which is for {}; leave it out",
                users.join(", ")
            ));
        }
    }
    let Flags { window, slide, .. } = options.flags;
    if let (None, Some(slide), false) = (window, slide, workload.has_a_window_of_its_own()) {
        return Err(format!(
            "--slide says that a window comes every {slide}, and {name} has a window only with \
             --window; give both, as in --window {}ms --slide {}ms",
            (slide * 10).as_millis(),
            slide.as_millis()
        ));
    }
    if options.hdr_log.is_some() && !options.is_stamped() {
        return Err(
            "--hdr-log is about the latencies of stamped lines; give --stamped too, and send \
                    lines with loadgen --stamped"
                .into(),
        );
    }
    let dialled = options.connect.len().saturating_mul(options.connections);
    let others = options.listen.iter().len() + options.from_memory.iter().len();
    let sources = dialled.saturating_add(others);
    if workload == Workload::StreamJoin && sources < 2 {
        return Err(format!(
            "{name} joins the first source with all others, and there is {sources}; give --connect \
             twice, --connections 2, or --listen beside --connect"
        ));
    }
    Ok(())
}
