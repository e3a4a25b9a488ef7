//! What is compared: a result that is kept, a build of this program, or a configuration.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::series::{Axis, Point};

/// One of the two.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// The folder of a series.
    Stored(PathBuf),
    /// Something to run.
    ToRun {
        /// With this program; nothing for this one.
        build: Option<PathBuf>,
        /// These settings over those that both have.
        settings: Vec<(Axis, String)>,
    },
}

/// This program, with nothing set.
const THIS: &str = "this";

impl Operand {
    /// A folder, a program, `this`, or settings such as `parallelism=1,keys=1000`. `Err` says what it
    /// could have been.
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let path = Path::new(text);
        if path.is_dir() {
            return Ok(Operand::Stored(path.into()));
        }
        if path.is_file() {
            let mode = path.metadata().map_err(|e| format!("{text}: {e}"))?.permissions().mode();
            if mode & 0o111 == 0 {
                return Err(format!("{text}: it is no program, for nobody may execute it"));
            }
            // A name without a slash would be looked for in PATH.
            let build = path.canonicalize().map_err(|e| format!("{text}: {e}"))?;
            return Ok(Operand::ToRun { build: Some(build), settings: Vec::new() });
        }
        if text == THIS {
            return Ok(Operand::ToRun { build: None, settings: Vec::new() });
        }
        let settings: Option<Vec<(Axis, String)>> = text.split(',').map(setting).collect();
        let settings = settings.ok_or_else(|| {
            format!(
                "{text}: it is no folder of a result, no program, not `{THIS}`, and no settings such as \
                 parallelism=1,keys=1000"
            )
        })?;
        let mut point = Point::default();
        settings.iter().try_for_each(|(axis, value)| axis.set(&mut point, value))?;
        Ok(Operand::ToRun { build: None, settings })
    }
}

fn setting(text: &str) -> Option<(Axis, String)> {
    let (name, value) = text.split_once('=')?;
    let axis = Axis::ALL.into_iter().find(|axis| axis.name() == name.trim())?;
    Some((axis, value.trim().to_string()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_is_what_it_looks_like() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().to_str().unwrap();
        assert_eq!(Operand::of(folder), Ok(Operand::Stored(folder.into())));
        let program = home.path().canonicalize().unwrap().join("bench-suite");
        fs::write(&program, "").unwrap();
        let refused = Operand::of(program.to_str().unwrap()).unwrap_err();
        assert!(refused.contains("nobody may execute it"), "{refused}");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let build = Some(program.clone());
        let settings = Vec::new();
        let run = Operand::ToRun { build, settings };
        assert_eq!(Operand::of(program.to_str().unwrap()), Ok(run));
        let settings = vec![(Axis::Batch, "100ms".into()), (Axis::Parallelism, "1".into())];
        let configured = Operand::ToRun { build: None, settings };
        assert_eq!(Operand::of("batch=100ms, parallelism=1"), Ok(configured));
        assert!(Operand::of("batch=soon").unwrap_err().contains("batch \"soon\""));
        for nothing in ["that", "batch", "speed=5", ""] {
            assert!(Operand::of(nothing).unwrap_err().contains("it is no folder"), "{nothing}");
        }
    }
}
