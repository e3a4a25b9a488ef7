//! What goes with the program: its manual, completions, and the schema of its summary.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use loadgen::{Error, Result, Summary};

use crate::cli::Cli;

/// Prints the JSON schema of the summary.
pub(crate) fn schema() -> Result<u8> {
    let schema = schemars::schema_for!(Summary);
    let mut out = Vec::new();
    serde_json::to_writer_pretty(&mut out, &schema).map_err(|error| printing(error.into()))?;
    out.push(b'\n');
    print(&out)
}

/// Prints the completions for a shell.
pub(crate) fn completions(shell: Shell) -> Result<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "loadgen", &mut out);
    print(&out)
}

/// Prints the manual page of a command, or that of all.
pub(crate) fn man(command: Option<&str>) -> Result<u8> {
    let mut all = Cli::command();
    all.build();
    let about = match command {
        None => all,
        Some(name) => match all.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let names: Vec<_> =
                    all.get_subcommands().map(|command| command.get_name()).collect();
                return Err(Error::Usage(format!(
                    "there is no command {name:?}; there are {}",
                    names.join(", ")
                )));
            }
        },
    };
    let mut out = Vec::new();
    clap_mangen::Man::new(about).render(&mut out).map_err(printing)?;
    print(&out)
}

fn print(bytes: &[u8]) -> Result<u8> {
    let written = io::stdout().lock().write_all(bytes);
    match written {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        written => written.map(|()| 0).map_err(printing),
    }
}

fn printing(source: io::Error) -> Error {
    Error::System { doing: "print it", source }
}
