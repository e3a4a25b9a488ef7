//! Runs one kernel over seeded data: something for `scripts/instructions.sh` to count, and for
//! profilers to look at.
//!
//!     kernel                          says which there are, and how many records a round has
//!     kernel words 8                  eight rounds, after those that warm it up
//!     kernel words 2 --of 8           two, with the input of eight at hand
//!
//! What two runs with the same input at hand differ by is the rounds alone: start-up, making the
//! data and growing what is kept from round to round are in both.

#[path = "../../benches/layers/by_hand.rs"]
mod by_hand;
#[path = "../../benches/layers/seeded.rs"]
mod seeded;
#[path = "../../benches/layers/streams.rs"]
mod streams;

mod kernels;

use anyhow::{Result, bail};
use clap::Parser;
use kernels::KERNELS;
use millstream::internals;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Options {
    /// Which kernel; left out, they are listed
    kernel: Option<String>,
    /// How often it is run
    #[arg(default_value_t = 1)]
    rounds: usize,
    /// For how many rounds there is input at hand; left out, for those that are run
    #[arg(long)]
    of: Option<usize>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let Some(name) = &options.kernel else {
        for kernel in KERNELS {
            let rounds = (kernel.begin)(0);
            println!("{} {} {}", kernel.name, rounds.records_per_round, kernel.record);
        }
        return Ok(());
    };
    let Some(kernel) = KERNELS.iter().find(|kernel| kernel.name == name) else {
        bail!("there is no kernel `{name}`: without arguments the kernels are listed");
    };
    let at_hand = options.of.unwrap_or(options.rounds);
    if at_hand < options.rounds {
        bail!("{} rounds cannot be run of {at_hand}: give --of at least as many", options.rounds);
    }
    internals::fix_hash_seed();
    let mut rounds = (kernel.begin)(kernel.warm_up_rounds + at_hand);
    for _ in 0..kernel.warm_up_rounds + options.rounds {
        (rounds.run_one)();
    }
    Ok(())
}
