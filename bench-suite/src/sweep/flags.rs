//! The flags of the axes.

use clap::Args;

use crate::series::Axis;

/// Values along the axes, each a list with commas.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Axes, each a list such as 100ms,1s; all combinations are run")]
pub struct AxisFlags {
    /// What is done with the lines [default: word-count]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    workload: Vec<String>,
    /// How often a batch is cut [default: 1s]
    #[arg(long, value_name = "TIME,..", value_delimiter = ',')]
    batch: Vec<String>,
    /// How often a receiver closes its blocks [default: the largest divisor of the batch interval up to
    /// 200ms]
    #[arg(long, value_name = "TIME,..", value_delimiter = ',')]
    block: Vec<String>,
    /// How long windows are, where the workload has some
    #[arg(long, value_name = "TIME,..", value_delimiter = ',')]
    window: Vec<String>,
    /// How often a window comes [default: with every batch]
    #[arg(long, value_name = "TIME,..", value_delimiter = ',')]
    slide: Vec<String>,
    /// How many tasks run at once [default: one for each core]
    #[arg(long, value_name = "N,..", value_delimiter = ',')]
    parallelism: Vec<String>,
    /// Connections, each with a receiver of its own [default: 2]
    #[arg(long, value_name = "N,..", value_delimiter = ',')]
    connections: Vec<String>,
    /// Distinct words, or other keys [default: 10000]
    #[arg(long, value_name = "N,..", value_delimiter = ',')]
    keys: Vec<String>,
    /// Lines a second, as loadgen has it: 100k, 2M, max [default: max]
    #[arg(long, value_name = "RATE,..", value_delimiter = ',')]
    rate: Vec<String>,
}

impl AxisFlags {
    /// The axes that were given.
    pub(crate) fn given(&self) -> impl Iterator<Item = (Axis, &[String])> {
        let all = [
            (Axis::Workload, &self.workload),
            (Axis::Batch, &self.batch),
            (Axis::Block, &self.block),
            (Axis::Window, &self.window),
            (Axis::Slide, &self.slide),
            (Axis::Parallelism, &self.parallelism),
            (Axis::Connections, &self.connections),
            (Axis::Keys, &self.keys),
            (Axis::Rate, &self.rate),
        ];
        all.into_iter().filter(|(_, values)| !values.is_empty()).map(|(axis, v)| (axis, &v[..]))
    }
}
