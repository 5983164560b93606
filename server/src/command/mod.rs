//! The command line: one file a subcommand.
//!
//! Exit codes: 0 done, 1 the input or the data is at fault, 2 usage.

mod audit;
mod backup;
mod check;
mod compare;
mod demo;
mod doctor;
mod export;
mod import;
mod key;
mod locate;
mod record;
mod restore;
mod serve;
mod sheets;
mod tiles;
mod user;

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, OnceLock},
};

use clap::{Parser, Subcommand};

use record::on_record;
use yizhangtu_data::{
    Catalog,
    store::{Access, GeoPackage, StoreError},
};

/// 一张图：村庄规划、治理与更新 / one map for village planning, governance and renewal
#[derive(Parser)]
#[command(name = "yizhangtu", version, propagate_version = true)]
struct Command {
    /// 以 JSON 输出结果 / give results as JSON
    #[arg(long, global = true)]
    json: bool,
    /// 叠加在内置图层目录上的目录（themes.toml、layers/、codes/） / a directory laid over the built-in catalog
    #[arg(long, global = true, value_name = "DIR")]
    catalog: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Audit(audit::Arguments),
    Backup(backup::Arguments),
    Check(check::Arguments),
    Compare(compare::Arguments),
    Demo(demo::Arguments),
    Doctor(doctor::Arguments),
    Export(export::Arguments),
    Import(import::Arguments),
    Key(key::Arguments),
    Locate(locate::Arguments),
    Restore(restore::Arguments),
    Serve(serve::Arguments),
    Sheets(sheets::Arguments),
    Tiles(tiles::Arguments),
    User(user::Arguments),
}

/// How a subcommand gives its results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// As JSON on standard output rather than as text.
    pub(crate) json: bool,
}

/// The catalog of this run, where `--catalog` gave one.
static CATALOG: OnceLock<Arc<Catalog>> = OnceLock::new();

/// The catalog that every subcommand works with.
fn catalog() -> Arc<Catalog> {
    CATALOG.get().cloned().unwrap_or_else(Catalog::embedded)
}

/// Opens a file, and takes the rules that its office wrote.
fn open(path: &Path, access: Access) -> Result<GeoPackage, StoreError> {
    let store = GeoPackage::open(path, &catalog(), access)?;
    crate::office::take(&store)?;
    Ok(store)
}

/// Runs what the command line asks for.
pub(crate) fn run() -> ExitCode {
    let command = Command::parse();
    match dispatch(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    if let Some(directory) = command.catalog {
        let catalog = Catalog::load(directory)?;
        CATALOG.get_or_init(|| Arc::new(catalog));
    }
    let output = Output { json: command.json };
    match command.verb {
        Verb::Audit(arguments) => audit::run(arguments, output),
        Verb::Backup(arguments) => backup::run(arguments, output),
        Verb::Check(arguments) => check::run(arguments, output),
        Verb::Compare(arguments) => compare::run(arguments, output),
        Verb::Demo(arguments) => demo::run(arguments, output),
        Verb::Doctor(arguments) => doctor::run(arguments, output),
        Verb::Export(arguments) => export::run(arguments, output),
        Verb::Import(arguments) => import::run(arguments, output),
        Verb::Key(arguments) => key::run(arguments, output),
        Verb::Locate(arguments) => locate::run(arguments, output),
        Verb::Restore(arguments) => restore::run(arguments, output),
        Verb::Serve(arguments) => serve::run(arguments, output),
        Verb::Sheets(arguments) => sheets::run(arguments, output),
        Verb::Tiles(arguments) => tiles::run(arguments, output),
        Verb::User(arguments) => user::run(arguments, output),
    }
}

/// Why a subcommand did not do what it was asked.
///
/// Any error turns into a [`Failure::Data`] by `?`, its causes joined to its message.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input or the data is at fault: exit 1.
    Data(String),
    /// The command was called wrongly: exit 2.
    Usage(String),
}

impl Failure {
    /// Says on standard error what went wrong, and gives the exit code.
    fn report(&self) -> ExitCode {
        let (message, code) = match self {
            Self::Data(message) => (message, 1),
            Self::Usage(message) => (message, 2),
        };
        // Where standard error is closed, the exit code still tells.
        let _ = writeln!(io::stderr(), "{message}");
        ExitCode::from(code)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Data(Causes(&error).to_string())
    }
}

/// An error with its causes, each said once.
struct Causes<'a>(&'a dyn std::error::Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        formatter.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let words = error.to_string();
            if !said.contains(&words) {
                write!(formatter, ": {words}")?;
            }
            said = words;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Command::command().debug_assert();
    }

    #[test]
    fn causes_are_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the map could not be opened")]
        struct Outer(#[source] io::Error);
        let failure = Failure::from(Outer(io::Error::other("the disk is away")));
        let Failure::Data(message) = failure else {
            panic!("an error is a fault of the data");
        };
        assert_eq!(message, "the map could not be opened: the disk is away");
    }
}
