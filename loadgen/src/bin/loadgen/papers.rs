//! What goes with the program: its manual, completions, and the schema of its summary.

use std::io;

use clap::CommandFactory;
use clap::builder::Resettable;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use loadgen::{Error, Result, Summary};

use crate::cli::Cli;
use crate::stdout;

/// Prints the JSON schema of the summary.
pub(crate) fn schema() -> Result<u8> {
    stdout::print(stdout::json(&schemars::schema_for!(Summary))?).map(|()| 0)
}

/// Prints the completions for a shell.
pub(crate) fn completions(shell: Shell) -> Result<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "loadgen", &mut out);
    stdout::print(out).map(|()| 0)
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
    let page =
        page(about).map_err(|source| Error::System { doing: "write the page", error: source })?;
    stdout::print(page).map(|()| 0)
}

/// The page, with what stands at the end of the help as sections of their own.
fn page(about: clap::Command) -> io::Result<Vec<u8>> {
    let after_help = about.get_after_help().map(ToString::to_string).unwrap_or_default();
    let page = Man::new(about.after_help(Resettable::Reset))
        .source(concat!("loadgen ", env!("CARGO_PKG_VERSION")))
        .manual("Load for stream engines");
    let mut out = Vec::new();
    page.render(&mut out)?;
    sections(&after_help).to_writer(&mut out)?;
    Ok(out)
}

/// A section for each heading, its lines as they are.
fn sections(after_help: &str) -> Roff {
    let mut sections = Roff::new();
    for line in after_help.lines() {
        match line {
            "Examples:" => sections.control("SH", ["EXAMPLES"]).control("nf", []),
            "Exit codes:" => {
                sections.control("fi", []).control("SH", ["EXIT STATUS"]).control("nf", [])
            }
            line => sections.text([roman(line)]),
        };
    }
    sections.control("fi", []);
    sections
}
