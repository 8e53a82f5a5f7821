//! COPY: rows of a table to a CSV file and back, as cqlsh does it.
//!
//! - `request`: the text of the command. `options`, `config_file`: its options.
//! - `dialect`, `record`: records of a CSV file, written and read.
//! - `format`: values as text. `parse`, `parse_error`, `composite`: text as values.
//! - `place`: the session. `copy_error`: why a COPY is not complete.
//! - `table`, `nodes`, `pipeline`: statements on the table, many of them under way on a connection to one of the nodes. `meter`: progress.
//! - `export`, `reader`, `ranges`, `destination`: COPY TO.
//! - `import`, `source`, `feeder`, `queue`, `row`, `outgoing`, `writer`: COPY FROM; `rejects`: the rows that it could not write; `resume`: how
//!   far it came.

mod composite;
mod config_file;
mod copy_error;
mod destination;
mod dialect;
mod export;
mod feeder;
mod format;
mod import;
mod meter;
mod nodes;
mod options;
mod outgoing;
mod parse;
mod parse_error;
mod pipeline;
mod place;
mod queue;
mod ranges;
mod reader;
mod record;
mod rejects;
mod request;
mod resume;
mod row;
mod source;
mod table;
#[cfg(test)]
mod value_tests;
mod writer;

pub(crate) use copy_error::CopyError;
pub(crate) use options::option_names;
pub(crate) use place::{CopyPlace, Streams};
pub(crate) use request::CopyRequest;

use crate::connection::Connection;
use crate::interrupt::{listen, take_interrupt};
use export::Export;
use import::Import;
use options::WrittenOptions;
use request::Direction;
use table::CopyTable;

/// Runs a COPY. Fails if anything that was to be copied was not.
pub(crate) fn copy(request: &CopyRequest, place: &CopyPlace, streams: &mut Streams<'_>) -> Result<(), CopyError> {
    let failed = |error: options::OptionError| CopyError::Failed(error.to_string());
    let keyspace = request.keyspace.as_ref().or(place.keyspace.as_ref());
    let keyspace = keyspace.ok_or_else(|| {
        CopyError::Failed(format!("COPY {} is in no keyspace: USE one, or write keyspace.table", request.table))
    })?;
    let options = config_file::read_options(request, keyspace, place).map_err(CopyError::Failed)?;
    let written = WrittenOptions::new(options, request.direction).map_err(failed)?;
    let common = written.common().map_err(failed)?;
    for note in &common.notes {
        writeln!(streams.errors, "{note}")?;
    }
    // Ctrl-C ends the COPY with a sentence on how far it came; without it, it ends the process.
    let _ = listen();
    // An earlier one does not.
    take_interrupt();
    let table = CopyTable::read(&mut Connection::open(&place.target)?, keyspace, &request.table)?;
    let columns = table.select(&request.columns)?;
    let file = request.file.as_deref();
    if request.direction == Direction::To {
        let options = written.export().map_err(failed)?;
        if file.is_some() {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            writeln!(streams.results, "\nStarting copy of {} with columns [{}].", table.full_name(), names.join(", "))?;
        }
        let export = Export { place, table: &table, columns: &columns, file, common: &common, options: &options };
        return export.run(streams);
    }
    let options = written.import().map_err(failed)?;
    if file.is_none() && place.is_input_taken {
        return Err(CopyError::Failed(
            "COPY FROM STDIN cannot read the standard input, from which the statements came: give it with -e or -f"
                .to_owned(),
        ));
    }
    let import = Import { place, table: &table, columns: &columns, file, common: &common, options: &options };
    import.run(streams)
}
