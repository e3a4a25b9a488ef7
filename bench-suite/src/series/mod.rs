//! Series of runs: a run is one workload at one point of settings, in processes of its own; a series is
//! kept in a folder that grows by a line with every run.

mod point;
mod bounds;
mod axis;
mod run;
mod time_left;
mod sustained;
mod asked;
mod done;
mod kept;
mod store;
mod page;
mod place;

pub(crate) use asked::too_many;
pub use asked::{Asked, Begun, Kind, Side};
pub use axis::Axis;
pub use done::Done;
pub use kept::{Kept, SCHEMA_VERSION};
pub use place::Place;
pub use point::Point;
pub use run::{How, Run};
pub use store::Series;
pub(crate) use sustained::is_generators_fault;
pub use sustained::{Unsustained, sustained};
pub(crate) use time_left::TimeLeft;
