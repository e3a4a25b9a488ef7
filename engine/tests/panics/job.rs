//! The job: states, windows and a transform over lines from a socket, each written to files; every closure
//! of it asks the dice. The clock is moved by hand.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration as StdDuration, Instant};

use millstream::disk::{Disk, MemoryDisk};
use millstream::progress::{BatchReport, Listener, Notice};
use millstream::{
    BoxError, Conf, DStream, Duration, KeyState, ManualClock, Pipe, Running, Scope, StateSpec,
    StreamingContext, Time, Window, millis, secs,
};

use crate::dice::{Dice, Site};
use crate::oracle::{Results, line, updated};
use crate::seed::Random;

/// A key and a value.
pub(crate) type Record = (u64, u64);

pub(crate) const INTERVAL: Duration = secs(1);

/// Lengths of windows, a slide and a timeout, in batches.
pub(crate) const LENGTH: u64 = 3;
pub(crate) const SLID_LENGTH: u64 = 4;
pub(crate) const SLIDE: u64 = 2;
pub(crate) const RAW_LENGTH: u64 = 2;
pub(crate) const TIMEOUT: u64 = 2;

/// Whatever takes longer hangs.
const PATIENCE: StdDuration = StdDuration::from_secs(30);

/// How a run is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) parallelism: usize,
    pub(crate) early_work: bool,
}

impl Setting {
    pub(crate) const ALL: [Setting; 4] = [
        Setting { parallelism: 1, early_work: false },
        Setting { parallelism: 1, early_work: true },
        Setting { parallelism: 3, early_work: false },
        Setting { parallelism: 3, early_work: true },
    ];
}

/// What so many batches have. Each has a key twice, so that every closure but the inverse is called.
pub(crate) fn batches(random: &mut Random, len: usize) -> Vec<Vec<Record>> {
    let mut record = |_| (random.below(7) as u64, random.below(100) as u64);
    let batches = (0..len).map(|n| (0..2 + n * 5 % 13).map(&mut record).collect::<Vec<_>>());
    batches.map(|records| [&records[..], &[(9, 1), (9, 2)]].concat()).collect()
}

fn described(s: &Scope<'_>, dice: &Dice) -> Result<(), BoxError> {
    let at = |site| {
        let dice = dice.clone();
        move || dice.roll(site)
    };
    let length = |batches: u64| INTERVAL * batches as i64;
    let map = at(Site::Map);
    let pairs = s.listen_text_stream("127.0.0.1:0").map(move |line| {
        map();
        let (key, value) = line.split_once(' ').expect("every line has a key and a value");
        let number = |text: &str| text.parse::<u64>().expect("it is a number");
        (number(key), number(value))
    });

    let update = at(Site::Update);
    let totals = pairs.update_state_by_key(move |new: &[u64], old: Option<(u64, u64)>| {
        let total = updated(new, old);
        update();
        total
    });
    save(&totals.map(|(key, &(sum, n))| line(&[key, sum, n])), "totals", dice);

    let call = at(Site::WithState);
    let with_state = move |key: u64, value: Option<u64>, state: &mut KeyState<'_, u64>| {
        let sum = state.get().copied().unwrap_or(0);
        let called = match value {
            Some(value) => {
                state.update(sum + value);
                line(&[key, value])
            }
            None => format!("{key} gone {sum}"),
        };
        call();
        called
    };
    let calls = pairs.map_with_state(StateSpec::new().timeout(length(TIMEOUT)), with_state);
    save(&calls, "calls", dice);
    save(&calls.state_snapshots().map(|(key, &sum)| line(&[key, sum])), "sessions", dice);

    let merge = at(Site::Merge);
    let add = move |a: u64, b: u64| {
        merge();
        a + b
    };
    let window = pairs.reduce_by_key_and_window(add, Window::every_batch(length(LENGTH)));
    save(&window.map(|(key, sum)| line(&[key, sum])), "window", dice);

    // Values that own something, of which one that a panic drops is gone.
    let (merge, inverse) = (at(Site::SlidMerge), at(Site::Inverse));
    let number = |text: String| text.parse::<u64>().expect("it is a number");
    let add = move |a, b| {
        merge();
        (number(a) + number(b)).to_string()
    };
    let subtract = move |a, b| {
        inverse();
        (number(a) - number(b)).to_string()
    };
    let texts = pairs.map_values(|value: u64| value.to_string());
    let sliding = Window::sliding(length(SLID_LENGTH), length(SLIDE));
    let slid = texts.reduce_by_key_and_window_with_inverse(add, subtract, sliding);
    save(&slid.map(|(key, sum)| format!("{key} {sum}")), "slid", dice);

    let raw = pairs.window(Window::every_batch(length(RAW_LENGTH)));
    save(&raw.map(|(key, value)| line(&[key, value])), "raw", dice);

    let (transform, inside) = (at(Site::Transform), at(Site::InTransform));
    let changed = pairs.transform(move |rdd, _| {
        transform();
        let inside = inside.clone();
        rdd.map(move |(key, value)| {
            inside();
            line(&[key, value])
        })
    });
    save(&changed, "changed", dice);

    let output = at(Site::Output);
    pairs.for_each_rdd(move |_, _| output());
    Ok(())
}

