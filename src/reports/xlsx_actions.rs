//! The sheet of improvement actions.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Workbook, XlsxError};

use super::improving::{ActionId, ActionLine, Written};
use super::titles;
use super::xlsx::{Styles, Table, named, of_rate, sheet};

/// A row an action: its proforma, how it goes, its measure before and since.
pub fn actions(
    workbook: &mut Workbook,
    styles: &Styles,
    lines: &[ActionLine],
    written: &BTreeMap<ActionId, Written>,
) -> Result<(), XlsxError> {
    let columns = named([
        "About",
        "Measure",
        "What the paper said",
        "Objective",
        "Action",
        "Input",
        "Desired outcome",
        "Lead",
        "Timescale",
        "How it goes",
        "Review",
        "Raised in",
    ]);
    let columns = columns.into_iter().chain(of_rate("Before")).chain(of_rate("Since"));
    let columns = columns.chain(named(["Change or chance"]));
    let mut table = Table::new(sheet(workbook, "Improvement actions")?, styles, columns)?;
    let unknown = Written::default();
    for line in lines {
        let written = written.get(&line.id).unwrap_or(&unknown);
        table.next();
        let measure = format!("{} {}", line.measure, titles::of(&line.measure).0);
        for text in [
            line.about(),
            &measure,
            &written.because,
            &written.objective,
            &written.action,
            &written.input,
            &written.desired_outcome,
            &written.lead,
            &line.due.to_string(),
            &line.progress_in_words(),
            &written.review,
            &line.raised,
        ] {
            table.text(text)?;
        }
        table.rate(line.effect.before)?;
        table.rate(line.effect.since)?;
        table.text(&line.effect.words)?;
    }
    Ok(())
}