/// Registers an output to files, which writes a line before it asks the dice.
fn save<'b, P: Pipe<'b, Item = String>>(stream: &DStream<'b, P>, name: &str, dice: &Dice) {
    let dice = dice.clone();
    stream.save_as_files(format!("out/{name}"), "", move |line, out| {
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
        dice.roll(Site::Format);
    });
}

/// The results of a batch that are on a disk: of each output, if its folder is there.
pub(crate) fn results(disk: &MemoryDisk, number: u64) -> Results {
    let mut results = Results::new();
    for name in ["totals", "calls", "sessions", "window", "slid", "raw", "changed"] {
        let folder = format!("out/{name}-{}", time_of(number).as_millis());
        let Ok(entries) = disk.list(Path::new(&folder)) else { continue };
        let mut lines = Vec::new();
        let mut is_whole = false;
        for entry in entries {
            is_whole |= entry.name == "_SUCCESS";
            let text = disk.read(&Path::new(&folder).join(&entry.name)).expect("it can be read");
            let text = String::from_utf8(text).expect("it is text");
            lines.extend(text.lines().map(str::to_owned));
        }
        assert!(is_whole, "{folder} has its name, and is not whole");
        lines.sort();
        results.insert(name, lines);
    }
    results
}

/// The time of the batch of this number, from 1.
pub(crate) fn time_of(number: u64) -> Time {
    Time::default() + INTERVAL * number as i64
}

/// The job while it runs.
pub(crate) struct Job {
    pub(crate) running: Running,
    pub(crate) dice: Dice,
    clock: ManualClock,
    heard: Receiver<Heard>,
    number: u64,
    sent_bytes: u64,
}

enum Heard {
    Disconnected,
    Report(Box<BatchReport>),
}

struct Ear(Sender<Heard>);

impl Listener for Ear {
    fn batch_completed(&self, report: &BatchReport) {
        // A test that has ended hears nothing any more.
        drop(self.0.send(Heard::Report(Box::new(report.clone()))));
    }

    fn notice(&self, notice: &Notice) {
        if let Notice::Disconnected { .. } = notice {
            drop(self.0.send(Heard::Disconnected));
        }
    }
}

/// The settings of a run, on a disk, whose clock shows the time of the batch before the first.
pub(crate) fn conf(setting: Setting, disk: &MemoryDisk) -> Conf {
    Conf::new("panics")
        .parallelism(setting.parallelism)
        .early_work(setting.early_work)
        .disk(disk.clone())
        .memory_bytes(64 << 20)
        .warnings_on_stderr(false)
}

impl Job {
    /// Starts the job behind batch `before`, in `made`'s context.
    pub(crate) fn start(
        conf: Conf,
        before: u64,
        dice: &Dice,
        made: impl FnOnce(Conf) -> millstream::Result<StreamingContext>,
    ) -> Job {
        let clock = ManualClock::at(time_of(before));
        let (tell, heard) = channel();
        let ssc =
            made(conf.clock(clock.clone()).listener(Ear(tell))).expect("the settings are right");
        let asked = dice.clone();
        let running = ssc.start(move |s| described(s, &asked)).expect("it starts");
        let sent_bytes = running.received_bytes();
        Job { running, dice: dice.clone(), clock, heard, number: before, sent_bytes }
    }

    /// The reports of the batches that were run again when the job started.
    pub(crate) fn reports_so_far(&self) -> Vec<BatchReport> {
        let heard = self.heard.try_iter();
        heard
            .filter_map(|heard| match heard {
                Heard::Report(report) => Some(*report),
                Heard::Disconnected => None,
            })
            .collect()
    }

    /// Runs the next batch: half of its records come while there is time for early work, half right before
    /// its tick.
    pub(crate) fn batch(&mut self, records: &[Record]) -> BatchReport {
        self.number += 1;
        self.dice.begin_batch(self.number);
        let (first, last) = records.split_at(records.len() / 2);
        self.send(first);
        self.clock.advance(millis(500));
        let until = Instant::now() + PATIENCE;
        while self.running.received_bytes() < self.sent_bytes {
            assert!(Instant::now() < until, "what was sent is not stored");
            thread::yield_now();
        }
        self.send(last);
        self.clock.advance(time_of(self.number) - self.clock.now());
        loop {
            match self.heard.recv_timeout(PATIENCE).expect("a batch ends") {
                Heard::Report(report) => break *report,
                Heard::Disconnected => {}
            }
        }
    }

    /// Sends records over a connection of their own, and returns when the job has read them.
    fn send(&mut self, records: &[Record]) {
        let text: String = records.iter().map(|(key, value)| format!("{key} {value}\n")).collect();
        let address = self.running.listening()[0];
        let mut stream = TcpStream::connect(address).expect("the job listens");
        stream.write_all(text.as_bytes()).expect("the job reads");
        stream.shutdown(Shutdown::Both).expect("it is connected");
        self.sent_bytes += text.len() as u64;
        let heard = self.heard.recv_timeout(PATIENCE).expect("the connection ends");
        assert!(matches!(heard, Heard::Disconnected), "no batch ends while the clock stands");
    }
}

/// Rounds of retries that a report tells of.
pub(crate) fn retries(report: &BatchReport) -> u32 {
    report.stages.iter().map(|stage| stage.retries).sum()
}
